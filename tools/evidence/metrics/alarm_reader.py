"""Reading CloudWatch alarms: which are meant, when they were in ALARM, and how their metric looks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from agent.alarms import Episode, Graze, episodes, graze, is_flapping
from agent.anomaly import Shift, level_shift
from agent.baseline import Series
from tools.evidence.base import Look
from tools.evidence.names import bare_name, matches, service_of_namespace

MOVED = 0.3
"""From this strength on a metric has left its normal range."""
BASELINE = timedelta(days=7)
MAX_BASELINE_POINTS = 10_080
MAX_HISTORY = 3000
QUALIFYING = ("ClusterName", "Operation", "FilterId", "AvailabilityZone", "Resource")
"""Dimensions that narrow a resource down rather than name it."""


@dataclass(frozen=True)
class Watched:
    """An alarm, its stays in ALARM within the window, and how its metric looks."""

    alarm: dict[str, Any]
    stays: list[Episode]
    shift: Shift | None = None
    graze: Graze | None = None
    points: Series = ()

    @property
    def name(self) -> str:
        return str(self.alarm["AlarmName"])

    @property
    def metric(self) -> str:
        return str(_stat(self.alarm).get("MetricName") or _expression(self.alarm))

    @property
    def resource(self) -> str:
        values = [d["Value"] for d in _stat(self.alarm).get("Dimensions", []) if d["Name"] not in QUALIFYING]
        return bare_name(values[-1]) if values else self.name

    @property
    def service(self) -> str:
        return service_of_namespace(str(_stat(self.alarm).get("Namespace", "")))

    @property
    def trouble(self) -> float:
        """How far the metric itself departs from normal, 0..1."""
        return self.shift.strength if self.shift and self.shift.direction != "steady" else 0.0

    def flaps(self, now: datetime) -> bool:
        """Goes back and forth without the metric having left its normal range."""
        return is_flapping(self.stays, now) and self.trouble < MOVED


def choose(alarms: Sequence[dict[str, Any]], name: str, resource: str, metric: str) -> list[dict[str, Any]]:
    chosen = list(alarms)
    if name:
        exact = [alarm for alarm in chosen if alarm["AlarmName"] == name]
        chosen = exact or [alarm for alarm in chosen if matches(alarm["AlarmName"], name)]
    if resource:
        chosen = [alarm for alarm in chosen if _is_about(alarm, resource)]
    if metric:
        chosen = [alarm for alarm in chosen if metric.lower() in json.dumps(metrics_of(alarm), default=str).lower()]
    return chosen


def _is_about(alarm: dict[str, Any], resource: str) -> bool:
    values = [d["Value"] for stat in metrics_of(alarm) for d in stat.get("Dimensions", [])]
    return any(matches(value, resource) for value in values) or bool(matches(alarm["AlarmName"], resource))


def metrics_of(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """The metrics an alarm reads: its own, or those of its metric math."""
    if alarm.get("MetricName"):
        return [alarm]
    return [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query]


def _stat(alarm: dict[str, Any]) -> dict[str, Any]:
    return next(iter(metrics_of(alarm)), {})


def _expression(alarm: dict[str, Any]) -> str:
    return next((query["Expression"] for query in alarm.get("Metrics", []) if query.get("Expression")), "")


def list_alarms(look: Look, limit: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Metric alarms and composite alarms, at most `limit` of both together."""
    metric_alarms: list[dict[str, Any]] = []
    composites: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        reply = look.call(
            "cloudwatch", "describe_alarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=100, **token
        )
        metric_alarms += reply.get("MetricAlarms", [])
        composites += reply.get("CompositeAlarms", [])
        if not reply.get("NextToken") or len(metric_alarms) + len(composites) >= limit:
            return metric_alarms, composites
        token = {"NextToken": reply["NextToken"]}


@dataclass(frozen=True)
class History:
    """State changes in the window, by alarm."""

    changes: dict[str, list[tuple[datetime, str]]]
    caveat: str = ""


def read_history(look: Look, alarms: Sequence[dict[str, Any]]) -> History:
    """What the alarms did in the window: of one alarm its own history, else that of the account."""
    one = {"AlarmName": alarms[0]["AlarmName"]} if len(alarms) == 1 else {}
    items = look.pages(
        "cloudwatch",
        "describe_alarm_history",
        "AlarmHistoryItems",
        limit=MAX_HISTORY,
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        HistoryItemType="StateUpdate",
        StartDate=look.window.start,
        EndDate=look.window.end,
        **one,
    )
    changes: dict[str, list[tuple[datetime, str]]] = {}
    for item in items:
        changes.setdefault(item["AlarmName"], []).append((item["Timestamp"], _new_state(item)))
    capped = f" Only the newest {MAX_HISTORY:,} state changes were read." if len(items) >= MAX_HISTORY else ""
    return History(changes, capped)


def stays_of(history: History, alarms: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], list[Episode]]]:
    """Each alarm with its stays in ALARM."""
    return [(alarm, _episodes_of(alarm, history.changes.get(alarm["AlarmName"], []))) for alarm in alarms]


def _episodes_of(alarm: dict[str, Any], changes: list[tuple[datetime, str]]) -> list[Episode]:
    if changes or alarm.get("StateValue") != "ALARM":
        return episodes(changes)
    since = alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp")
    return [Episode(cast("datetime", since), None)] if since else []


def _new_state(item: dict[str, Any]) -> str:
    try:
        return str(json.loads(item["HistoryData"])["newState"]["stateValue"])
    except (KeyError, ValueError, TypeError):
        return str(item.get("HistorySummary", "")).rsplit(" ", 1)[-1]


def examine(look: Look, watched: Watched) -> Watched:
    """The same with its metric compared with the week before and with the threshold."""
    alarm = watched.alarm
    points = _points(look, alarm)
    if not points:
        return watched
    counts = alarm.get("Statistic") in ("Sum", "SampleCount")
    shift = level_shift(points, look.window.start, count_minutes=1 if counts else 0)
    threshold = alarm.get("Threshold")
    crossing = None
    if threshold is not None and not alarm.get("ThresholdMetricId"):
        above = "Greater" in alarm.get("ComparisonOperator", "Greater")
        crossing = graze(points, look.window.start, float(threshold), above)
    return Watched(alarm, watched.stays, shift, crossing, points)


def _points(look: Look, alarm: dict[str, Any]) -> Series:
    """The alarm's series in the alarm's own period, over the window and up to a week before."""
    period = int(
        alarm.get("Period") or next((q["MetricStat"]["Period"] for q in alarm["Metrics"] if "MetricStat" in q), 60)
    )
    start = max(look.window.start - BASELINE, look.window.end - timedelta(seconds=period * MAX_BASELINE_POINTS))
    reply = look.call(
        "cloudwatch",
        "get_metric_data",
        StartTime=start,
        EndTime=look.window.end,
        ScanBy="TimestampAscending",
        MetricDataQueries=queries_of(alarm, period),
    )
    results = reply["MetricDataResults"]
    return list(zip(results[0]["Timestamps"], results[0]["Values"], strict=True)) if results else []


def queries_of(alarm: dict[str, Any], period: int) -> list[dict[str, Any]]:
    """What the alarm evaluates: its metric math, without the band it is compared with, or its one metric."""
    band = alarm.get("ThresholdMetricId")
    if alarm.get("Metrics"):
        queries = [query for query in alarm["Metrics"] if query["Id"] != band]
        return [{**query, "ReturnData": True} for query in queries[:1]] if band else queries
    metric = {key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions")}
    statistic = alarm.get("Statistic") or alarm.get("ExtendedStatistic")
    return [{"Id": "m1", "MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}}]
