"""`watchkeeper tick`, as somebody types it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from agent.errors import InputError
from deploy.cli import app

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def document() -> dict[str, object]:
    result = RUNNER.invoke(app, ["tick", "--scenario", "lambda-errors-after-deploy", "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.slow
def test_the_ticks_of_the_last_three_hours_find_what_a_scenario_tells(document: dict[str, list[dict[str, object]]]):
    ticks = document["ticks"]
    assert len(ticks) == 37
    assert set(ticks[0]) == {"at", "alerts", "learned", "gaps", "cost"}
    told = [alert["title"] for each in ticks for alert in each["alerts"]]
    assert "checkout-submit-order-errors" in told
    assert any("KeyError: 'currency'" in title for title in told)
    assert len(told) <= 6
    assert [each["gaps"] for each in ticks] == [[]] * 37


@pytest.mark.slow
def test_every_tick_says_what_it_cost(document: dict[str, list[dict[str, dict[str, float]]]]):
    calls = [each["cost"]["api_calls"] for each in document["ticks"]]
    assert max(calls[1:]) <= 15
    assert all(each["cost"]["usd"] < 0.001 for each in document["ticks"])


def test_a_scenario_in_a_real_account_is_refused():
    result = RUNNER.invoke(app, ["tick", "--scenario", "flapping-alarm", "--aws", "real"])
    assert isinstance(result.exception, InputError)


def test_an_account_that_is_neither_simulated_nor_real_is_refused():
    result = RUNNER.invoke(app, ["tick", "--aws", "imaginary"])
    assert isinstance(result.exception, InputError)
