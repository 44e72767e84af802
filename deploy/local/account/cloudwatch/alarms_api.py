"""DescribeAlarms, DescribeAlarmHistory, DescribeAlarmsForMetric and DescribeAnomalyDetectors."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.local.account.cloudwatch.composite import evaluate_rule
from deploy.local.account.cloudwatch.evaluate import Record, Transition, evaluate, period_of, queries_of
from deploy.local.account.cloudwatch.metrics_api import INVALID_TOKEN
from deploy.local.account.cloudwatch.query import MetricQuery
from deploy.local.account.cloudwatch.series import minute_of
from deploy.local.account.cloudwatch.store import MetricKey, MetricStore
from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Request
from deploy.local.account.schema.metrics import Alarm, AnomalyDetector, CompositeAlarm
from deploy.local.account.state import Account, Loaded


@dataclass(frozen=True)
class Watched:
    """An alarm with the record of its evaluation."""

    alarm: Alarm | CompositeAlarm
    loaded: Loaded
    record: Record

    @property
    def arn(self) -> str:
        scenario = self.loaded.scenario
        return f"arn:aws:cloudwatch:{scenario.region}:{scenario.account_id}:alarm:{self.alarm.name}"

    @property
    def configured_at(self) -> datetime:
        return self.loaded.at(self.alarm.configured_at)


@dataclass
class _Records:
    """Evaluations of the present minute; an alarm is not evaluated twice for the same minute."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    minute: int = 0
    known: dict[tuple[Loaded, str], Record] = field(default_factory=dict)


def describe_alarms(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    if params.get("AlarmNames") and params.get("AlarmNamePrefix"):
        raise AwsError("ValidationError", "AlarmNames and AlarmNamePrefix cannot both be given.")
    types = params.get("AlarmTypes") or ["MetricAlarm"]  # composite alarms come only to those who ask for them
    watched = [
        *(_watched(account, request.region, params.get("AlarmNames")) if "MetricAlarm" in types else []),
        *(_composites(account, request.region, params.get("AlarmNames")) if "CompositeAlarm" in types else []),
    ]
    prefix, action = params.get("AlarmNamePrefix", ""), params.get("ActionPrefix", "")
    chosen = [
        each
        for each in watched
        if each.alarm.name.startswith(prefix)
        and params.get("StateValue") in (None, each.record.state)
        and (not action or any(one.startswith(action) for one in each.alarm.actions))
    ]
    shown, token = page(chosen, params, params.get("NextToken"), _size(params), INVALID_TOKEN)
    metric_alarms = [_alarm(each, each.alarm) for each in shown if isinstance(each.alarm, Alarm)]
    composites = [_composite(each, each.alarm) for each in shown if isinstance(each.alarm, CompositeAlarm)]
    return {
        "MetricAlarms": metric_alarms,
        "CompositeAlarms": composites,
        **({"NextToken": token} if token else {}),
    }


def describe_alarms_for_metric(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    dimensions = {each["Name"]: each["Value"] for each in params.get("Dimensions", [])}
    key = MetricKey.of(params["Namespace"], params["MetricName"], dimensions)
    statistic = params.get("Statistic") or params.get("ExtendedStatistic")
    return {
        "MetricAlarms": [
            _alarm(each, each.alarm)
            for each in _watched(account, request.region)
            if isinstance(each.alarm, Alarm)
            and any(isinstance(query, MetricQuery) and query.key == key for query in queries_of(each.alarm))
            and statistic in (None, each.alarm.statistic)
            and params.get("Period") in (None, each.alarm.period)
        ]
    }


def describe_alarm_history(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    names = [params["AlarmName"]] if params.get("AlarmName") else None
    types = params.get("AlarmTypes") or ["MetricAlarm"]
    watched = [
        *(_watched(account, request.region, names) if "MetricAlarm" in types else []),
        *(_composites(account, request.region, names) if "CompositeAlarm" in types else []),
    ]
    items = [
        item
        for each in watched
        for item in _history(each)
        if params.get("HistoryItemType") in (None, item["HistoryItemType"])
        and params.get("StartDate", item["Timestamp"]) <= item["Timestamp"]
        and item["Timestamp"] <= params.get("EndDate", item["Timestamp"])
    ]
    items.sort(key=lambda item: item["Timestamp"], reverse=params.get("ScanBy") != "TimestampAscending")
    shown, token = page(items, params, params.get("NextToken"), _size(params), INVALID_TOKEN)
    return {"AlarmHistoryItems": shown, **({"NextToken": token} if token else {})}


def describe_anomaly_detectors(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    wanted = {each["Name"]: each["Value"] for each in params.get("Dimensions", [])}
    detectors = [
        _detector(each)
        for loaded in account.loaded(request.region)
        for each in loaded.scenario.anomaly_detectors
        if params.get("Namespace") in (None, each.namespace)
        and params.get("MetricName") in (None, each.metric)
        and wanted.items() <= dict(each.dimensions).items()
    ]
    shown, token = page(detectors, params, params.get("NextToken"), params.get("MaxResults") or 100, INVALID_TOKEN)
    return {"AnomalyDetectors": shown, **({"NextToken": token} if token else {})}


def _watched(account: Account, region: str, names: list[str] | None = None) -> list[Watched]:
    """The alarms of a region, or those named, in the order of their names."""
    store = MetricStore(account, region)
    now = account.now()
    records = account.memory(_Records)
    watched: list[Watched] = []
    with records.lock:
        if records.minute != minute_of(now):
            records.minute, records.known = minute_of(now), {}
        for loaded in account.loaded(region):
            for alarm in loaded.scenario.alarms:
                if names and alarm.name not in names:
                    continue
                known = records.known.get((loaded, alarm.name))
                if known is None:
                    known = evaluate(alarm, store, now, loaded.at(alarm.configured_at))
                    records.known[loaded, alarm.name] = known
                watched.append(Watched(alarm, loaded, known))
    return sorted(watched, key=lambda each: each.alarm.name)


def _composites(account: Account, region: str, names: list[str] | None = None) -> list[Watched]:
    records = {each.alarm.name: each.record for each in _watched(account, region)}
    return [
        Watched(alarm, loaded, evaluate_rule(alarm.rule, records))
        for loaded in account.loaded(region)
        for alarm in sorted(loaded.scenario.composite_alarms, key=lambda alarm: alarm.name)
        if not names or alarm.name in names
    ]


def _size(params: Mapping[str, Any]) -> int:
    size = params.get("MaxRecords") or 50
    if not 1 <= size <= 100:
        raise AwsError("ValidationError", "MaxRecords must be between 1 and 100.")
    return size


def _composite(watched: Watched, alarm: CompositeAlarm) -> dict[str, Any]:
    record = watched.record
    last = record.transitions[-1] if record.transitions else None
    return {
        "AlarmName": alarm.name,
        "AlarmArn": watched.arn,
        "AlarmDescription": alarm.description,
        "AlarmRule": alarm.rule,
        "AlarmConfigurationUpdatedTimestamp": watched.configured_at,
        "ActionsEnabled": True,
        "AlarmActions": list(alarm.actions),
        "StateValue": record.state,
        "StateReason": last.reason if last else "Unchecked: Initial alarm creation",
        "StateUpdatedTimestamp": last.at if last else watched.configured_at,
        "StateTransitionedTimestamp": last.at if last else watched.configured_at,
    }


def _alarm(watched: Watched, alarm: Alarm) -> dict[str, Any]:
    record = watched.record
    last = record.transitions[-1] if record.transitions else None
    changed = last.at if last else record.since
    description: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmArn": watched.arn,
        "AlarmDescription": alarm.description or None,
        "AlarmConfigurationUpdatedTimestamp": watched.configured_at,
        "ActionsEnabled": alarm.actions_enabled,
        "OKActions": list(alarm.ok_actions),
        "AlarmActions": list(alarm.actions),
        "InsufficientDataActions": [],
        "StateValue": record.state,
        "StateReason": last.reason if last else "Unchecked: Initial alarm creation",
        "StateReasonData": _reason_data(alarm, last) if last else None,
        "StateUpdatedTimestamp": changed,
        "StateTransitionedTimestamp": changed,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "Threshold": alarm.threshold,
        "ThresholdMetricId": alarm.threshold_metric_id,
        "ComparisonOperator": alarm.comparison,
        "TreatMissingData": alarm.treat_missing,
        **_what_is_watched(alarm),
    }
    return {key: value for key, value in description.items() if value is not None}


def _what_is_watched(alarm: Alarm) -> dict[str, Any]:
    if not alarm.metrics:
        percentile = alarm.statistic.startswith("p")
        return {
            "Namespace": alarm.namespace,
            "MetricName": alarm.metric,
            "Dimensions": _dimensions(alarm.dimensions),
            "ExtendedStatistic" if percentile else "Statistic": alarm.statistic,
            "Period": alarm.period,
        }
    queries: list[dict[str, Any]] = []
    for each in alarm.metrics:
        query: dict[str, Any] = {"Id": each.id, "ReturnData": each.return_data}
        if each.label:
            query["Label"] = each.label
        if each.expression is not None:
            query["Expression"] = each.expression
        else:
            metric = {
                "Namespace": each.namespace,
                "MetricName": each.metric,
                "Dimensions": _dimensions(each.dimensions),
            }
            query["MetricStat"] = {"Metric": metric, "Period": each.period, "Stat": each.statistic}
        queries.append(query)
    return {"Metrics": queries}


def _dimensions(dimensions: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


def _history(watched: Watched) -> Iterator[dict[str, Any]]:
    for transition in watched.record.transitions:
        summary = f"Alarm updated from {transition.before} to {transition.after}"
        yield _item(watched, transition.at, "StateUpdate", summary, _state_update(watched.alarm, transition))
        for action in _actions(watched.alarm, transition):
            done = {"actionState": "Succeeded", "stateUpdateTimestamp": int(transition.at.timestamp() * 1000)}
            yield _item(watched, transition.at, "Action", f"Successfully executed action {action}", done)
    created = {"type": "Create", "version": "1.0"}
    summary = f'Alarm "{watched.alarm.name}" created'
    yield _item(watched, watched.configured_at, "ConfigurationUpdate", summary, created)


def _item(watched: Watched, at: datetime, kind: str, summary: str, details: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "AlarmName": watched.alarm.name,
        "AlarmType": "CompositeAlarm" if isinstance(watched.alarm, CompositeAlarm) else "MetricAlarm",
        "Timestamp": at,
        "HistoryItemType": kind,
        "HistorySummary": summary,
        "HistoryData": json.dumps(details),
    }


def _actions(alarm: Alarm | CompositeAlarm, transition: Transition) -> tuple[str, ...]:
    if isinstance(alarm, CompositeAlarm):
        return alarm.actions if transition.after == "ALARM" else ()
    if not alarm.actions_enabled:
        return ()
    return {"ALARM": alarm.actions, "OK": alarm.ok_actions}.get(transition.after, ())


def _state_update(alarm: Alarm | CompositeAlarm, transition: Transition) -> dict[str, Any]:
    return {
        "version": "1.0",
        "oldState": {"stateValue": transition.before},
        "newState": {
            "stateValue": transition.after,
            "stateReason": transition.reason,
            **({"stateReasonData": json.loads(_reason_data(alarm, transition))} if isinstance(alarm, Alarm) else {}),
        },
    }


def _reason_data(alarm: Alarm, transition: Transition) -> str:
    """The JSON text that CloudWatch attaches to a state."""
    form = "%Y-%m-%dT%H:%M:%S.000+0000"
    points = transition.datapoints
    return json.dumps(
        {
            "version": "1.0",
            "queryDate": transition.at.strftime(form),
            "startDate": points[-1][0].strftime(form) if points else None,
            "statistic": alarm.statistic,
            "period": period_of(alarm),
            "recentDatapoints": [value for _, value in reversed(points)],
            "threshold": alarm.threshold,
        }
    )


def _detector(detector: AnomalyDetector) -> dict[str, Any]:
    single = {
        "Namespace": detector.namespace,
        "MetricName": detector.metric,
        "Dimensions": _dimensions(detector.dimensions),
        "Stat": detector.statistic,
    }
    return {**single, "StateValue": "TRAINED", "SingleMetricAnomalyDetector": single}
