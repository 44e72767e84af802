"""Figures of a tool as charts: points and counts over time, at most 20 of them, as many as Slack draws.

    over_time("Errors of checkout", "Count", {"Errors": points}, look.window)
    counted("Error lines", {"Task timed out": times}, look.window)
    by_day("Cost a day", "usd", {"AWS Lambda": daily}, days)

No chart where there is nothing to see. None of this is shown to models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median_high
from typing import Literal

from agent.models import Chart, Series, TimeRange

POINTS = 20
MAX_SERIES = 4
MAX_NAME = 60
_STEPS = tuple(timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 43200))
Points = Sequence[tuple[datetime, float]]
Choose = Callable[[Iterable[float]], float]


def over_time(
    title: str,
    unit: str,
    series: Mapping[str, Points],
    span: TimeRange,
    *,
    choose: Choose = max,
    kind: Literal["line", "area"] = "line",
) -> list[Chart]:
    """Values over a range; of several in one step, the one that matters (`max` of a rise, `min` of a drop)."""
    step = _step(span, _spacing(series.values()))
    starts = _starts(span, step)
    drawn: list[Series] = []
    for name, points in list(series.items())[:MAX_SERIES]:
        groups: list[list[float]] = [[] for _ in starts]
        for at, value in points:
            if starts and starts[0] <= at < span.end:
                groups[min(int((at - starts[0]) / step), len(starts) - 1)].append(value)
        values = tuple(round_to(choose(group)) if group else None for group in groups)
        if sum(value is not None for value in values) > 1:
            drawn.append(Series(name=name[:MAX_NAME], values=values))
    if not drawn:
        return []
    chart = Chart(title=title, kind=kind, unit=unit, labels=_labels(starts, step), series=tuple(drawn))
    return [_settled(chart, starts, step, span, choose)]


def counted(title: str, times: Mapping[str, Sequence[datetime]], span: TimeRange) -> list[Chart]:
    """How often something came in each step, as bars; the step is in the title."""
    step = _step(span)
    starts = _starts(span, step)
    drawn: list[Series] = []
    for name, moments in list(times.items())[:MAX_SERIES]:
        values = [0] * len(starts)
        for at in moments:
            if starts and starts[0] <= at < span.end:
                values[min(int((at - starts[0]) / step), len(starts) - 1)] += 1
        if any(values):
            drawn.append(Series(name=name[:MAX_NAME], values=tuple(map(float, values))))
    if not drawn or len(starts) < 2:
        return []
    labels = _labels(starts, step)
    chart = Chart(title=f"{title}, by {_words(step)}", kind="bar", unit="Count", labels=labels, series=tuple(drawn))
    return [_settled(chart, starts, step, span, max)]


def beside(chart: Chart, name: str, value: float) -> Chart:
    """The chart with a level line, which is no longer than what was measured."""
    measured = zip(*(series.values for series in chart.series), strict=True)
    level = tuple(None if all(v is None for v in values) else round_to(value) for values in measured)
    return chart.model_copy(update={"series": (*chart.series, Series(name=name, values=level))})


def by_day(title: str, unit: str, series: Mapping[str, Mapping[date, float]], days: Sequence[date]) -> list[Chart]:
    """Amounts of the last days; a day without an amount cost nothing."""
    shown = days[-POINTS:]
    drawn = [
        Series(name=name[:MAX_NAME], values=tuple(round_to(daily.get(day, 0.0)) for day in shown))
        for name, daily in list(series.items())[:MAX_SERIES]
        if any(daily.get(day) for day in shown)
    ]
    if not drawn or len(shown) < 2:
        return []
    labels = tuple(f"{day:%d %b}" for day in shown)
    return [
        Chart(title=title, kind="bar" if len(drawn) == 1 else "line", unit=unit, labels=labels, series=tuple(drawn))
    ]


def round_to(value: float) -> float:
    """Four digits that matter, so that charts stay small."""
    return float(f"{value:.4g}")


def _settled(chart: Chart, starts: Sequence[datetime], step: timedelta, span: TimeRange, choose: Choose) -> Chart:
    """Without a last step that is not over yet: its few points look like a plunge. If they go further than the step
    before did, they are what matters most, and stay."""
    if len(starts) < 3 or starts[-1] + step <= span.end or any(_goes_on(s.values, choose) for s in chart.series):
        return chart
    series = tuple(each.model_copy(update={"values": each.values[:-1]}) for each in chart.series)
    return chart.model_copy(update={"labels": chart.labels[:-1], "series": series})


def _goes_on(values: Sequence[float | None], choose: Choose) -> bool:
    before, last = values[-2], values[-1]
    return last is not None and before is not None and last != before and choose((before, last)) == last


def _spacing(series: Iterable[Points]) -> timedelta:
    """The usual distance between points: finer steps would leave holes."""
    gaps = [after[0] - before[0] for points in series for before, after in pairwise(points)]
    return median_high(gaps) if gaps else timedelta(0)


def _step(span: TimeRange, spacing: timedelta = timedelta(0)) -> timedelta:
    """The smallest handy step that makes at most 20 points; one less, as the first is rounded down."""
    least = max(timedelta(seconds=span.seconds / (POINTS - 1)), spacing)
    return next((step for step in _STEPS if step >= least), _STEPS[-1])


def _starts(span: TimeRange, step: timedelta) -> list[datetime]:
    midnight = span.start.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + (span.start - midnight) // step * step
    starts = [first]
    while starts[-1] + step < span.end and len(starts) < POINTS:
        starts.append(starts[-1] + step)
    return starts


def _labels(starts: Sequence[datetime], step: timedelta) -> tuple[str, ...]:
    if step >= timedelta(days=1):
        return tuple(f"{at:%d %b}" for at in starts)
    several = starts[0].date() != starts[-1].date()
    return tuple(f"{at:%d %b %H:%M}" if several else f"{at:%H:%M}" for at in starts)


def _words(step: timedelta) -> str:
    minutes = int(step.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min" if minutes > 1 else "minute"
    if minutes < 1440:
        return f"{minutes // 60} h" if minutes > 60 else "hour"
    return f"{minutes // 1440} days" if minutes > 1440 else "day"
