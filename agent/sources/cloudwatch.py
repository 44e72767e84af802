"""A CloudWatch alarm: SNS's notification (alone, in its envelope, in a Lambda record), or EventBridge's event."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from agent.models import Alert, AlertStatus, Resource, Severity
from agent.sources import facts
from agent.vocabulary import NAMESPACES

Payload = Mapping[str, Any]


def matches(payload: Payload) -> bool:
    return "AlarmName" in _alarm(payload)


def parse(payload: Payload, received: datetime) -> Alert:
    """The region comes from the ARN, because the notification names it in words."""
    alarm = _alarm(payload)
    metric = _metric(alarm.get("Trigger") or {})
    dimensions = {name.lower(): value for name, value in _dimensions(metric.get("Dimensions") or ())}
    arn = str(alarm.get("AlarmArn", ""))
    name = str(alarm["AlarmName"])
    known = next((key for key in facts.DIMENSIONS if key in dimensions), "")
    return Alert(
        source="cloudwatch",
        external_id=arn or name,
        title=name,
        description=f"{alarm.get('AlarmDescription') or ''} {alarm.get('NewStateReason') or ''}".strip(),
        severity=Severity.error,
        status=AlertStatus.resolved if alarm.get("NewStateValue") == "OK" else AlertStatus.firing,
        resource=Resource(
            service=NAMESPACES.get(str(metric.get("Namespace", "")), "") or facts.DIMENSIONS.get(known, ""),
            id=dimensions.get(known, ""),
            region=arn.split(":")[3] if arn.count(":") >= 3 else "",
            account=str(alarm.get("AWSAccountId", "")),
        ),
        metric=str(metric.get("MetricName") or ""),
        threshold=str(cast("Payload", alarm.get("Trigger") or {}).get("Threshold", "")),
        started_at=_time(alarm.get("StateChangeTime")) or received,
        labels={"alarm_name": name},
        fingerprint=facts.fingerprint("cloudwatch", arn or name),
    )


def _alarm(payload: Payload) -> Payload:
    """The alarm in the notification's words, out of whatever it came in."""
    records = payload.get("Records")
    if isinstance(records, list) and records:
        return _alarm(cast("list[Any]", records)[0].get("Sns") or {})
    message = payload.get("Message")
    if isinstance(message, str) and message.lstrip().startswith("{"):
        try:
            inner = json.loads(message)
        except ValueError:
            return payload
        return _alarm(cast("Payload", inner)) if isinstance(inner, dict) else payload
    event = payload.get("alarmData") or payload.get("detail")
    if isinstance(event, Mapping) and "alarmName" in event:
        return _of_event(payload, cast("Payload", event))
    return payload


def _of_event(payload: Payload, event: Payload) -> Payload:
    """EventBridge's event, and the one that an alarm's Lambda action gets, as a notification would say it."""
    state = event.get("state") or {}
    configuration = event.get("configuration") or {}
    stats = [entry["metricStat"]["metric"] for entry in configuration.get("metrics") or () if "metricStat" in entry]
    metric = next(iter(stats), {})
    trigger = {
        "MetricName": metric.get("name"),
        "Namespace": metric.get("namespace"),
        "Dimensions": metric.get("dimensions"),
    }
    return {
        "AlarmName": event["alarmName"],
        "AlarmDescription": configuration.get("description"),
        "AlarmArn": payload.get("alarmArn") or next(iter(payload.get("resources") or ()), ""),
        "AWSAccountId": payload.get("accountId") or payload.get("account") or "",
        "NewStateValue": state.get("value"),
        "NewStateReason": state.get("reason"),
        "StateChangeTime": state.get("timestamp"),
        "Trigger": trigger,
    }


def _metric(trigger: Payload) -> Payload:
    """The metric of a plain alarm, or the first one of metric math."""
    stats = [entry["MetricStat"]["Metric"] for entry in trigger.get("Metrics") or () if "MetricStat" in entry]
    return trigger if trigger.get("MetricName") or not stats else stats[0]


def _dimensions(given: Payload | Iterable[Payload]) -> Iterable[tuple[str, str]]:
    """A mapping in events, a list of pairs in notifications."""
    if isinstance(given, Mapping):
        return [(str(name), str(value)) for name, value in given.items()]
    return [(str(d.get("name") or d.get("Name") or ""), str(d.get("value") or d.get("Value") or "")) for d in given]


def _time(value: object) -> datetime | None:
    for form in ("%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"):
        try:
            return datetime.strptime(str(value), form)
        except ValueError:
            continue
    return None
