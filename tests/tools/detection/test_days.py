"""Days and hours of ticks: what is usual stays untold, whatever the hour. Slow, since each tick reads two weeks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from deploy.local.account import load_scenario
from tests.lookout import Lookout
from tests.tools.detection.conftest import NOW
from tests.tools.detection.test_airflow import environment
from tests.tools.detection.test_alarms import errors_alarm
from tests.tools.detection.test_logs import log_of

pytestmark = pytest.mark.slow

SERVICES = ("lambda", "ecs", "rds", "sqs", "dynamodb", "apigateway", "nat")


def metric(name: str, baseline: float, noise: float, kind: str, function: str) -> dict[str, Any]:
    return {
        "namespace": "AWS/Lambda",
        "name": name,
        "dimensions": {"FunctionName": function},
        "baseline": baseline,
        "noise": noise,
        "daily": 0.4,
        "statistic_kind": kind,
        "integer": name == "Errors",
    }


async def test_a_day_of_an_account_in_which_nothing_happens_is_a_day_of_silence(watching: Lookout):
    functions = [f"function-{number:02d}" for number in range(3)]
    watching.watches(metrics=[{"service": "lambda"}], logs=[{"prefix": "/aws/"}])
    watching.load(
        metrics=[
            made
            for function in functions
            for made in (
                metric("Invocations", 300, 0.08, "count", function),
                metric("Errors", 0.3, 0.5, "count", function),
                metric("Duration", 120, 0.1, "duration", function),
            )
        ],
        alarms=[errors_alarm(function, threshold=40) for function in functions],
        logs=[log_of(f"/aws/lambda/{function}") for function in functions],
        mwaa=[environment()],
    )
    watching.clock.now, watching.step = NOW - timedelta(hours=24), timedelta(minutes=30)
    assert await watching.until(0) == []
    assert watching.ticks[-1].gaps == []


async def test_hours_of_a_flapping_alarm_are_told_a_few_times(watching: Lookout):
    watching.watches(metrics=[{"service": service} for service in SERVICES], logs=[{"prefix": "/"}])
    watching.load_scenario(load_scenario("flapping-alarm"))
    watching.clock.now = NOW - timedelta(hours=3)
    told = await watching.until(0)
    assert {title for _, title in told} <= {"search-api-cpu-high"}
    assert len(told) <= 3


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("lambda-errors-after-deploy", "checkout-submit-order-errors"),
        ("dynamodb-throttling", "storefront-sessions-write-throttles"),
        ("ecs-out-of-memory", "recommendations-running-tasks-low"),
        ("rds-connections-exhausted", "orders-db-connections-high"),
        ("sqs-poison-message", "invoicing-events-oldest-message"),
        ("airflow-missing-upstream-file", "DAG daily_orders_ingest failed"),
        ("dbt-type-change", "DAG dbt_daily_build failed"),
    ],
)
async def test_what_happens_in_a_scenario_is_found_and_nothing_before_it(watching: Lookout, name: str, wanted: str):
    watching.watches(metrics=[{"service": service} for service in SERVICES], logs=[{"prefix": "/"}])
    watching.load_scenario(load_scenario(name))
    watching.clock.now, watching.step = NOW - timedelta(minutes=90), timedelta(minutes=10)
    assert await watching.until(-62) == []
    told = await watching.until(0)
    assert ("firing", wanted) in told
    assert len(told) <= 10


@pytest.mark.parametrize("name", ["lambda-cost-spike", "nat-gateway-cost"])
async def test_what_began_days_before_anybody_looked_is_no_news(watching: Lookout, name: str):
    watching.watches(metrics=[{"service": service} for service in SERVICES], logs=[{"prefix": "/"}])
    watching.load_scenario(load_scenario(name))
    watching.clock.now, watching.step = NOW - timedelta(hours=3), timedelta(minutes=15)
    assert await watching.until(0) == []
