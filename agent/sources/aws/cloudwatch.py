"""A CloudWatch alarm: SNS's notification, EventBridge's event, or what an alarm's Lambda action gets.

A single metric, metric math, an anomaly band or a composite of other alarms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.models import Alert, AlertStatus, Resource, Severity
from agent.sources import facts
from agent.sources.aws import arns, conditions
from agent.sources.aws.notice import Notice
from agent.sources.aws.severities import of_name
from agent.sources.fields import at, mapping_at, parts_at, text_at
from agent.sources.moments import moment
from agent.sources.regions import region_in
from agent.vocabulary import NAMESPACES


def matches(notice: Notice) -> bool:
    return bool(text_at(_alarm(notice.object), "AlarmName"))


def parse(notice: Notice) -> list[Alert]:
    """The region comes from the ARN, because the notification names it in words."""
    alarm = _alarm(notice.object)
    name, arn, reason = text_at(alarm, "AlarmName"), text_at(alarm, "AlarmArn"), text_at(alarm, "NewStateReason")
    trigger, data = mapping_at(alarm, "Trigger"), conditions.reason_data_of(alarm.get("NewStateReasonData"))
    metrics = parts_at(trigger, "Metrics")
    metric = conditions.measured_metric(metrics) if metrics else trigger
    resource = _resource(alarm, arn, metric)
    limit = conditions.threshold(trigger, reason, data)
    state = text_at(alarm, "NewStateValue")
    said = (
        text_at(alarm, "AlarmDescription"),
        reason,
        conditions.condition(trigger, conditions.compared(metrics) or text_at(metric, "MetricName"), limit, reason),
        text_at(alarm, "AlarmRule"),
    )
    changed = moment(alarm.get("StateChangeTime")) or notice.at
    began = moment(alarm.get("Since")) if state == "OK" else None
    return [
        notice.alert(
            "cloudwatch",
            name,
            (arn or f"{resource.account} {name}",),
            said,
            external_id=arn or name,
            severity=_severity(alarm, state),
            status=AlertStatus.resolved if state == "OK" else AlertStatus.firing,
            resource=resource,
            system=resource.account,
            metric=text_at(metric, "MetricName"),
            threshold=limit,
            value=conditions.value(reason, data),
            started_at=began or changed,
            said_at=moment(alarm.get("StateChangeTime")),
            ended_at=changed if state == "OK" else None,
            labels=_labels(alarm, metrics, metric),
            links=(arns.console(resource.region, _page(resource.region, name)),),
        )
    ]


def _page(region: str, name: str) -> str:
    return f"cloudwatch/home?region={region}#alarmsV2:alarm/{arns.quoted(name)}"


def _severity(alarm: Mapping[str, Any], state: str) -> Severity:
    """No data is no trouble by itself; after ALARM it hides whether the trouble is over."""
    if state == "INSUFFICIENT_DATA":
        return Severity.warning if text_at(alarm, "OldStateValue") == "ALARM" else Severity.info
    return of_name(f"{text_at(alarm, 'AlarmName')} {text_at(alarm, 'AlarmDescription')}", Severity.error)


def _resource(alarm: Mapping[str, Any], arn: str, metric: Mapping[str, Any]) -> Resource:
    owner = arns.resource(arn, account=text_at(alarm, "AWSAccountId"))
    region = owner.region or region_in(text_at(alarm, "Region"))
    account = text_at(alarm, "AWSAccountId") or owner.account
    dimensions = {name.lower(): value for name, value in _dimensions(metric.get("Dimensions")).items()}
    known = next((name for name in (*facts.DIMENSIONS, *dimensions) if name in dimensions), "")
    namespace = text_at(metric, "Namespace")
    service = NAMESPACES.get(namespace, "") or facts.DIMENSIONS.get(known, "")
    if not service and namespace.startswith("AWS/"):
        service = arns.service_named(namespace)
    derived = arns.derived(known, dimensions.get(known, ""), region, account, dimensions) if service else ""
    kind = arns.resource(derived).type if derived else ""
    return Resource(
        service=service, type=kind, id=dimensions.get(known, ""), region=region, account=account, arn=derived
    )


def _labels(alarm: Mapping[str, Any], metrics: conditions.Metrics, metric: Mapping[str, Any]) -> dict[str, str]:
    children = (text_at(child, "Arn").rpartition(":alarm:")[2] for child in parts_at(alarm, "TriggeringChildren"))
    return {
        "alarm_name": text_at(alarm, "AlarmName"),
        "state": text_at(alarm, "NewStateValue"),
        "namespace": text_at(metric, "Namespace"),
        "expression": conditions.formula(metrics),
        "measure": text_at(conditions.returned(metrics), "Label"),
        "children": ", ".join(child for child in children if child),
        **_dimensions(metric.get("Dimensions")),
    }


def _dimensions(given: Any) -> dict[str, str]:
    """A mapping in events, a list of pairs in notifications."""
    if isinstance(given, Mapping):
        return {str(name): text_at({"": value}, "") for name, value in given.items()}
    pairs = parts_at({"": given}, "")
    return {text_at(pair, "name", "Name"): text_at(pair, "value", "Value") for pair in pairs}


def _alarm(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The alarm in the notification's words, whichever form tells of it."""
    event = mapping_at(body, "alarmData") or mapping_at(body, "detail")
    if "alarmName" not in event:
        return body if "NewStateValue" in body or "AlarmArn" in body or "AlarmName" in body else {}
    configuration = mapping_at(event, "configuration")
    arn = text_at(body, "alarmArn") or next((arn for arn in _texts(body.get("resources")) if ":alarm:" in arn), "")
    return {
        "AlarmName": event["alarmName"],
        "AlarmDescription": configuration.get("description"),
        "AlarmRule": configuration.get("alarmRule"),
        "AlarmArn": arn,
        "AWSAccountId": text_at(body, "accountId", "account"),
        "Region": body.get("region"),
        "NewStateValue": at(event, "state.value"),
        "NewStateReason": at(event, "state.reason"),
        "NewStateReasonData": at(event, "state.reasonData"),
        "OldStateValue": at(event, "previousState.value"),
        "StateChangeTime": at(event, "state.timestamp"),
        "Since": at(event, "previousState.timestamp") if at(event, "previousState.value") == "ALARM" else None,
        "Trigger": {"Metrics": [_metric(entry) for entry in parts_at(configuration, "metrics")]},
    }


def _metric(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of metric math as notifications write it."""
    stat = mapping_at(entry, "metricStat")
    metric = {
        "MetricName": at(stat, "metric.name"),
        "Namespace": at(stat, "metric.namespace"),
        "Dimensions": at(stat, "metric.dimensions"),
    }
    return {
        "Id": entry.get("id"),
        "Expression": entry.get("expression"),
        "Label": entry.get("label"),
        "ReturnData": entry.get("returnData", True),
        "MetricStat": {"Metric": metric, "Period": stat.get("period"), "Stat": stat.get("stat")} if stat else None,
    }


def _texts(node: Any) -> list[str]:
    return [entry for entry in node if isinstance(entry, str)] if isinstance(node, list) else []
