"""A metric of a scenario as a pure, deterministic function of absolute time, a minute at a time.

A day of values is computed at once and kept, so that any range and period can be answered from arrays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from deploy.local.account.schema.metrics import Metric, SeriesEvent

Floats = NDArray[np.float64]

DAY = 1440
_PEAK_HOUR = 14
_EVENT_NOISE = 0.05
"""The noise of an event that names none is at most this: a small baseline is often noisy, an incident is not."""


def minute_of(moment: datetime) -> int:
    """Whole minutes since the epoch."""
    return int(moment.timestamp() // 60)


def moment_of(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


class Series:
    """The values of one metric, anchored at the moment its scenario was loaded."""

    def __init__(self, metric: Metric, now: datetime) -> None:
        self.metric = metric
        self.namespace = metric.namespace
        self.name = metric.name
        self.dimensions: Mapping[str, str] = metric.dimensions
        self.unit = metric.unit
        self._anchor = now.timestamp() / 60
        self._key = "|".join(
            (metric.namespace, metric.name, *(f"{k}={v}" for k, v in sorted(metric.dimensions.items())))
        )
        self._days: dict[int, Floats] = {}

    def values(self, start: int, end: int) -> Floats:
        """Values for the minutes start <= m < end; NaN where nothing was reported."""
        if end <= start:
            return np.empty(0)
        first, last = start // DAY, (end - 1) // DAY
        whole = np.concatenate([self._day(day) for day in range(first, last + 1)])
        return whole[start - first * DAY : end - first * DAY]

    def value_at(self, moment: datetime) -> float:
        """The value of the latest minute that reported one in the last day, or NaN."""
        minute = minute_of(moment)
        reported = self.values(minute - DAY, minute + 1)
        reported = reported[~np.isnan(reported)]
        return float(reported[-1]) if reported.size else float("nan")

    def _day(self, day: int) -> Floats:
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = self._compute(day)
        return found

    def _compute(self, day: int) -> Floats:
        metric = self.metric
        minutes = np.arange(day * DAY, (day + 1) * DAY, dtype=np.float64)
        values = metric.baseline * _season(metric, day)
        deviation = np.abs(values) * metric.noise
        for event in metric.events:
            values, deviation = self._apply(event, minutes, values, deviation)
        noise, luck = _randomness(self._key, day)
        values = np.clip(values + deviation * noise, *_bounds(metric))
        if metric.integer:
            values = np.floor(values + luck)
        if metric.sparse:
            values = np.where(values == 0, np.nan, values)
        return np.where(self._reported(minutes), values, np.nan)

    def _apply(self, event: SeriesEvent, minutes: Floats, values: Floats, deviation: Floats) -> tuple[Floats, Floats]:
        """Values and their deviation with one event's change."""
        weight = self._weight(event, minutes)
        noise = min(self.metric.noise, _EVENT_NOISE) if event.noise is None else event.noise
        if event.multiply is not None:
            factor = 1 + weight * (event.multiply - 1)
            return values * factor, deviation * factor
        if event.add is not None:
            return values + weight * event.add, deviation + weight * abs(event.add) * noise
        target = event.set or 0.0
        return values + weight * (target - values), deviation + weight * (abs(target) * noise - deviation)

    def _weight(self, event: SeriesEvent, minutes: Floats) -> Floats:
        """How much of an event is there at each minute: it grows to 1 during its ramp, and fades after its end."""
        since = minutes - (self._anchor + _minutes(event.start))
        weight = (since >= 0).astype(np.float64)
        if event.end is not None:
            weight *= _left(minutes - (self._anchor + _minutes(event.end)), _minutes(event.fade))
        if event.ramp:
            weight *= np.clip(since / _minutes(event.ramp), 0, 1)
        if event.every is not None:
            weight *= np.mod(since, _minutes(event.every.period)) < _minutes(event.every.width)
        return weight

    def _reported(self, minutes: Floats) -> NDArray[np.bool_]:
        metric = self.metric
        reported = np.mod(minutes, max(1.0, _minutes(metric.interval))) == 0
        if metric.start is not None:
            reported &= minutes >= self._anchor + _minutes(metric.start)
        if metric.end is not None:
            reported &= minutes < self._anchor + _minutes(metric.end)
        return reported


def _left(after: Floats, fade: float) -> Floats:
    """How much of an event is left so many minutes after its end (before it: all)."""
    if not fade:
        return (after < 0).astype(np.float64)
    return np.clip(1 - after / fade, 0, 1)


def _season(metric: Metric, day: int) -> Floats:
    hours = np.arange(DAY) / 60
    daily = 1 + metric.daily * np.cos((hours - _PEAK_HOUR) / 24 * 2 * np.pi)
    weekday = (day + 3) % 7  # the epoch was a Thursday
    return daily * (metric.weekend if weekday >= 5 else 1.0)


def _bounds(metric: Metric) -> tuple[float, float]:
    """Limits of a value: those given, else what the kind allows; only a gauge may be negative."""
    low = metric.minimum
    if low is None:
        low = -np.inf if metric.statistic_kind == "gauge" and metric.baseline < 0 else 0.0
    high = metric.maximum
    if high is None:
        high = 100.0 if metric.statistic_kind == "percent" else np.inf
    return low, high


@lru_cache(maxsize=4096)
def _randomness(key: str, day: int) -> tuple[Floats, Floats]:
    """For each minute of a day a normal and a uniform random number, always the same for a key."""
    seed = int.from_bytes(hashlib.blake2b(f"{key}|{day}".encode(), digest_size=8).digest(), "big")
    generator = np.random.default_rng(seed)
    return generator.standard_normal(DAY), generator.random(DAY)


def _minutes(length: timedelta) -> float:
    return length.total_seconds() / 60
