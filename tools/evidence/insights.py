"""Bounded CloudWatch Logs Insights queries."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from agent.models import TimeRange
from tools.evidence.base import Look

MAX_GROUPS = 50
MAX_ROWS = 200
USD_PER_BYTE = 0.005 / 1e9  # aws.amazon.com/cloudwatch/pricing, us-east-1
POLL_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8)

Row = dict[str, str]


def run_query(
    look: Look, query: str, groups: Sequence[str], span: TimeRange, limit: int = MAX_ROWS, wait_seconds: float = 18
) -> list[Row]:
    """Rows of a query, its values as text. TimeoutError when it takes longer; the query is stopped then."""
    started = look.call(
        "logs",
        "start_query",
        logGroupNames=list(groups)[:MAX_GROUPS],
        startTime=int(span.start.timestamp()),
        endTime=int(span.end.timestamp()),
        queryString=query,
        limit=limit,
    )
    answer = _wait(look, started["queryId"], wait_seconds)
    scanned = int(answer.get("statistics", {}).get("bytesScanned", 0))
    look.bytes_scanned += scanned
    look.usd += scanned * USD_PER_BYTE
    if answer["status"] != "Complete":
        raise ValueError(f"The Logs Insights query ended as {answer['status']}: {query[:200]}")
    return [
        {cell["field"]: cell.get("value", "") for cell in row if cell["field"] != "@ptr"} for row in answer["results"]
    ]


def error_counts_query(minutes: int) -> str:
    """Lines that tell of trouble, counted by log group and time."""
    words = "error|exception|fatal|traceback|critical|timed out|out of memory|refused|denied|throttl"
    return (
        f"filter @message like /(?i)({words})/ | stats count(*) as errors by @log, bin({minutes}m) as at | limit 5000"
    )


def group_of_log(log: str) -> str:
    """`/aws/lambda/checkout` of `123456789012:/aws/lambda/checkout`."""
    return re.sub(r"^\d{12}:", "", log)


def _wait(look: Look, query_id: str, seconds: float) -> dict[str, Any]:
    client = look.aws.client("logs")
    deadline = time.monotonic() + seconds
    for attempt in range(10_000):
        answer = client.get_query_results(queryId=query_id)
        look.api_calls += 1
        if answer["status"] not in ("Scheduled", "Running", "Unknown"):
            return answer
        if time.monotonic() > deadline:
            client.stop_query(queryId=query_id)
            break
        time.sleep(POLL_SECONDS[min(attempt, len(POLL_SECONDS) - 1)])
    raise TimeoutError(f"the query did not finish within {seconds:g} s")
