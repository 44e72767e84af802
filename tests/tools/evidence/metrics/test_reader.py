"""What could not be read is never taken for a resource that does nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from agent.errors import RetryLater
from agent.models import EvidenceStatus, TimeRange
from agent.settings import Settings
from deploy.local.account import SimulatedAccount
from deploy.local.account.faults import Fault
from tests.tools.evidence.conftest import NOW, Call, Load
from tests.tools.evidence.metrics.test_metrics import lambda_metric
from tools.aws import Boto3Session
from tools.evidence.base import Look
from tools.evidence.cache import MemoryCache
from tools.evidence.cost.idle import idle_resources
from tools.evidence.metrics.metrics import unhealthy_resources
from tools.evidence.metrics.reader import Line, fetch, fetch_readable, find_lines
from tools.evidence.metrics.series import compare

MINUTE = timedelta(minutes=1)
START = NOW - timedelta(days=14)
"""So long by the minute, a reply holds the points of five series."""
ONE_FAILS = Fault("cloudwatch:GetMetricData", code="ValidationError", times=1)


@pytest.fixture
def look(call: Call, aws: Boto3Session) -> Look:
    return Look(aws, NOW, TimeRange(start=NOW - timedelta(hours=3), end=NOW), Settings.read(), MemoryCache())


def functions(load: Load, look: Look, number: int) -> list[Line]:
    load(metrics=[lambda_metric(f"f{n}", "Duration", 100, kind="gauge") for n in range(number)])
    return find_lines(look, "lambda")


@pytest.mark.slow
def test_series_are_read_in_several_replies(load: Load, look: Look):
    series = fetch(look, functions(load, look, 12), START, NOW, MINUTE)
    assert [len(points) for points in series] == [14 * 1440] * 12


@pytest.mark.slow
def test_one_reply_that_fails_fails_the_whole_reading(load: Load, look: Look, account: SimulatedAccount):
    lines = functions(load, look, 12)
    account.put(ONE_FAILS)
    with pytest.raises(ClientError, match="ValidationError"):
        fetch(look, lines, START, NOW, MINUTE)


def test_who_can_do_with_less_is_told_what_is_missing(load: Load, look: Look, account: SimulatedAccount):
    lines = functions(load, look, 12)
    account.put(ONE_FAILS)
    fetched = fetch_readable(look, lines, START, NOW, MINUTE)
    missing = sum(points is None for points in fetched.series)
    assert missing in (2, 5)
    assert fetched.caveat == f" {missing} of 12 series could not be read (GetMetricData: ValidationError)."
    assert all(points for points in fetched.series if points is not None)


def test_points_that_cloudwatch_could_not_give_are_not_zeros(load: Load, look: Look):
    lines = functions(load, look, 1)

    def broken(parsed: dict[str, list[dict[str, str]]], **_: object) -> None:
        for result in parsed["MetricDataResults"]:
            result["StatusCode"] = "InternalError"

    events = look.aws.client("cloudwatch").meta.events
    events.register("after-call.cloudwatch.GetMetricData", broken)
    try:
        with pytest.raises(RetryLater, match="InternalError"):
            fetch(look, lines, START, NOW, MINUTE)
    finally:
        events.unregister("after-call.cloudwatch.GetMetricData", broken)


async def test_a_table_whose_use_could_not_be_read_is_never_called_idle(
    load: Load, call: Call, account: SimulatedAccount
):
    names = [f"table-{n}" for n in range(14)]
    load(
        resources={
            "dynamodb_tables": [
                {"name": name, "read_capacity": 100, "write_capacity": 100, "created": "-400d"} for name in names
            ]
        }
    )
    assert len((await call(idle_resources, service="dynamodb", start="-365d")).findings) > 10
    account.put(ONE_FAILS)
    evidence = await call(idle_resources, service="dynamodb", start="-364d")
    assert (evidence.findings, evidence.status) == ((), EvidenceStatus.error)
    assert "used at most" not in evidence.summary


async def test_a_scan_names_the_series_that_it_could_not_read(load: Load, call: Call, account: SimulatedAccount):
    load(metrics=[lambda_metric(f"f{n}", "Invocations", 100) for n in range(140)])
    account.put(ONE_FAILS)
    evidence = await call(unhealthy_resources, service="lambda")
    assert evidence.status is EvidenceStatus.ok
    assert "of 140 series could not be read (GetMetricData: ValidationError)" in evidence.summary


def test_a_comparison_of_one_resource_needs_all_its_series(load: Load, look: Look, account: SimulatedAccount):
    lines = functions(load, look, 140)
    account.put(ONE_FAILS)
    with pytest.raises(ClientError):
        compare(look, lines, timedelta(minutes=15))
