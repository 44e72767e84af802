"""How much each resource's usage grew: metrics of one kind of usage, added up by resource, before and since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from statistics import mean

from agent.anomaly import level_shift, onset_range, refine_onset
from agent.baseline import Series
from tools.evidence.base import Look
from tools.evidence.cost.usage import Source, Usage
from tools.evidence.metrics.reader import MINUTES_KEPT, Line, fetch
from tools.evidence.names import matches
from tools.evidence.partial import gather

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MIN_HISTORY = timedelta(days=7)
MAX_LISTED = 5000
MAX_LINES = 120
"""More series than that are first compared day by day, which takes a tenth of the points."""
MAX_GROWTHS = 4
MINUTES_A_DAY = 1440
DAILY_METRICS = ("BucketSizeBytes",)

Points = dict[datetime, float]
Subject = tuple[str, str]
"""A resource and its variant, such as a bucket and a storage class."""


@dataclass(frozen=True)
class Read:
    """One metric's series with the source that it comes from."""

    source: Source
    line: Line
    points: Series

    @property
    def resource(self) -> str:
        return self.source.name_of(self.line.dimensions)


@dataclass(frozen=True)
class Growth:
    """One resource's usage, a day or as a level, before and since it grew; `share` is its part of all growth."""

    usage: Usage
    service: str
    resource: str
    variant: str
    before: float
    since: float
    factor: float
    strength: float
    onset: datetime | None
    metrics: tuple[str, ...]
    unit: str
    largest: str = ""
    """The one of its metrics that grew most."""
    share: float = 0.0
    daily: Mapping[date, float] = field(default_factory=dict[date, float])
    """The usage of each day, or its mean level."""


@dataclass(frozen=True)
class Grown:
    """Growths, the largest first, and a caveat when there were more series than can be read."""

    growths: list[Growth]
    caveat: str = ""


def growths_of(look: Look, usage: Usage, resource: str, since: datetime | None) -> Grown:
    """Resources by how much their usage of one kind grew."""
    start = since or look.window.start
    reads, caveat = _read(look, usage, resource, start)
    subjects = _subjects(look, usage, reads)
    found = [_growth(usage, subject, reads, points, start) for subject, points in subjects.items()]
    growth = sum(max(g.since - g.before, 0) for g in found)
    shared = [replace(g, share=max(g.since - g.before, 0) / growth if growth else 0.0) for g in found]
    ranked = sorted(shared, key=lambda g: (-(g.since - g.before), -g.since))[:MAX_GROWTHS]
    dated = [_dated(look, g, _own(reads, (g.resource, g.variant), usage), start) if g.onset else g for g in ranked]
    return Grown(dated, caveat)


def _read(look: Look, usage: Usage, resource: str, start: datetime) -> tuple[list[Read], str]:
    listed = gather({f"{s.namespace} {s.metrics[0]}": partial(_lines, look, s) for s in usage.sources})
    known = [(source, line) for lines in listed.results.values() for source, line in lines]
    # A listing that reached its limit says so, whatever becomes of what it listed.
    cut = any(len(lines) >= MAX_LISTED for lines in listed.results.values())
    caveat = f" Only the first {MAX_LISTED:,} series of {usage.key} usage were compared." if cut else ""
    if resource:
        known = [(source, line) for source, line in known if matches(source.name_of(line.dimensions), resource)]
    origin = min(look.window.start, start - MIN_HISTORY)
    if len(known) > MAX_LINES:
        known = _grown_most(look, known, origin, start)
    period = DAY if any(m in DAILY_METRICS for s in usage.sources for m in s.metrics) else HOUR
    series = fetch(look, [line for _, line in known], origin, look.window.end, period)
    found = [Read(source, line, points) for (source, line), points in zip(known, series, strict=True) if points]
    return found, caveat + listed.caveat


def _grown_most(
    look: Look, known: Sequence[tuple[Source, Line]], origin: datetime, start: datetime
) -> list[tuple[Source, Line]]:
    """The series of the resources that grew most from day to day; all metrics of each."""
    daily = fetch(look, [line for _, line in known], origin, look.window.end, DAY)
    grown: dict[str, float] = defaultdict(float)
    for (source, line), points in zip(known, daily, strict=True):
        grown[source.name_of(line.dimensions)] += _difference(points, start)
    kept = set(sorted(grown, key=lambda name: -grown[name])[: MAX_LINES // 2])
    return [(source, line) for source, line in known if source.name_of(line.dimensions) in kept][:MAX_LINES]


def _lines(look: Look, source: Source) -> list[tuple[Source, Line]]:
    """The series that exist of a source: exactly its dimensions, not coarser or finer ones."""
    found: list[tuple[Source, Line]] = []
    for metric in source.key_metrics:
        listed = look.pages(
            "cloudwatch",
            "list_metrics",
            "Metrics",
            limit=MAX_LISTED,
            Namespace=source.namespace,
            MetricName=metric.name,
        )
        for entry in listed:
            dimensions = {d["Name"]: d["Value"] for d in entry.get("Dimensions", [])}
            if set(dimensions) == set(source.dimensions):
                found.append((source, Line(metric, dimensions)))
    return found


def _subjects(look: Look, usage: Usage, reads: Sequence[Read]) -> dict[Subject, Points]:
    """Usage over time by resource, as the kind of usage counts it."""
    if usage.formula == "gb_seconds":
        return _gb_seconds(look, reads)
    if usage.formula == "largest":
        return _largest(reads)
    total: dict[Subject, Points] = defaultdict(lambda: defaultdict(float))
    for read in reads:
        for at, value in read.points:
            total[read.resource, read.line.dimensions.get(usage.variant, "")][at] += value
    return total


def _largest(reads: Sequence[Read]) -> dict[Subject, Points]:
    """Of series of a resource that overlap, the one that holds most: S3's filter over a whole bucket."""
    filters: dict[tuple[str, str], Points] = defaultdict(lambda: defaultdict(float))
    for read in reads:
        for at, value in read.points:
            filters[read.resource, read.line.dimensions[read.source.dimensions[-1]]][at] += value
    chosen: dict[Subject, Points] = {}
    for (resource, _), points in sorted(filters.items(), key=lambda item: sum(item[1].values())):
        chosen[resource, ""] = points
    return chosen


def _gb_seconds(look: Look, reads: Sequence[Read]) -> dict[Subject, Points]:
    """Invocations times average duration (ms) times memory (MB), which is what Lambda charges for."""
    functions = look.pages("lambda", "list_functions", "Functions", limit=MAX_LISTED)
    memory = {f["FunctionName"]: f["MemorySize"] for f in functions}
    durations = {read.resource: dict(read.points) for read in reads if read.line.metric.name == "Duration"}
    total: dict[Subject, Points] = {}
    for read in reads:
        if read.line.metric.name == "Invocations":
            took, size = durations.get(read.resource, {}), memory.get(read.resource, 128)
            total[read.resource, ""] = {at: n * took.get(at, 0.0) / 1000 * size / 1024 for at, n in read.points}
    return total


def _own(reads: Sequence[Read], subject: Subject, usage: Usage) -> list[Read]:
    return [r for r in reads if (r.resource, r.line.dimensions.get(usage.variant, "")) == subject]


def _growth(
    usage: Usage, subject: Subject, reads: Sequence[Read], points: Mapping[datetime, float], start: datetime
) -> Growth:
    series = sorted(points.items())
    shift = level_shift(series, start)
    rises = shift.direction == "rise"
    began = shift.onset if rises and shift.onset else start
    scale = 1 if usage.level else MINUTES_A_DAY
    before, since = (value * scale for value in _means(series, began))
    own = _own(reads, subject, usage)
    strength = shift.strength if rises else 0.1
    return Growth(
        usage=usage,
        service=own[0].source.service,
        resource=subject[0],
        variant=subject[1],
        before=before,
        since=since,
        factor=since / before if before > 0 else 0.0,
        strength=strength,
        onset=shift.onset if rises else None,
        metrics=own[0].source.metrics,
        unit=usage.unit,
        largest=max(own, key=lambda r: _difference(r.points, began)).line.metric.name,
        daily={day: value * scale for day, value in _by_day(series).items()},
    )


def _by_day(points: Series) -> dict[date, float]:
    """The mean of each day."""
    days: dict[date, list[float]] = defaultdict(list)
    for at, value in points:
        days[at.date()].append(value)
    return {day: mean(values) for day, values in days.items()}


def _means(points: Series, began: datetime) -> tuple[float, float]:
    before = [value for at, value in points if at < began]
    since = [value for at, value in points if at >= began]
    return mean(before or [0.0]), mean(since or [0.0])


def _difference(points: Series, began: datetime) -> float:
    before, since = _means(points, began)
    return since - before


def _dated(look: Look, growth: Growth, own: Sequence[Read], start: datetime) -> Growth:
    """The same with its onset to the minute, from the one of its metrics that moved."""
    shifts = [(read.line, level_shift(read.points, start, direction="rise")) for read in own]
    line, shift = max(shifts, key=lambda pair: pair[1].strength)
    begun = onset_range(shift, HOUR)
    if begun is None or line.metric.name in DAILY_METRICS:
        return growth
    step = timedelta(minutes=1 if look.now - begun[0] < MINUTES_KEPT else 5)
    fine = fetch(look, [line], begun[0], min(begun[1], look.window.end), step)[0]
    return replace(growth, onset=refine_onset(fine, shift, HOUR))
