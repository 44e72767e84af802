"""Our own detector on the metrics that a team lists: each new point is fed once, 500 series in a call.

What is remembered of a series is its last week on a grid of five minutes. It is written down once an hour, and when
something begins or ends: CloudWatch charges by series and not by points, so reading an hour again is free.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.anomaly import Shift
from agent.baseline import Series
from agent.detection.alarms import echoes
from agent.detection.alerts import own_alert, severity_of
from agent.detection.episodes import Anomaly
from agent.detection.metrics import KEPT, LEARNED, STEP, Track, judge
from agent.detection.watchlist import MAX_METRICS
from agent.detector import Detector
from agent.errors import BudgetExceeded
from agent.figures import times
from agent.models import Alert, TimeRange
from agent.times import clock_time
from tools.detection.base import METRIC_USD, Round
from tools.detection.grid import whole_periods
from tools.detection.series import Watched, read_expression, readable
from tools.evidence import console
from tools.evidence.failures import EXPECTED
from tools.evidence.metrics.reader import Fetched, fetch_readable

LISTED_SECONDS = 3600
FED_SECONDS = 3600
WRITTEN = timedelta(hours=1)
Points = Sequence[tuple[datetime, float]]


@dataclass
class _Fed:
    """A detector that has seen a track up to `end`."""

    detector: Detector
    end: datetime


def detect(tick: Round) -> list[Alert]:
    """Departures of the listed series from their own past. A series that is seen for the first time only teaches."""
    if not tick.watch.metrics:
        return []
    end = whole_periods(tick.look.now, STEP)
    learning = not tick.memories.get(tick.key("episodes"))
    seen: list[Anomaly] = []
    judged: set[str] = set()
    new = 0
    for watched, track, points in _tracks(tick, end):
        if points is None:
            continue
        judged.add(watched.id)
        new += not track.values
        if anomaly := _judged(tick, watched, track, points, end):
            seen.append(anomaly)
    if new:
        tick.learned.append(f"{new} metrics")
    return tick.told(
        seen,
        learning=learning,
        quiet=lambda anomaly: echoes(anomaly.alert, tick.known, tick.firing),
        unread=lambda subject: bool(tick.gaps) and subject not in judged,
    )


def _tracks(tick: Round, end: datetime) -> Iterable[tuple[Watched, Track, Series | None]]:
    """Each series with what is remembered of it and its points since; None where they could not be read."""
    look = tick.look
    key = tick.key("listed")
    entries = tick.watch.metrics
    listed, failed = look.cache.fetch(key, LISTED_SECONDS, lambda: readable(look, entries), lambda found: not found[1])
    for what, error in failed:
        tick.missed(what, error)
    by_start: dict[datetime, list[tuple[Watched, Track]]] = defaultdict(list)
    for watched in listed:
        track = _remembered(tick, watched, end)
        by_start[track.end].append((watched, track))
    for start, group in by_start.items():
        yield from _fetched(tick, group, start, end)
    for entry in entries:
        if entry.search or entry.query:
            try:
                results = read_expression(look, entry, end - KEPT, end, STEP)
            except EXPECTED as error:
                tick.missed(f"metrics of {(entry.search or entry.query)[:60]}", error)
                continue
            look.scanned(0, len(results) * METRIC_USD)
            for result in results[:MAX_METRICS]:
                track = _remembered(tick, result.watched, end)
                yield result.watched, track, _rates(result.watched, result.points, track.end, end)


def _fetched(
    tick: Round, group: Sequence[tuple[Watched, Track]], start: datetime, end: datetime
) -> Iterable[tuple[Watched, Track, Series | None]]:
    if start >= end:
        yield from ((watched, track, ()) for watched, track in group)
        return
    cost = len(group) * METRIC_USD
    try:
        tick.look.budget.spend(usd=cost)
        tick.look.usd += cost
        fetched = fetch_readable(tick.look, [watched.line for watched, _ in group], start, end, STEP)
    except BudgetExceeded as error:
        fetched = Fetched([None] * len(group), error)
    if fetched.error:
        tick.missed(f"{sum(points is None for points in fetched.series)} metrics", fetched.error)
    for (watched, track), points in zip(group, fetched.series, strict=True):
        yield watched, track, points


def _rates(watched: Watched, points: Points, start: datetime, end: datetime) -> Series:
    """The points since `start`; sums as rates a minute, of which a missing one is zero."""
    if not watched.line.metric.counts:
        return [(at, value) for at, value in points if start <= at < end]
    values, minutes = dict(points), STEP / timedelta(minutes=1)
    grid = (start + n * STEP for n in range(max((end - start) // STEP, 0)))
    return [(at, values.get(at, 0.0) / minutes) for at in grid]


def _remembered(tick: Round, watched: Watched, end: datetime) -> Track:
    """What is known of a series; nothing of one that was not looked at for a week."""
    kept = tick.memories.get(tick.key(watched.id))
    track = Track.of_json(kept) if kept else Track(end - KEPT)
    return track if end - track.end < KEPT else Track(end - KEPT)


def _judged(tick: Round, watched: Watched, track: Track, points: Series, end: datetime) -> Anomaly | None:
    metric = watched.line.metric
    longer = track.extended(points, end)
    scored = [] if len(track.points) < LEARNED else _scored(tick, watched, track, points, end)
    minutes = STEP / timedelta(minutes=1) if metric.counts and metric.unit in ("Count", "None") else 0
    judged, shift = judge(longer, scored, metric.watch, minutes)
    if not track.values or end - track.end >= WRITTEN or _changed(track, judged):
        tick.memories.put(tick.key(watched.id), judged.as_json())
    return _anomaly(tick, watched, judged, shift) if shift else None


def _changed(before: Track, after: Track) -> bool:
    return (before.reported, before.since) != (after.reported, after.since)


def _scored(tick: Round, watched: Watched, track: Track, points: Series, end: datetime) -> list[tuple[datetime, float]]:
    """The detector's score of each point that it has not seen yet."""
    key = tick.key("fed", watched.id)
    begin: Callable[[], _Fed] = lambda: _replayed(track)  # noqa: E731 - its type is what it is here for
    fed = tick.look.cache.fetch(key, FED_SECONDS, begin)
    if not track.end <= fed.end <= end:
        tick.look.cache.forget(key)
        fed = tick.look.cache.fetch(key, FED_SECONDS, begin)
    scored = [(at, fed.detector.score(at, value)) for at, value in sorted(points) if at >= fed.end]
    fed.end = end
    return scored


def _replayed(track: Track) -> _Fed:
    detector = Detector(LEARNED)
    for at, value in track.points:
        detector.score(at, value)
    return _Fed(detector, track.end)


def _anomaly(tick: Round, watched: Watched, track: Track, shift: Shift) -> Anomaly:
    """The departure as an alert. Rates and levels are in the words of the evidence tools."""
    look, line = tick.look, watched.line
    onset = track.since or shift.onset or look.now
    rises = shift.direction == "rise"
    level, usual = line.amount(shift.level), line.amount(shift.baseline)
    title = f"{line.label} of {line.resource} is unusually {'high' if rises else 'low'}"
    text = (
        f"{line.label} of {line.resource} {'rose' if rises else 'fell'} to {level} at {clock_time(onset, look.now)}; "
        f"by its last week, {usual} is usual at this time{_comparison(shift)}."
    )
    span = TimeRange(start=onset - timedelta(hours=3), end=look.now)
    metric = line.metric
    link = console.metric_graph(look.aws, metric.namespace, metric.name, line.dimensions, span, metric.statistic)
    alert = own_alert(
        "metrics",
        f"{look.aws.label}:{look.aws.region}:{watched.id}",
        title,
        text,
        onset,
        tick.resource(metric.service, line.resource),
        severity=severity_of(shift.strength * metric.weight),
        metric=metric.name,
        value=level,
        threshold=f"usually {usual}",
        link=link if not watched.expression else console.metrics_search(look.aws, line.resource),
    )
    return Anomaly(watched.id, alert)


def _comparison(shift: Shift) -> str:
    """How many times more or less; nothing where there was next to nothing before, or is now."""
    if not shift.baseline or not shift.level:
        return ""
    rises = shift.direction == "rise"
    factor = shift.level / shift.baseline if rises else shift.baseline / shift.level
    return f" ({times(factor)} {'more' if rises else 'less'})" if factor > 0 else ""
