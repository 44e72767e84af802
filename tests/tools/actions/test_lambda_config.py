"""A function's limits change by one step at a time."""

from __future__ import annotations

from typing import Any

import pytest

from agent.models import Resource, Risk
from tests.tools.actions.account import ACCOUNT, Bench
from tools.actions.catalog import ACTIONS

CALLS = {
    "namespace": "AWS/Lambda",
    "dimensions": {"FunctionName": "checkout"},
    "noise": 0,
    "minimum": 0,
}
METRICS = [
    {**CALLS, "name": "Invocations", "statistic_kind": "count", "baseline": 100},
    {**CALLS, "name": "Duration", "statistic_kind": "duration", "baseline": 500},
]


@pytest.fixture
def function(bench: Bench) -> Bench:
    checkout = {"name": "checkout", "memory_mb": 512, "timeout_s": 60}
    bench.load(resources={"lambda_functions": [checkout]}, metrics=METRICS)
    return bench


@pytest.mark.parametrize(
    "step",
    [{"memory_mb": 1024}, {"memory_mb": 256}, {"timeout_s": 90}, {"timeout_s": 120}, {"reserved_concurrency": 900}],
)
def test_one_step_is_possible(function: Bench, step: dict[str, int]) -> None:
    assert function.preview("lambda_config", "checkout", **step).problems == ()


@pytest.mark.parametrize("leap", [{"memory_mb": 2048}, {"memory_mb": 128}, {"timeout_s": 300}, {"timeout_s": 10}])
def test_a_leap_is_refused(function: Bench, leap: dict[str, int]) -> None:
    assert "one step" in function.preview("lambda_config", "checkout", **leap).problems[0]


def test_more_memory_costs_what_as_many_calls_as_yesterdays_would(function: Bench) -> None:
    """144,000 calls a day of half a second with half a GB more: 30.4 x 36,000 GB-seconds at 0.0000166667 USD."""
    preview = function.preview("lambda_config", "checkout", memory_mb=1024)
    assert preview.usd_month == pytest.approx(18.24, rel=0.03)
    assert preview.cost.startswith("At most about 18 USD a month more")
    assert function.preview("lambda_config", "checkout", memory_mb=256).usd_month < 0


def test_what_is_so_already_is_a_problem(function: Bench) -> None:
    assert "already" in function.preview("lambda_config", "checkout", memory_mb=512).problems[0]
    assert "already" in function.preview("lambda_config", "checkout", unreserved=True).problems[0]


def test_a_hundred_concurrent_executions_stay_for_other_functions(function: Bench) -> None:
    problems = function.preview("lambda_config", "checkout", reserved_concurrency=901).problems
    assert problems == ("Only 99 would be left to all other functions; Lambda keeps 100 for them.",)


def test_no_reservation_is_a_way_back_of_its_own(function: Bench) -> None:
    function.execute("lambda_config", "checkout", reserved_concurrency=20)
    result = function.execute("lambda_config", "checkout", unreserved=True)
    assert result.rollback_handle == {"value": 20}
    reserved: dict[str, Any] = function.person("lambda").get_function_concurrency(FunctionName="checkout")
    assert "ReservedConcurrentExecutions" not in reserved


def test_to_stop_a_function_is_of_high_risk_and_said(function: Bench) -> None:
    kind = ACTIONS["lambda_config"]
    resource = Resource(service="lambda", type="function", id="checkout", region="us-east-1", account=ACCOUNT)
    assert kind.action(kind.order(resource, {"reserved_concurrency": 0})).risk is Risk.high
    assert kind.action(kind.order(resource, {"reserved_concurrency": 5})).risk is Risk.medium
    assert "fails" in function.preview("lambda_config", "checkout", reserved_concurrency=0).warnings[0]
