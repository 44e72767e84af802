"""Reads the signal of a check again: the alarm that fired, a metric against its threshold, a DAG's newest run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from agent.figures import number
from agent.models import Check, Resource
from agent.ports import AwsSession
from agent.verifying import Reading
from tools.evidence.failures import EXPECTED, explain

ALARM_PAGE = 100
RECENT = timedelta(minutes=15)
NOT_READ = "What would show it cannot be read by a program; a person has to look."


def read_signal(
    check: Check, target: Resource, baseline: Mapping[str, float], aws: AwsSession, now: datetime
) -> Reading:
    """One look. `baseline` is what `read_baseline` gave just before the change."""
    reader = _READERS.get(check.kind)
    if reader is None:
        return Reading(None, NOT_READ)
    try:
        reading = reader(check, baseline, aws, now)
        nearby = _newly_firing(check, target, baseline, aws)
    except EXPECTED as error:
        return Reading(None, f"It could not be read ({explain(error)}).")
    return Reading(reading.good, reading.seen, reading.value, reading.before, reading.higher_is_worse, nearby)


def read_baseline(check: Check, target: Resource, aws: AwsSession, now: datetime) -> dict[str, float]:
    """The signal's value and what fires already, to be told apart later: `value`, and `alarm:NAME` for each."""
    try:
        firing = {f"alarm:{name}": 1.0 for name in _firing(target, aws)}
        reader = _READERS.get(check.kind)
        value = reader(check, {}, aws, now).value if reader else None
    except EXPECTED:
        return {}
    return firing | ({} if value is None else {"value": value})


def _alarm(check: Check, baseline: Mapping[str, float], aws: AwsSession, now: datetime) -> Reading:
    client = aws.client("cloudwatch")
    reply = client.describe_alarms(AlarmNames=[check.name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    alarms = [*reply.get("MetricAlarms", []), *reply.get("CompositeAlarms", [])]
    if not alarms:
        return Reading(None, f"There is no alarm {check.name} any more.")
    alarm = alarms[0]
    value = _newest(alarm, aws, now) if alarm.get("MetricName") else None
    shown = "" if value is None else f", {alarm['MetricName']} {number(value)} against {number(alarm['Threshold'])}"
    return Reading(
        good=alarm["StateValue"] == "OK",
        seen=f"The alarm {check.name} is {alarm['StateValue']}{shown}.",
        value=value,
        before=baseline.get("value"),
        higher_is_worse="Less" not in str(alarm.get("ComparisonOperator", "")),
    )


def _newest(alarm: Mapping[str, Any], aws: AwsSession, now: datetime) -> float | None:
    """The alarm's metric in its newest period that has a value."""
    period = int(alarm.get("Period") or 60)
    metric = {
        "Namespace": alarm["Namespace"],
        "MetricName": alarm["MetricName"],
        "Dimensions": alarm.get("Dimensions", []),
    }
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    (series,) = aws.client("cloudwatch").get_metric_data(
        StartTime=now - max(RECENT, timedelta(seconds=3 * period)),
        EndTime=now,
        ScanBy="TimestampDescending",
        MetricDataQueries=[{"Id": "m", "MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}}],
    )["MetricDataResults"]
    return float(series["Values"][0]) if series["Values"] else None


def _newly_firing(check: Check, target: Resource, baseline: Mapping[str, float], aws: AwsSession) -> tuple[str, ...]:
    """Alarms about the target that did not fire before; all of them count as new without a baseline, so none does."""
    if not baseline:
        return ()
    return tuple(name for name in _firing(target, aws) if f"alarm:{name}" not in baseline and name != check.name)


def _firing(target: Resource, aws: AwsSession) -> list[str]:
    """Alarms in ALARM that are about the target, or named after it."""
    reply = aws.client("cloudwatch").describe_alarms(StateValue="ALARM", MaxRecords=ALARM_PAGE)
    return [alarm["AlarmName"] for alarm in reply.get("MetricAlarms", []) if _is_about(alarm, target.id)]


def _is_about(alarm: Mapping[str, Any], name: str) -> bool:
    values = {str(dimension["Value"]) for dimension in alarm.get("Dimensions", [])}
    return name in values or name in alarm["AlarmName"]


_READERS: Mapping[str, Callable[[Check, Mapping[str, float], AwsSession, datetime], Reading]] = {"alarm": _alarm}
