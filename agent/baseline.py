"""What a series is expected to be: the median by hour and kind of day, and steps that are older than a window. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median

Series = Sequence[tuple[datetime, float]]

MIN_BUCKET = 6
MIN_STEP_DAYS = 2
STEP = 1.5
"""So many times higher is another level."""


def step_within(baseline: Series) -> datetime | None:
    """The midnight at which a series of some days went to another level for good: trouble older than the window.

    Days are compared with days of the same kind, so that a weekend is no step; every later day must lie beyond every
    earlier one, by half at least. A midnight across which all kinds of day can be compared is surer than one without.
    """
    days = _daily(baseline)
    midnights = range(MIN_STEP_DAYS, len(days) - MIN_STEP_DAYS + 1)
    steps = [i for i in midnights if _apart(days[:i], days[i:]) or _apart(days[i:], days[:i])]
    sure = [i for i in steps if len(_kinds(days[:i]) & _kinds(days[i:])) == len(_kinds(days))]
    return days[(sure or steps)[0]][0] if steps else None


def _daily(points: Series) -> list[tuple[datetime, float]]:
    """Each day's midnight and median, in order."""
    midnights: dict[date, datetime] = {}
    values: dict[date, list[float]] = defaultdict(list)
    for at, value in points:
        day = at.date()
        values[day].append(value)
        if day not in midnights:
            midnights[day] = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return [(midnights[day], median(values[day])) for day in sorted(values)]


def _apart(low: Series, high: Series) -> bool:
    """Whether each kind of day that both have, weekdays among them, lies at least half higher in `high`."""
    kinds = _kinds(low) & _kinds(high)
    return False in kinds and all(
        min(value for day, value in high if _weekend(day) == kind)
        > STEP * max(max(value for day, value in low if _weekend(day) == kind), 0.0)
        for kind in kinds
    )


def _kinds(days: Series) -> set[bool]:
    return {_weekend(day) for day, _ in days}


def expectation(baseline: Series) -> Callable[[datetime], float]:
    """The median at that hour (and its neighbours) on days of that kind, as far as the baseline can tell."""
    overall = typical(baseline)
    if _step(baseline) >= timedelta(hours=20):
        return _by_kind_of_day(baseline, overall)
    hourly: dict[tuple[bool, int], list[float]] = defaultdict(list)
    for at, value in baseline:
        for hour in (at.hour - 1, at.hour, at.hour + 1):
            hourly[_weekend(at), hour % 24].append(value)
    medians = {key: median(values) for key, values in hourly.items() if len(values) >= MIN_BUCKET}

    def expected(at: datetime) -> float:
        other = medians.get((not _weekend(at), at.hour), overall)
        return medians.get((_weekend(at), at.hour), other)

    return expected


def _by_kind_of_day(baseline: Series, overall: float) -> Callable[[datetime], float]:
    kinds: dict[bool, list[float]] = defaultdict(list)
    for at, value in baseline:
        kinds[_weekend(at)].append(value)
    medians = {kind: median(values) for kind, values in kinds.items() if len(values) >= 2}
    return lambda at: medians.get(_weekend(at), overall)


def typical(points: Series) -> float:
    return median(value for _, value in points) if points else 0.0


def usual_high(points: Series) -> float:
    values = sorted(value for _, value in points)
    return values[min(int(len(values) * 0.995), len(values) - 1)] if values else 0.0


def _step(points: Series) -> timedelta:
    """The usual distance between points; the series may have holes."""
    gaps = [(later - earlier).total_seconds() for (earlier, _), (later, _) in pairwise(points)]
    return timedelta(seconds=median(gaps) if gaps else 0)


def _weekend(at: datetime) -> bool:
    return at.weekday() >= 5
