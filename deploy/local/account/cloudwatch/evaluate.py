"""What state an alarm is in, and how it came there: computed by evaluating it over its series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from deploy.local.account.cloudwatch.query import Evaluation, ExpressionQuery, MetricQuery, Query
from deploy.local.account.cloudwatch.series import Floats, minute_of, moment_of
from deploy.local.account.cloudwatch.store import MetricKey, MetricStore
from deploy.local.account.schema.metrics import Alarm

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"
_STATES = (OK, ALARM, INSUFFICIENT)
_KEEP = 3

HISTORY = timedelta(days=14)
"""How far back alarms are evaluated."""

Band = tuple[Floats, Floats]
_COMPARISONS: dict[str, Callable[[Floats, Floats, Floats], NDArray[np.bool_]]] = {
    "GreaterThanOrEqualToThreshold": lambda value, lower, upper: value >= upper,
    "GreaterThanThreshold": lambda value, lower, upper: value > upper,
    "LessThanThreshold": lambda value, lower, upper: value < lower,
    "LessThanOrEqualToThreshold": lambda value, lower, upper: value <= lower,
    "LessThanLowerOrGreaterThanUpperThreshold": lambda value, lower, upper: (value < lower) | (value > upper),
    "LessThanLowerThreshold": lambda value, lower, upper: value < lower,
    "GreaterThanUpperThreshold": lambda value, lower, upper: value > upper,
}
_WORDS = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
    "LessThanLowerOrGreaterThanUpperThreshold": "outside",
    "LessThanLowerThreshold": "less than the lower bound",
    "GreaterThanUpperThreshold": "greater than the upper bound",
}


@dataclass(frozen=True)
class Transition:
    """A change of state, and the datapoints that led to it (newest first)."""

    at: datetime
    before: str
    after: str
    reason: str
    datapoints: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True)
class Record:
    """Every transition of an alarm that is remembered, the oldest first."""

    initial: str
    since: datetime
    transitions: tuple[Transition, ...]

    @property
    def state(self) -> str:
        return self.transitions[-1].after if self.transitions else self.initial


def evaluate(alarm: Alarm, store: MetricStore, now: datetime, configured_at: datetime) -> Record:
    """Evaluate an alarm once every period, from two weeks ago (or its creation, if later) until now."""
    width = max(1, period_of(alarm) // 60)
    since = max(now - HISTORY, configured_at)
    end = minute_of(now) // width * width
    start = min(minute_of(since) // width * width, end)
    lead = alarm.evaluation_periods * width
    values, lower, upper = _datapoints(alarm, store, start - lead, end)
    states = _states(alarm, _breaches(alarm, values, lower, upper))
    transitions: list[Transition] = []
    for index in np.flatnonzero(np.diff(states)) + 1:
        at = moment_of(start + int(index) * width)
        last = alarm.evaluation_periods - 1 + int(index)
        window = range(last, last - alarm.evaluation_periods, -1)
        points = tuple(
            (moment_of(start - lead + each * width), float(values[each]))
            for each in window
            if not np.isnan(values[each])
        )
        after = _STATES[states[index]]
        reason = _reason(alarm, after, points, float(upper[last] if _looks_up(alarm) else lower[last]))
        transitions.append(Transition(at, _STATES[states[index - 1]], after, reason, points))
    return Record(_STATES[states[0]], since, tuple(transitions))


def queries_of(alarm: Alarm) -> list[Query]:
    """The alarm's metrics as queries; a plain alarm is one query called m1."""
    if alarm.metric is not None:
        key = MetricKey.of(alarm.namespace or "", alarm.metric, alarm.dimensions)
        return [MetricQuery("m1", key, alarm.statistic, alarm.period, alarm.metric)]
    queries: list[Query] = []
    for each in alarm.metrics:
        if each.expression is not None:
            queries.append(ExpressionQuery(each.id, each.expression, 0, each.label or "", each.return_data))
        else:
            key = MetricKey.of(each.namespace or "", each.metric or "", each.dimensions)
            queries.append(MetricQuery(each.id, key, each.statistic, each.period, each.label or "", each.return_data))
    return queries


def period_of(alarm: Alarm) -> int:
    """Seconds between evaluations."""
    if not alarm.metrics:
        return alarm.period
    return max(each.period for each in alarm.metrics if each.metric is not None)


def _datapoints(alarm: Alarm, store: MetricStore, start: int, end: int) -> tuple[Floats, Floats, Floats]:
    """The alarm's values, and the bounds that each is compared with (twice the same for a plain threshold)."""
    queries = queries_of(alarm)
    evaluation = Evaluation(store, queries, start, end, known_until=end)
    compared = next(query for query in queries if query.returned and query.id != alarm.threshold_metric_id)
    values = evaluation.lines(compared)[1][0].values
    if alarm.threshold_metric_id is None:
        bound = np.full(len(values), alarm.threshold)
        return values, bound, bound
    band = next(query for query in queries if query.id == alarm.threshold_metric_id)
    bounds = [line.values for line in evaluation.lines(band)[1]]
    return values, np.fmin.reduce(bounds), np.fmax.reduce(bounds)


def _breaches(alarm: Alarm, values: Floats, lower: Floats, upper: Floats) -> Floats:
    """1 where a datapoint breaches, 0 where not, NaN where there is none."""
    breaching = _COMPARISONS[alarm.comparison](values, lower, upper).astype(np.float64)
    treated = {"notBreaching": 0.0, "breaching": 1.0}.get(alarm.treat_missing, np.nan)
    return np.where(np.isnan(values), treated, breaching)


def _states(alarm: Alarm, breaches: Floats) -> NDArray[np.int64]:
    """The state after each full window of evaluation periods, as an index of _STATES."""
    windows = np.lib.stride_tricks.sliding_window_view(breaches, alarm.evaluation_periods)
    needed = alarm.datapoints_to_alarm or alarm.evaluation_periods
    missing = np.isnan(windows).sum(axis=1)
    breaching = np.nansum(windows, axis=1)
    states = np.where(breaching >= needed, 1, 0)
    states[(breaching < needed) & (breaching + missing >= needed)] = _KEEP  # too little is known to tell
    if alarm.treat_missing == "missing":
        states[missing == alarm.evaluation_periods] = 2
    if states[0] == _KEEP:
        states[0] = 2
    kept = np.maximum.accumulate(np.where(states == _KEEP, 0, np.arange(len(states))))
    return states[kept]


def _looks_up(alarm: Alarm) -> bool:
    return alarm.comparison.startswith("Greater") or "Upper" in alarm.comparison


def _reason(alarm: Alarm, state: str, points: tuple[tuple[datetime, float], ...], threshold: float) -> str:
    """The sentence that CloudWatch gives for a state."""
    if state == INSUFFICIENT:
        return f"Insufficient Data: {alarm.evaluation_periods} datapoints were unknown."
    if not points:
        return "Threshold Crossed: no datapoints were received."
    shown = ", ".join(f"{value:.6g} ({at:%d/%m/%y %H:%M:%S})" for at, value in points[:5])
    count = f"{len(points)} out of the last {alarm.evaluation_periods} datapoints"
    was = ("was" if len(points) == 1 else "were") + (" not" if state == OK else "")
    return f"Threshold Crossed: {count} [{shown}] {was} {_WORDS[alarm.comparison]} the threshold ({threshold:g})."
