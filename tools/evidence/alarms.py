"""CloudWatch alarms: which are firing, what they did, and whether the alarm or the system is at fault."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from langchain_core.tools import BaseTool

from agent.alarms import Episode, Graze, episodes, graze, is_flapping
from agent.anomaly import Series, Shift, level_shift
from agent.figures import duration, number
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.names import bare_name, matches, service_of_namespace
from tools.evidence.partial import gather

MAX_ALARMS = 500
MAX_EXAMINED = 5
MOVED = 0.3
BASELINE = timedelta(days=7)
MAX_BASELINE_POINTS = 10_080
QUALIFYING = ("ClusterName", "Operation", "FilterId", "AvailabilityZone", "Resource")
"""Dimensions that narrow a resource down rather than name it."""


@dataclass(frozen=True)
class Watched:
    """An alarm, its stays in ALARM within the window, and how its metric looks."""

    alarm: dict[str, Any]
    stays: list[Episode]
    shift: Shift | None = None
    graze: Graze | None = None

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


@evidence_tool("What did the alarm {alarm_name} do, and is its metric normal?", hours=24)
def alarm_history(look: Look, alarm_name: str = "", resource: str = "", metric: str = "") -> Found:
    """State changes of CloudWatch alarms: firing since when, flapping, or only grazing a threshold set too tight.

    Compares the alarm's metric and threshold with the week before, so that a false alarm shows as one.

    Args:
        alarm_name: the alarm, or a fragment of its name; empty for those that fired
        resource: only alarms on this resource
        metric: only alarms on this metric
    """
    alarms = look.pages("cloudwatch", "describe_alarms", "MetricAlarms", limit=MAX_ALARMS)
    chosen = _choose(alarms, alarm_name, resource, metric)
    if not chosen:
        known = ", ".join(alarm["AlarmName"] for alarm in alarms[:8])
        return Found(f"No alarm matches. Alarms there are: {known or 'none'}.", no_data=True)
    watched = [Watched(alarm, stays) for alarm, stays in _stays(look, chosen)]
    fired = sorted((w for w in watched if w.stays), key=lambda w: (-len(w.stays), w.name))
    if not fired and not (alarm_name or resource or metric):
        quiet = Finding(kind="metric_steady", statement=f"None of {len(chosen)} alarms fired.", strength=0.4)
        return Found(f"None of the {len(chosen)} alarms fired in the range.", [quiet], console.alarms(look.aws))
    examined = gather({f"metric of {w.name}": partial(_examine, look, w) for w in (fired or watched)[:MAX_EXAMINED]})
    findings = [finding for w in examined.results.values() for finding in _findings(w, look.now)]
    summary = " ".join(_sentence(w, look.now) for w in examined.results.values())
    link = console.alarm(look.aws, (fired or watched)[0].name)
    return Found(summary[:900] + examined.caveat, findings, link)


def _choose(alarms: Sequence[dict[str, Any]], name: str, resource: str, metric: str) -> list[dict[str, Any]]:
    chosen = list(alarms)
    if name:
        exact = [alarm for alarm in chosen if alarm["AlarmName"] == name]
        chosen = exact or [alarm for alarm in chosen if matches(alarm["AlarmName"], name)]
    if resource:
        chosen = [alarm for alarm in chosen if _is_about(alarm, resource)]
    if metric:
        chosen = [alarm for alarm in chosen if metric.lower() in json.dumps(_stats(alarm), default=str).lower()]
    return chosen


def _is_about(alarm: dict[str, Any], resource: str) -> bool:
    values = [d["Value"] for stat in _stats(alarm) for d in stat.get("Dimensions", [])]
    return any(matches(value, resource) for value in values) or bool(matches(alarm["AlarmName"], resource))


def _stats(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """The metrics an alarm reads: its own, or those of its metric math."""
    if alarm.get("MetricName"):
        return [alarm]
    return [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query]


def _stat(alarm: dict[str, Any]) -> dict[str, Any]:
    return next(iter(_stats(alarm)), {})


def _expression(alarm: dict[str, Any]) -> str:
    return next((query["Expression"] for query in alarm.get("Metrics", []) if query.get("Expression")), "")


def _stays(look: Look, alarms: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], list[Episode]]]:
    one = {"AlarmName": alarms[0]["AlarmName"]} if len(alarms) == 1 else {}
    history = look.pages(
        "cloudwatch",
        "describe_alarm_history",
        "AlarmHistoryItems",
        limit=1000,
        HistoryItemType="StateUpdate",
        StartDate=look.window.start,
        EndDate=look.window.end,
        **one,
    )
    changes: dict[str, list[tuple[datetime, str]]] = {}
    for item in history:
        changes.setdefault(item["AlarmName"], []).append((item["Timestamp"], _new_state(item)))
    return [(alarm, _episodes_of(alarm, changes.get(alarm["AlarmName"], []))) for alarm in alarms]


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


def _examine(look: Look, watched: Watched) -> Watched:
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
    return Watched(alarm, watched.stays, shift, crossing)


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
        MetricDataQueries=_queries(alarm, period),
    )
    results = reply["MetricDataResults"]
    return list(zip(results[0]["Timestamps"], results[0]["Values"], strict=True)) if results else []


def _queries(alarm: dict[str, Any], period: int) -> list[dict[str, Any]]:
    """What the alarm evaluates: its metric math, without the band it is compared with, or its one metric."""
    band = alarm.get("ThresholdMetricId")
    if alarm.get("Metrics"):
        queries = [query for query in alarm["Metrics"] if query["Id"] != band]
        return [{**query, "ReturnData": True} for query in queries[:1]] if band else queries
    metric = {key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions")}
    statistic = alarm.get("Statistic") or alarm.get("ExtendedStatistic")
    return [{"Id": "m1", "MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}}]


def _findings(watched: Watched, now: datetime) -> list[Finding]:
    make: list[Callable[[Watched, datetime], Finding | None]] = [_fired, _flapping, _grazed, _moved]
    return [finding for build in make if (finding := build(watched, now))]


def _fired(watched: Watched, now: datetime) -> Finding | None:
    if not watched.stays:
        return None
    last = watched.stays[-1]
    state = "and is still in ALARM" if last.end is None else f"and went back to OK at {clock_time(last.end, now)}"
    return _finding(
        watched,
        "alarm_fired",
        f"{watched.name} ({watched.metric}) went to ALARM at {clock_time(last.start, now)} {state}.",
        0.6 if last.end is None else 0.4,
        last.start,
    )


def _flapping(watched: Watched, now: datetime) -> Finding | None:
    if not watched.flaps(now):
        return None
    cleared = [stay for stay in watched.stays if stay.end]
    longest = max(stay.seconds(now) for stay in watched.stays)
    return _finding(
        watched,
        "alarm_flapping",
        f"{watched.name} went to ALARM {len(watched.stays)} times since {clock_time(watched.stays[0].start, now)} and "
        f"cleared by itself {len(cleared)} times, after {duration(longest)} at most.",
        round(min(0.6 + 0.08 * len(watched.stays), 0.95), 3),
        watched.stays[0].start,
        transitions=str(len(watched.stays) + len(cleared)),
    )


def _grazed(watched: Watched, now: datetime) -> Finding | None:
    crossing = watched.graze
    if crossing is None or not watched.stays or crossing.strength < 0.5:
        return None
    threshold = float(watched.alarm["Threshold"])
    normal = (
        f"{crossing.days_crossed} of the {crossing.days} days before crossed it too, their peaks being around "
        f"{number(crossing.usual_peak)}" + (", so this is the normal range" if crossing.within_normal else "")
    )
    return _finding(
        watched,
        "threshold_grazed",
        f"{watched.metric} of {watched.resource} reached {number(crossing.peak)}, "
        f"{crossing.overshoot * 100:.0f}% beyond the threshold of {number(threshold)}; {normal}.",
        crossing.strength,
        watched.stays[-1].start,
        threshold=f"{threshold:g}",
        peak=f"{crossing.peak:.4g}",
    )


def _moved(watched: Watched, now: datetime) -> Finding | None:
    """How the alarm's metric compares with the week before, whatever the threshold."""
    shift = watched.shift
    if shift is None:
        return None
    details = {"baseline": f"{shift.baseline:.4g}", "peak": f"{shift.peak:.4g}", "factor": f"{shift.factor:.3g}"}
    if watched.trouble < MOVED:
        text = f"{watched.metric} of {watched.resource} is as in the week before: {number(shift.level)} as a rule."
        return _finding(watched, "metric_steady", text, 0.5, None, **details)
    onset = f" at {clock_time(shift.onset, now)}" if shift.onset else ""
    text = (
        f"{watched.metric} of {watched.resource} went from {number(shift.baseline)} to {number(shift.level)}{onset}, "
        f"{'peak' if shift.direction == 'rise' else 'lowest'} {number(shift.peak)}."
    )
    return _finding(watched, f"metric_{shift.direction}", text, shift.strength, shift.onset, **details)


def _finding(
    watched: Watched, kind: str, statement: str, strength: float, at: datetime | None, **details: str
) -> Finding:
    return Finding(
        kind=kind,
        statement=statement,
        strength=strength,
        at=at,
        resource=watched.resource,
        attributes={"alarm": watched.name, "metric": watched.metric, "service": watched.service, **details},
    )


def _sentence(watched: Watched, now: datetime) -> str:
    if not watched.stays:
        return f"{watched.name} did not fire."
    if watched.flaps(now):
        verdict = " and is flapping, its metric being normal"
    else:
        verdict = ", still in ALARM" if watched.stays[-1].end is None else ", over now"
    often = "once," if len(watched.stays) == 1 else f"{len(watched.stays)} times, last"
    return f"{watched.name} fired {often} at {clock_time(watched.stays[-1].start, now)}{verdict}."


TOOLS: tuple[BaseTool, ...] = (alarm_history,)
