"""Scenario files: what is wrong with one is said in a sentence; times in an alert become real ones."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from agent.errors import InputError
from deploy.local.account import Scenario, load_scenario, render_alert, scenario_names
from deploy.local.account.schema.base import Length, Offset
from tests.deploy.local.account.conftest import NOW

DOCUMENTATION = Path(__file__).parents[4] / "docs" / "scenarios.md"
GOOD = """
name: {name}
title: Title
description: One line.
question: What is wrong?
alert: {{app: Datadog, text: "since {{time:-42m}} in {{region}}", attachments: [{{ts: "{{epoch:-1h}}", n: 7}}]}}
answer_key: {{root_cause: A cause., wordings: [[a cause]]}}
"""


@pytest.fixture
def write(tmp_path):
    def written(more: str = "", name: str = "mine") -> Scenario:
        path = tmp_path / "mine.yaml"
        path.write_text(GOOD.format(name=name) + more, "utf-8")
        return load_scenario(path)

    return written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-42m", timedelta(minutes=-42)),
        ("-1d02h", timedelta(days=-1, hours=-2)),
        ("0m", timedelta(0)),
        ("+30s", timedelta(seconds=30)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_an_offset_is_a_time_relative_to_now(text, expected) -> None:
    assert TypeAdapter(Offset).validate_python(text) == expected


@pytest.mark.parametrize("text", ["", "-", "42", "-5x", "-2h3d", "yesterday", 5])
def test_what_is_not_an_offset_is_refused(text) -> None:
    with pytest.raises(ValidationError, match="is not a time such as"):
        TypeAdapter(Offset).validate_python(text)


def test_a_length_is_never_negative() -> None:
    with pytest.raises(ValidationError, match="cannot be negative"):
        TypeAdapter(Length).validate_python("-5m")


def test_an_alert_is_rendered_with_real_times(write) -> None:
    assert render_alert(write(), NOW) == {
        "text": "since 2026-11-04T14:18:00Z in us-east-1",
        "attachments": [{"ts": str(int((NOW - timedelta(hours=1)).timestamp())), "n": 7}],
    }


def test_the_one_that_the_documentation_shows_loads(tmp_path: Path) -> None:
    shown = re.findall(r"```yaml\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)[0]
    path = tmp_path / "shop-errors.yaml"
    path.write_text(shown)
    assert load_scenario(str(path)).title in shown


def test_of_a_file_that_is_all_wrong_every_field_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\ntitle: [3]\n")
    with pytest.raises(InputError) as caught:
        load_scenario(str(path))
    for field in ("title", "description", "alert", "question", "answer_key"):
        assert f"{field}: " in str(caught.value)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("alarmz: []", r"mine.yaml is wrong at alarmz: Extra inputs"),
        ("metrics: [{namespace: A}]", r"wrong at metrics.0.name: Field required"),
        ("metrics: [{namespace: A, name: B, events: [{from: -5x, set: 1}]}]", r"metrics.0.events.0.from: .*'-5x'"),
        ("metrics: [{namespace: A, name: B, events: [{from: -5m}]}]", r"exactly one of set, add, multiply"),
        ("alarms: [{name: a, threshold: 1}]", r"alarms.0: .*needs either namespace and metric, or metrics"),
        ("title: [", r"is not valid YAML"),
    ],
)
def test_a_broken_file_is_explained_in_one_sentence(write, more, problem) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        write(more)
    assert "\n" not in str(caught.value)


def test_a_file_must_bear_its_scenarios_name(write) -> None:
    with pytest.raises(InputError, match="wrong at name: it must be 'mine'"):
        write(name="yours")


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(InputError, match="There is no scenario 'nothing'; there are: airflow-"):
        load_scenario("nothing")


def test_a_missing_file_is_said_to_be_missing(tmp_path) -> None:
    with pytest.raises(InputError, match="No such file"):
        load_scenario(tmp_path / "nothing.yaml")


def test_the_names_are_those_of_the_files() -> None:
    assert "lambda-cost-spike" in scenario_names()
