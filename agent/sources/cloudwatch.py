"""A CloudWatch alarm as SNS delivers it: the notification's JSON, or the SNS envelope around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from agent.models import Alert, AlertStatus, Resource, Severity
from agent.sources import facts
from agent.vocabulary import NAMESPACES


def matches(payload: Mapping[str, Any]) -> bool:
    return "AlarmName" in _alarm(payload)


def parse(payload: Mapping[str, Any], received: datetime) -> Alert:
    """The region comes from the ARN, because the notification names it in words."""
    alarm = _alarm(payload)
    trigger = cast("dict[str, Any]", alarm.get("Trigger") or {})
    dimensions = {str(d.get("name", "")): str(d.get("value", "")) for d in trigger.get("Dimensions") or ()}
    arn = str(alarm.get("AlarmArn", ""))
    name = str(alarm["AlarmName"])
    lower = {key.lower(): value for key, value in dimensions.items()}
    service = NAMESPACES.get(str(trigger.get("Namespace", "")), "")
    resource = next((lower[key] for key in facts.DIMENSIONS if key in lower), "")
    return Alert(
        source="cloudwatch",
        external_id=arn or name,
        title=name,
        description=f"{alarm.get('AlarmDescription') or ''} {alarm.get('NewStateReason') or ''}".strip(),
        severity=Severity.error,
        status=AlertStatus.resolved if alarm.get("NewStateValue") == "OK" else AlertStatus.firing,
        resource=Resource(
            service=service,
            id=resource,
            region=arn.split(":")[3] if arn.count(":") >= 3 else "",
            account=str(alarm.get("AWSAccountId", "")),
        ),
        metric=str(trigger.get("MetricName") or ""),
        threshold=str(trigger.get("Threshold", "")),
        started_at=_time(alarm.get("StateChangeTime")) or received,
        labels={"alarm_name": name},
        fingerprint=facts.fingerprint("cloudwatch", arn or name),
    )


def _alarm(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The alarm itself, out of its envelope."""
    message = payload.get("Message")
    if isinstance(message, str) and message.lstrip().startswith("{"):
        try:
            inner = json.loads(message)
        except ValueError:
            return payload
        return cast("dict[str, Any]", inner) if isinstance(inner, dict) else payload
    return payload


def _time(value: object) -> datetime | None:
    for form in ("%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"):
        try:
            return datetime.strptime(str(value), form)
        except ValueError:
            continue
    return None
