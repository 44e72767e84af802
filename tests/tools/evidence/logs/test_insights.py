"""Logs Insights within bounds: what a query scans, how long it may take, and which index it uses."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from agent.budgets import RunBudget
from agent.errors import BudgetExceeded
from agent.models import EvidenceStatus, TimeRange
from agent.settings import Settings
from deploy.local.account import SimulatedAccount
from deploy.local.account.faults import Fault
from tests.tools.evidence.conftest import NOW, Call, Caller, Load
from tools.aws import Boto3Session
from tools.evidence.base import Look
from tools.evidence.cache import MemoryCache
from tools.evidence.logs.by_query import equality, filter_command
from tools.evidence.logs.errors import log_errors
from tools.evidence.logs.insights import run_query
from tools.evidence.logs.queries import log_search, logs_insights
from tools.evidence.logs.volume import estimated_bytes

GROUP = "/ecs/payments"
DAY = TimeRange(start=NOW - timedelta(days=1), end=NOW)
HOUR = TimeRange(start=NOW - timedelta(hours=1), end=NOW)
COUNT = "stats count(*) as n"


def payments(**more: Any) -> dict[str, Any]:
    line = {"template": '{"requestId":"{hex:6}","level":"INFO","message":"paid"}', "per_minute": 6}
    known = {"template": '{"requestId":"abc123","level":"ERROR","message":"card refused"}', "count": 3, "from": "-50m"}
    return {"group": GROUP, "retention_days": 7, "lines": [line, known], **more}


def incoming(gigabytes_an_hour: float) -> dict[str, Any]:
    """The metric by which CloudWatch counts what a group takes in."""
    name = {"namespace": "AWS/Logs", "name": "IncomingBytes", "dimensions": {"LogGroupName": GROUP}}
    return {**name, "baseline": gigabytes_an_hour * 1e9 / 60, "noise": 0, "statistic_kind": "count", "unit": "Bytes"}


@pytest.fixture
def look(call: Call, aws: Boto3Session) -> Look:
    return Look(aws, NOW, HOUR, Settings.read(), MemoryCache())


def budgeted(look: Look, bytes_scanned: float) -> Look:
    look.budget = RunBudget(bytes_scanned=bytes_scanned)
    return look


def test_without_the_metric_the_stored_bytes_are_shared_out_over_the_retention(load: Load, look: Look):
    load(logs=[payments(stored_gb=70)])
    assert estimated_bytes(look, [GROUP], DAY) == pytest.approx(10 * 1024**3, rel=0.01)
    older = TimeRange(start=NOW - timedelta(days=30), end=NOW - timedelta(days=20))
    assert estimated_bytes(look, [GROUP], older) == 0


def test_what_cloudwatch_counted_is_believed_first(load: Load, look: Look):
    other = {**incoming(5), "dimensions": {"LogGroupName": "/ecs/other"}}
    load(logs=[payments(stored_gb=70)], metrics=[incoming(0.5), other])
    assert estimated_bytes(look, [GROUP], DAY) == pytest.approx(12e9, rel=0.02)
    assert estimated_bytes(look, [GROUP], HOUR) == pytest.approx(0.5e9, rel=0.1)


def test_a_query_that_fits_the_budget_reads_its_whole_range(load: Load, look: Look):
    load(logs=[payments(stored_gb=70)])
    answer = run_query(budgeted(look, 20e9), COUNT, [GROUP], DAY)
    assert (answer.span, answer.note) == (DAY, "")
    assert look.bytes_scanned > 0
    assert look.budget.used("bytes_scanned") == look.bytes_scanned
    assert look.usd > 0


def test_over_the_budget_only_the_newest_part_is_read_and_that_is_said(load: Load, look: Look):
    load(logs=[payments(stored_gb=70)])
    answer = run_query(budgeted(look, 3e9), COUNT, [GROUP], DAY)
    assert answer.span.end == NOW
    assert 4 < answer.span.seconds / 3600 < 7
    assert "would scan about 10.7 GB" in answer.note
    assert "only the newest 6 hours were read" in answer.note
    assert int(answer.rows[0]["n"]) < 3000


def test_far_over_the_budget_the_range_that_would_fit_is_named(load: Load, look: Look):
    load(logs=[payments(stored_gb=7000)])
    with pytest.raises(
        BudgetExceeded, match=r"would scan about 1,073\.7 GB.*a range of \d+ (seconds|minutes) would fit"
    ):
        run_query(budgeted(look, 1e9), COUNT, [GROUP], DAY)
    assert not any("start_query" in query for query in look.queries)


async def test_a_tool_says_aloud_that_it_read_less(load: Load, aws: Boto3Session, call: Call):
    load(logs=[payments(stored_gb=70)])
    within = Caller(aws, budget=RunBudget(bytes_scanned=3e9))
    evidence = await within(logs_insights, query=COUNT, log_group=GROUP, start="-1d")
    assert evidence.status == EvidenceStatus.ok
    assert "WATCHKEEPER_RUN_SCANNED_GIGABYTES" in evidence.summary
    assert evidence.time_range is not None
    assert evidence.time_range.seconds < 7 * 3600
    assert evidence.cost.bytes_scanned > 0


async def test_over_budget_errors_are_still_read_from_some_groups(load: Load, aws: Boto3Session, call: Call):
    failing = {"template": "ERROR card refused {int:1-99}", "per_minute": 2, "from": "-30m"}
    load(logs=[{"group": f"/ecs/shop-{n}", "stored_gb": 70000, "lines": [failing]} for n in range(8)])
    evidence = await Caller(aws, budget=RunBudget(bytes_scanned=1e9))(log_errors)
    assert "Only 6 of 8 log groups were read" in evidence.summary
    assert "would fit" in evidence.summary
    assert any("card refused" in finding.statement for finding in evidence.findings)


def test_a_slow_query_is_stopped_and_what_it_had_found_is_used(load: Load, look: Look, account: SimulatedAccount):
    load(logs=[payments(query_takes="30s")])
    answer = run_query(look, COUNT, [GROUP], HOUR, wait_seconds=0.5)
    assert answer.rows
    assert "stopped at the deadline" in answer.note
    logs = boto3.client("logs", region_name="us-east-1", endpoint_url=account.url)
    assert [query["status"] for query in logs.describe_queries()["queries"]] == ["Cancelled"]


def test_a_query_that_found_nothing_in_time_is_a_timeout(load: Load, look: Look):
    load(logs=[payments()])
    budgeted(look, 20e9)
    with pytest.raises(TimeoutError, match="stopped"):
        run_query(look, COUNT, [GROUP], HOUR, wait_seconds=-1)


def test_bytes_of_a_query_that_never_ended_well_are_counted_too(load: Load, look: Look, account: SimulatedAccount):
    load(logs=[payments(query_takes="30s")])
    budgeted(look, 20e9)
    with pytest.raises(TimeoutError, match="stopped"):
        run_query(look, f"filter @message like /nowhere/ | {COUNT} by level", [GROUP], HOUR, wait_seconds=0.3)
    stopped = look.bytes_scanned
    assert stopped > 0
    assert look.budget.used("bytes_scanned") == stopped
    account.put(Fault("logs:StartQuery", code="MalformedQueryException"))
    with pytest.raises(ClientError):
        run_query(look, COUNT, [GROUP], HOUR)
    assert look.budget.used("bytes_scanned") == look.bytes_scanned == stopped


def test_queries_side_by_side_share_what_is_left(load: Load, look: Look):
    load(logs=[payments(stored_gb=70, query_takes="1s")])
    others = budgeted(look, 12e9).budget
    slow = Thread(target=run_query, args=(look, COUNT, [GROUP], DAY))
    slow.start()
    while not others.used("bytes_scanned"):
        time.sleep(0.01)
    assert others.left("bytes_scanned") < 2e9
    second = replace(look, queries=[])
    answer = run_query(second, COUNT, [GROUP], DAY)
    slow.join()
    assert "only the newest" in answer.note
    assert others.used("bytes_scanned") == look.bytes_scanned + second.bytes_scanned


async def test_a_field_with_an_index_is_searched_by_it(load: Load, call: Call):
    load(logs=[payments(index_fields=["requestId"])])
    evidence = await call(log_search, pattern="requestId=abc123", log_group=GROUP)
    assert evidence.summary.startswith("3 lines in /ecs/payments match")
    assert "Found by the index on requestId" in evidence.summary
    assert 'filterIndex requestId = \\"abc123\\"' in evidence.query


async def test_without_an_index_in_every_group_all_lines_are_filtered(load: Load, call: Call):
    load(logs=[payments(index_fields=["requestId"]), payments(group="/ecs/payments-2")])
    evidence = await call(log_search, pattern='{ $.requestId = "abc123" }', log_group=GROUP)
    assert evidence.summary.startswith("6 lines")
    assert "filterIndex" not in evidence.query
    assert "filter_log_events" in evidence.query


async def test_a_query_that_begins_with_an_indexed_field_uses_the_index(load: Load, call: Call):
    load(logs=[payments(index_fields=["requestId"])])
    query = 'filter requestId = "abc123" | stats count(*) as n'
    evidence = await call(logs_insights, query=query, log_group=GROUP)
    assert evidence.findings[0].statement == "n=3"
    assert "filterIndex requestId" in evidence.query
    plain = await call(logs_insights, query='filter level = "ERROR" | stats count(*) as n', log_group=GROUP)
    assert "filterIndex" not in plain.query


async def test_groups_of_infrequent_access_are_read_by_queries(load: Load, call: Call):
    load(logs=[payments(log_class="INFREQUENT_ACCESS")])
    evidence = await call(log_search, pattern="card refused", log_group=GROUP)
    assert evidence.summary.startswith("3 lines in /ecs/payments match")
    assert "start_query" in evidence.query
    errors = await call(log_errors, log_group=GROUP)
    assert "card refused" in errors.summary


async def test_a_pattern_that_no_query_can_ask_is_an_honest_error(load: Load, call: Call):
    load(logs=[payments(log_class="INFREQUENT_ACCESS")])
    evidence = await call(log_search, pattern="{ $.latency > 3 }", log_group=GROUP)
    assert evidence.status == EvidenceStatus.error
    assert "INFREQUENT_ACCESS" in evidence.summary


@pytest.mark.parametrize(
    ("pattern", "command"),
    [
        ("", ""),
        ("Timeout", 'filter @message like "Timeout"'),
        ('"timed out"', 'filter @message like "timed out"'),
        ("%5[0-9][0-9]/s%", r"filter @message like /5[0-9][0-9]\/s/"),
        ('?refused ?"a.b"', r"filter @message like /refused|a\.b/"),
    ],
)
def test_filter_patterns_have_a_form_in_queries(pattern: str, command: str):
    assert filter_command(pattern) == command


@pytest.mark.parametrize(
    ("pattern", "asked"),
    [
        ("requestId=4f1c", ("requestId", "4f1c")),
        ('{ $.user.id = "u-1" }', ("user.id", "u-1")),
        ("timed out", None),
        ("{ $.status = 5* }", None),
        ("{ $.a = 1 && $.b = 2 }", None),
    ],
)
def test_what_asks_for_one_value_of_a_field(pattern: str, asked: tuple[str, str] | None):
    assert equality(pattern) == asked
