"""A CloudWatch alarm: its state, its metric in the newest whole period, and the alarms around it that fire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from agent.figures import number
from agent.ports import AwsSession
from agent.verifying import Reading
from tools.actions.readers.watched import Watched
from tools.evidence.metrics.alarm_reader import metrics_of, queries_of
from tools.evidence.names import bare_name, matches

TYPES = ["MetricAlarm", "CompositeAlarm"]
RECENT = timedelta(minutes=5)
"""CloudWatch has most metrics within so long."""
WHOLE_WORD = 2
"""From here on `matches` says that a name stands for itself in another one."""


def alarm(watched: Watched) -> Reading:
    """Without data there is nothing to be read off an alarm, be it that it does not fire."""
    name = watched.check.name
    reply = watched.aws.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=TYPES)
    found = [*reply.get("MetricAlarms", []), *reply.get("CompositeAlarms", [])]
    if not found:
        return Reading(None, f"There is no alarm {name} any more.")
    state, comparison = str(found[0]["StateValue"]), str(found[0].get("ComparisonOperator", ""))
    both_ways = "Less" in comparison and "Greater" in comparison
    value = None if both_ways or not comparison else _newest(found[0], watched.aws, watched.now)
    return Reading(
        good={"OK": True, "ALARM": False}.get(state),
        seen=f"The alarm {name} is {state}{_shown(found[0], value)}.",
        value=value,
        before=watched.before,
        higher_is_worse="Less" not in comparison,
    )


def firing(watched: Watched) -> list[str]:
    """Alarms in ALARM about the target and what else is near, the one that is watched aside."""
    names = tuple(dict.fromkeys(name for name in (watched.target.id, *watched.near) if name))
    pages = watched.aws.client("cloudwatch").get_paginator("describe_alarms")
    found = [
        each
        for page in pages.paginate(StateValue="ALARM", AlarmTypes=TYPES)
        for each in (*page.get("MetricAlarms", []), *page.get("CompositeAlarms", []))
    ]
    return [each["AlarmName"] for each in found if each["AlarmName"] != watched.check.name and _is_about(each, names)]


def _is_about(found: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    """By what it measures, or by its own name: `shop-web-errors` is about shop-web."""
    measured = set(_dimensions(found))
    called = str(found["AlarmName"])
    return any(name in measured or matches(called, name) >= WHOLE_WORD for name in names)


def _dimensions(found: Mapping[str, Any]) -> Iterator[str]:
    for metric in metrics_of(dict(found)):
        for dimension in metric.get("Dimensions", []):
            yield bare_name(str(dimension["Value"]))


def _shown(found: Mapping[str, Any], value: float | None) -> str:
    if value is None:
        return ""
    against = f" against {number(found['Threshold'])}" if "Threshold" in found else ""
    return f", {found.get('MetricName') or 'its metric'} {number(value)}{against}"


def _newest(found: Mapping[str, Any], aws: AwsSession, now: datetime) -> float | None:
    """The last period that is over: one that has just begun has counted little, which looks like less."""
    metrics: list[dict[str, Any]] = found.get("Metrics") or []
    periods = (int(query["MetricStat"]["Period"]) for query in metrics if "MetricStat" in query)
    period = int(found.get("Period") or next(periods, 60))
    end = datetime.fromtimestamp(now.timestamp() // period * period, now.tzinfo)
    reply = aws.client("cloudwatch").get_metric_data(
        StartTime=end - max(RECENT, timedelta(seconds=3 * period)),
        EndTime=end,
        ScanBy="TimestampDescending",
        MetricDataQueries=queries_of(dict(found), period),
    )
    results = reply["MetricDataResults"]
    return float(results[0]["Values"][0]) if results and results[0]["Values"] else None
