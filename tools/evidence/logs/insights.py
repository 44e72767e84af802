"""CloudWatch Logs Insights queries within bounds: a range, a limit, an estimate of what they scan, and a deadline."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from agent.errors import BudgetExceeded
from agent.models import TimeRange
from tools.evidence.base import Look
from tools.evidence.failures import EXPECTED
from tools.evidence.logs.volume import estimated_bytes

MAX_GROUPS = 50
MAX_ROWS = 200
USD_PER_BYTE = 0.005 / 1e9  # aws.amazon.com/cloudwatch/pricing, us-east-1
POLL_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8)
UNFINISHED = ("Scheduled", "Running", "Unknown")
WAIT_SECONDS = 18.0
STOPPING_SECONDS = 0.7
"""Before the tool's deadline: to stop the query, and to tell what there is."""
LEAST_SHARE = 0.05
LEAST_SECONDS = 300
"""A range is not cut down to less than this share of itself, nor to less time: the answer would mislead."""
MARGIN = 0.9

Row = dict[str, str]


@dataclass(frozen=True)
class Answer:
    """Rows, their values as text, of the range that was really queried. `note` says where it is not all there is."""

    rows: list[Row]
    span: TimeRange
    note: str = ""


def run_query(
    look: Look,
    query: str,
    groups: Sequence[str],
    span: TimeRange,
    limit: int = MAX_ROWS,
    wait_seconds: float = WAIT_SECONDS,
) -> Answer:
    """At most `limit` rows of a query over at most 50 groups.

    What it will likely scan is taken from the run's budget before, so that queries side by side share what is left, and
    corrected to what it did scan, however it ends. Over the budget, only the newest part of the range is queried, or
    BudgetExceeded says which range would fit. At the deadline the query is stopped and what it found so far is used;
    TimeoutError without that.
    """
    chosen = list(groups)[:MAX_GROUPS]
    span, note, expected = affordable(look, chosen, span)
    with _scanning(look, expected) as scanned:
        answer = _answered(look, query, chosen, span, limit, wait_seconds, scanned)
    if answer["status"] in UNFINISHED:
        note += " The query was stopped at the deadline; this is what it had found so far."
    elif answer["status"] != "Complete":
        raise ValueError(f"The Logs Insights query ended as {answer['status']}: {query[:200]}")
    rows = [
        {cell["field"]: cell.get("value", "") for cell in row if cell["field"] != "@ptr"} for row in answer["results"]
    ]
    return Answer(rows, span, note)


@dataclass
class _Scanned:
    """Bytes that a query has read so far, as its latest reply says."""

    count: int = 0


@contextmanager
def _scanning(look: Look, expected: int) -> Generator[_Scanned]:
    """Reserves the bytes that a query is expected to read, and in the end records those that it did read."""
    look.budget.spend(bytes_scanned=expected)
    scanned = _Scanned()
    try:
        yield scanned
    finally:
        look.budget.record(bytes_scanned=-expected)
        look.scanned(scanned.count, scanned.count * USD_PER_BYTE)


def _answered(
    look: Look, query: str, chosen: list[str], span: TimeRange, limit: int, seconds: float, scanned: _Scanned
) -> dict[str, Any]:
    started = look.call(
        "logs",
        "start_query",
        logGroupNames=chosen,
        startTime=int(span.start.timestamp()),
        endTime=int(span.end.timestamp()),
        queryString=query,
        limit=limit,
    )
    return _wait(look, started["queryId"], seconds, scanned)


def affordable(look: Look, groups: Sequence[str], span: TimeRange) -> tuple[TimeRange, str, int]:
    """The range, or its newest part that the run may still scan, a note, and the bytes that this will likely scan.

    BudgetExceeded when that is too little.
    """
    if look.budget.left("bytes_scanned") == float("inf"):
        return span, "", 0
    expected = estimated_bytes(look, groups, span)
    left = look.budget.left("bytes_scanned")
    if expected <= left:
        return span, "", int(expected)
    fitting = span.seconds * left / expected * MARGIN
    would = f"A query over {_length(span.seconds)} would scan about {expected / 1e9:,.1f} GB"
    may = f"this run may scan {left / 1e9:,.1f} GB more (WATCHKEEPER_RUN_SCANNED_GIGABYTES)"
    if fitting < max(LEAST_SECONDS, span.seconds * LEAST_SHARE):
        raise BudgetExceeded(f"{would}, and {may}; a range of {_length(fitting)} would fit")
    start = span.end - (span.end - span.start) * (fitting / span.seconds)
    note = f" {would}, and {may}, so only the newest {_length(fitting)} were read."
    return TimeRange(start=start, end=span.end), note, int(left * MARGIN)


def error_counts_query(minutes: int) -> str:
    """Lines that tell of trouble, counted by log group and time."""
    words = "error|exception|fatal|traceback|critical|timed out|out of memory|refused|denied|throttl"
    return (
        f"filter @message like /(?i)({words})/ | stats count(*) as errors by @log, bin({minutes}m) as at | limit 5000"
    )


def group_of_log(log: str) -> str:
    """`/aws/lambda/checkout` of `123456789012:/aws/lambda/checkout`."""
    return re.sub(r"^\d{12}:", "", log)


def _wait(look: Look, query_id: str, seconds: float, scanned: _Scanned) -> dict[str, Any]:
    """The reply of a query that has ended; of one that takes too long the last that holds rows, still `Running`."""

    def poll() -> dict[str, Any]:
        reply = look.poll("logs", "get_query_results", queryId=query_id)
        scanned.count = max(scanned.count, int(reply.get("statistics", {}).get("bytesScanned", 0)))
        return reply

    until = time.monotonic() + min(seconds, look.seconds_left - STOPPING_SECONDS)
    pauses = chain(POLL_SECONDS, repeat(POLL_SECONDS[-1]))
    try:
        answer = poll()
        while answer["status"] in UNFINISHED and time.monotonic() < until:
            time.sleep(next(pauses))
            answer = poll()
    except BaseException:
        _stop(look, query_id)
        raise
    if answer["status"] in UNFINISHED:
        _stop(look, query_id)
    if answer["status"] in UNFINISHED and not answer.get("results"):
        raise TimeoutError("the Logs Insights query took too long and was stopped")
    return answer


def _stop(look: Look, query_id: str) -> None:
    """Best effort: a query that ended meanwhile cannot be stopped, and need not be."""
    with suppress(*EXPECTED):
        look.end("logs", "stop_query", queryId=query_id)


def _length(seconds: float) -> str:
    """`25 minutes`, `6 hours`, `3 days`."""
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
