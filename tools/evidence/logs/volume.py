"""How many bytes log groups hold in a range, before a query that is charged by the byte reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from agent.models import TimeRange
from tools.evidence.base import Look

_FINE = timedelta(days=1)
"""Ranges up to this long are summed in steps of five minutes, longer ones in hours."""

Described = dict[str, Any]


def estimated_bytes(look: Look, groups: Sequence[str], span: TimeRange) -> float:
    """What a query would scan: ingestion as CloudWatch counted it, and where it did not, the stored bytes' share."""
    ingested = _ingested(look, groups, span)
    unknown = [group for group in groups if group not in ingested]
    described = _described(look, unknown) if unknown else {}
    return sum(ingested.values()) + sum(_stored_share(look, described.get(group, {}), span) for group in unknown)


def describe_groups(look: Look, groups: Sequence[str]) -> dict[str, Described]:
    """Size, retention, age and class of at most 50 groups, by name."""
    found = look.pages("logs", "describe_log_groups", "logGroups", 50, logGroupIdentifiers=list(groups)[:50])
    return {group["logGroupName"]: group for group in found}


def _described(look: Look, groups: Sequence[str]) -> dict[str, Described]:
    try:
        return describe_groups(look, groups)
    except (ClientError, BotoCoreError):
        return {}  # an estimate that cannot be made must not keep a query from being run


def _ingested(look: Look, groups: Sequence[str], span: TimeRange) -> dict[str, float]:
    """IncomingBytes of each group over the range; without those that have no data points."""
    period = 300 if span.end - span.start <= _FINE else 3600
    queries = [
        {
            "Id": f"g{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Logs",
                    "MetricName": "IncomingBytes",
                    "Dimensions": [{"Name": "LogGroupName", "Value": group}],
                },
                "Period": period,
                "Stat": "Sum",
            },
        }
        for number, group in enumerate(groups)
    ]
    try:
        results = look.pages(
            "cloudwatch",
            "get_metric_data",
            "MetricDataResults",
            MetricDataQueries=queries,
            StartTime=span.start,
            EndTime=span.end,
        )
    except (ClientError, BotoCoreError):
        return {}
    sums: dict[str, float] = {}
    for result in results:
        if result.get("Values"):
            group = groups[int(result["Id"][1:])]
            sums[group] = sums.get(group, 0.0) + sum(result["Values"])
    return sums


def _stored_share(look: Look, group: Described, span: TimeRange) -> float:
    """The stored bytes, as if they had come evenly since the group was made or its retention began."""
    stored, days = float(group.get("storedBytes", 0)), group.get("retentionInDays")
    now = look.now.timestamp()
    oldest = float(group.get("creationTime", 0)) / 1000
    if days:
        oldest = max(oldest, now - int(days) * 86400)
    kept = max(now - oldest, 1.0)
    overlap = min(span.end.timestamp(), now) - max(span.start.timestamp(), oldest)
    return stored * min(max(overlap, 0.0) / kept, 1.0)
