"""Which CloudWatch alarms are worth telling that nobody told: in ALARM, meant for people, and not part of another."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from agent.models import Alert

GRACE = timedelta(minutes=2)
"""An alarm's own message may be under way for so long."""
AROUND = timedelta(hours=1)
"""A message about an alarm belongs to its present stay in ALARM when it came at most so long before that began."""
_SCALING = (":autoscaling:", ":application-autoscaling:")

Alarm = Mapping[str, Any]
"""As DescribeAlarms gives it."""


def worth_telling(alarms: Sequence[Alarm], covered: Collection[str], now: datetime) -> list[Alarm]:
    """The alarms that people want to hear of. `covered` are those that a composite alarm in ALARM names.

    Not those whose actions somebody disabled, nor those that only tell auto scaling what to do: these are in ALARM
    whenever a service is small.
    """
    return [
        alarm
        for alarm in alarms
        if alarm.get("StateValue") == "ALARM"
        and alarm.get("ActionsEnabled", True)
        and alarm["AlarmName"] not in covered
        and not _only_scales(alarm)
        and now - changed_at(alarm) >= GRACE
    ]


def changed_at(alarm: Alarm) -> datetime:
    return alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"]


def told_by_others(alarm: Alarm, alert: Alert, known: Sequence[Alert]) -> bool:
    """Whether a message about this stay in ALARM came already: the same alert, one that names the alarm, or another
    tool's about the same metric of the same resource."""
    name, since = str(alarm["AlarmName"]), changed_at(alarm) - AROUND
    others = [other for other in known if other.started_at >= since and "detector" not in other.labels]
    return echoes(alert, others) or any(
        other.fingerprint == alert.fingerprint
        or name in (other.title, other.external_id, *other.labels.values())
        or name in other.title.replace('"', " ").split()
        for other in others
    )


def echoes(alert: Alert, known: Sequence[Alert], firing: Sequence[Alert] = ()) -> bool:
    """Whether ours would say nothing new: somebody told of the same metric of the same resource, or its alarm fires."""
    recent = (other for other in known if other.started_at >= alert.started_at - AROUND)
    return any(
        alert.metric == other.metric and alert.resource.id == other.resource.id
        for other in (*firing, *recent)
        if other.metric and other.resource.id
    )


def notification(alarm: Alarm, account: str) -> dict[str, Any]:
    """What CloudWatch would have sent to SNS: so our alert is the one that its own message makes."""
    trigger = {
        "MetricName": alarm.get("MetricName"),
        "Namespace": alarm.get("Namespace"),
        "StatisticType": "Statistic",
        "Statistic": str(alarm.get("Statistic") or "").upper(),
        "Dimensions": [{"name": d["Name"], "value": d["Value"]} for d in alarm.get("Dimensions") or ()],
        "Period": alarm.get("Period"),
        "EvaluationPeriods": alarm.get("EvaluationPeriods"),
        "ComparisonOperator": alarm.get("ComparisonOperator"),
        "Threshold": alarm.get("Threshold"),
    }
    if alarm.get("Metrics"):
        trigger["Metrics"] = alarm["Metrics"]
    said = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription"),
        "AWSAccountId": account,
        "NewStateValue": "ALARM",
        "NewStateReason": alarm.get("StateReason"),
        "StateChangeTime": changed_at(alarm).strftime("%Y-%m-%dT%H:%M:%S.%f%z"),
        "AlarmArn": alarm.get("AlarmArn"),
        "OldStateValue": "OK",
    }
    if alarm.get("AlarmRule"):
        return {**said, "AlarmRule": alarm["AlarmRule"]}
    return {**said, "Trigger": {name: value for name, value in trigger.items() if value not in (None, "")}}


def _only_scales(alarm: Alarm) -> bool:
    actions = [str(action) for action in alarm.get("AlarmActions") or ()]
    return bool(actions) and all(any(word in action for word in _SCALING) for action in actions)
