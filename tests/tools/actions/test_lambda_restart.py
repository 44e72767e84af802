"""A function's restart keeps all of its variables, and shows no value of any."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import UncertainEffect, WriteRefused
from tests.tools.actions.account import TOKEN, Bench
from tools.actions.lambda_restart import ENVIRONMENT_BYTES, MARK

SECRET = "sesame-" + "opens"


def load(bench: Bench, **more: Any) -> None:
    function = {"name": "checkout", "environment": {"TABLE": "orders", "KEY": SECRET}, **more}
    bench.load(resources={"lambda_functions": [function]})


def variables(bench: Bench) -> dict[str, str]:
    found = bench.person("lambda").get_function_configuration(FunctionName="checkout")
    return found["Environment"]["Variables"]


def test_all_other_variables_stay_and_a_mark_is_added(bench: Bench) -> None:
    load(bench)
    result = bench.execute("lambda_restart", "checkout")
    after = variables(bench)
    assert after.pop(MARK).endswith(TOKEN)
    assert after == {"TABLE": "orders", "KEY": SECRET}
    assert result.after["variables"] == ["KEY", "TABLE", MARK]
    assert SECRET not in result.model_dump_json()


def test_it_is_refused_when_somebody_changed_the_function_since_the_preview(bench: Bench) -> None:
    load(bench)
    seen = bench.preview("lambda_restart", "checkout")
    bench.person("lambda").update_function_configuration(FunctionName="checkout", Timeout=20)
    with pytest.raises(WriteRefused, match="changed since"):
        bench.execute("lambda_restart", "checkout", seen=seen)
    assert MARK not in variables(bench)


def test_nobody_knows_about_it_when_the_variables_were_replaced_meanwhile(bench: Bench) -> None:
    load(bench)
    seen = bench.preview("lambda_restart", "checkout")
    bench.execute("lambda_restart", "checkout", seen=seen)
    bench.person("lambda").update_function_configuration(FunctionName="checkout", Environment={"Variables": {}})
    with pytest.raises(UncertainEffect):
        bench.find("lambda_restart", "checkout", seen=seen)


def test_a_full_environment_has_no_room_for_the_mark(bench: Bench) -> None:
    load(bench, environment={"LONG": "x" * (ENVIRONMENT_BYTES - 100)})
    assert "no room" in bench.preview("lambda_restart", "checkout").problems[0]


def test_aliases_of_published_versions_are_named_since_it_does_not_reach_them(bench: Bench) -> None:
    load(bench, versions=[{"version": "7", "at": "-1d"}], aliases={"live": "7"})
    assert "live (version 7)" in bench.preview("lambda_restart", "checkout").warnings[0]
