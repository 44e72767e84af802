"""Metric series compared with their own past, as findings.

for seen in compare(look, find_lines(look, service="lambda"), timedelta(minutes=15)):
    finding_of(seen, look.now)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agent.anomaly import Shift, level_shift, onset_range, refine_onset
from agent.baseline import Series as Points
from agent.figures import times
from agent.models import Chart, Finding
from agent.times import clock_time
from tools.evidence.base import Look
from tools.evidence.drawing import beside, over_time
from tools.evidence.metrics.reader import MINUTES_KEPT, Line, fetch, fetch_readable

BASELINE = timedelta(days=8)
"""A week before the window, and a day more so that its weekday is in it."""


@dataclass(frozen=True)
class Seen:
    """A line, its points over baseline and window, and how the window departs."""

    line: Line
    points: Points
    shift: Shift

    @property
    def score(self) -> float:
        """Strength in the direction that matters for this metric."""
        return round(self.shift.strength * self.line.metric.weight, 3)


def compare(look: Look, lines: Sequence[Line], period: timedelta, baseline: timedelta = BASELINE) -> list[Seen]:
    """Each line that has any points, compared with its past, the strongest departure first. Raises when one cannot be
    read."""
    series = fetch(look, lines, look.window.start - baseline, look.window.end, period)
    return _compared(look, lines, series, period)


def scan(look: Look, lines: Sequence[Line], period: timedelta) -> tuple[list[Seen], str]:
    """The same of many lines, of which some may be unreadable, and a caveat that says how many."""
    fetched = fetch_readable(look, lines, look.window.start - BASELINE, look.window.end, period)
    return _compared(look, lines, fetched.series, period), fetched.caveat


def _compared(look: Look, lines: Sequence[Line], series: Sequence[Points | None], period: timedelta) -> list[Seen]:
    minutes = period / timedelta(minutes=1)
    seen: list[Seen] = []
    for line, points in zip(lines, series, strict=True):
        if points:
            count_minutes = minutes if line.metric.counts and line.unit == "Count" else 0
            shift = level_shift(points, look.window.start, count_minutes=count_minutes, direction=line.metric.watch)
            seen.append(Seen(line, points, shift))
    return sorted(seen, key=lambda s: -s.score)


def refine(look: Look, seen: Sequence[Seen], period: timedelta) -> list[Seen]:
    """The same with onsets to the minute, where the series says so."""
    near: dict[tuple[datetime, datetime], list[Seen]] = {}
    for s in seen:
        if (begun := onset_range(s.shift, period)) and look.now - begun[0] < MINUTES_KEPT:
            near.setdefault(begun, []).append(s)
    exact: dict[int, Shift] = {}
    for (start, end), group in near.items():
        fine = fetch(look, [s.line for s in group], start, min(end, look.window.end), timedelta(minutes=1))
        for s, points in zip(group, fine, strict=True):
            exact[id(s)] = replace(s.shift, onset=refine_onset(points, s.shift, period))
    return [replace(s, shift=exact.get(id(s), s.shift)) for s in seen]


def finding_of(seen: Seen, now: datetime) -> Finding:
    """The departure, or the steadiness, as one sentence with its figures."""
    line, shift = seen.line, seen.shift
    attributes = {
        "namespace": line.metric.namespace,
        "metric": line.metric.name,
        "service": line.metric.service,
        "unit": line.unit,
        "baseline": f"{shift.baseline:.4g}",
        "level": f"{shift.level:.4g}",
        "peak": f"{shift.peak:.4g}",
        "factor": f"{shift.factor:.3g}",
        **({"over_since": f"{shift.until:%Y-%m-%dT%H:%M:%SZ}"} if shift.until else {}),
    } | {name: value for name, value in line.dimensions.items() if name in ("Operation", "ClusterName")}
    steady = shift.direction == "steady"
    return Finding(
        kind="metric_steady" if steady else f"metric_{shift.direction}",
        statement=_steady_words(line, shift) if steady else _departure_words(line, shift, now),
        strength=0.35 if steady else seen.score,
        at=shift.onset,
        resource=line.resource,
        attributes=attributes,
    )


def _steady_words(line: Line, shift: Shift) -> str:
    return (
        f"{line.label} of {line.resource}: as usual at {line.amount(shift.level)} "
        f"({line.amount(shift.baseline)} is normal at this time; the highest was {line.amount(shift.peak)})."
    )


def _departure_words(line: Line, shift: Shift, now: datetime) -> str:
    rise = shift.direction == "rise"
    onset = f" at {clock_time(shift.onset, now)}" if shift.onset else ""
    change = f" ({times(shift.factor)} the usual)" if rise else f" ({shift.factor * 100:.0f}% of the usual)"
    if rise and line.amount(shift.baseline).split()[0] == "0":
        change = ""  # how many times nothing?
    over = f", over since {clock_time(shift.until, now)}" if shift.until else ""
    bursts = f", in {shift.runs} separate bursts" if shift.runs > 2 else ""
    return (
        f"{line.label} of {line.resource} {'rose' if rise else 'fell'} from {line.amount(shift.baseline)} to "
        f"{line.amount(shift.level)}{onset}{change}, {'peak' if rise else 'lowest'} {line.amount(shift.peak)}"
        f"{over}{bursts}."
    )


def drawn(look: Look, seen: Seen) -> list[Chart]:
    """The series over the window beside what is usual at this time; counts a minute, as in the findings."""
    line, shift = seen.line, seen.shift
    choose = min if shift.direction == "drop" else max
    unit = "a minute" if line.metric.counts and line.unit == "Count" else line.unit
    charts = over_time(f"{line.label} of {line.resource}", unit, {line.label: seen.points}, look.window, choose=choose)
    if not charts or shift.direction == "steady":
        return charts
    return [beside(charts[0], "usual", shift.baseline)]


def onset_of(seen: Iterable[Seen]) -> datetime | None:
    """When trouble began: the onset of the strongest departure that says something."""
    strongest = max((s for s in seen if s.shift.onset and s.score >= 0.5), key=lambda s: s.score, default=None)
    return strongest.shift.onset if strongest else None
