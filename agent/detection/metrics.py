"""One metric, tick by tick: the streaming detector says that something happened, its own past says what.

The detector (agent/detector.py) is fed each new point once. What it reports is believed when the points since then
depart from the week before (agent/anomaly.py): the first is quick, the second knows hours, weekends and noise. An
anomaly lasts until the latest points are as the week before it, or until it is a day old and the new normal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.anomaly import Looked, Shift, level_shift
from agent.baseline import Series
from agent.detector import ALERTING

STEP = timedelta(minutes=5)
KEPT = timedelta(days=7)
LEARNED = 288
"""Points: a day. Before that nothing is an anomaly."""
CANDIDATE = timedelta(minutes=30)
"""So long what the detector reported may take to show."""
LATEST = 3
"""Points that tell whether an anomaly goes on."""
AT_ONCE, BELIEVED, STILL = 0.6, 0.4, 0.3
"""Strengths: the first with one point, or the second with several, is an anomaly; below the third it is over."""
NEW_NORMAL = timedelta(days=1)
OLD = timedelta(hours=6)
"""What began so long before the detector spoke was there all along, and is nothing new."""


@dataclass(frozen=True)
class Track:
    """The points of a series on a grid of five minutes, NaN where there is none, and what is going on."""

    first: datetime
    values: tuple[float, ...] = ()
    reported: datetime | None = None
    """When the detector last reported something that did not show yet."""
    since: datetime | None = None
    """When the anomaly that lasts began."""

    @property
    def end(self) -> datetime:
        """The first moment that is not in it."""
        return self.first + len(self.values) * STEP

    @property
    def points(self) -> Series:
        found = enumerate(self.values)
        return [(self.first + n * STEP, value) for n, value in found if value == value]

    @property
    def learning(self) -> bool:
        return len(self.points) < LEARNED

    def extended(self, points: Series, end: datetime) -> Track:
        """With the points up to `end`, without those that are older than a week."""
        values = dict(points)
        more = tuple(values.get(self.end + n * STEP, float("nan")) for n in range(max((end - self.end) // STEP, 0)))
        every = (*self.values, *more)
        surplus = max(len(every) - KEPT // STEP, 0)
        return replace(self, first=self.first + surplus * STEP, values=every[surplus:])

    def as_json(self) -> dict[str, Any]:
        return {
            "first": self.first.isoformat(),
            "values": [float(f"{value:.5g}") if value == value else None for value in self.values],
            "reported": self.reported.isoformat() if self.reported else "",
            "since": self.since.isoformat() if self.since else "",
        }

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> Track:
        return cls(
            datetime.fromisoformat(kept["first"]).astimezone(UTC),
            tuple(float("nan") if value is None else float(value) for value in kept["values"]),
            datetime.fromisoformat(kept["reported"]) if kept["reported"] else None,
            datetime.fromisoformat(kept["since"]) if kept["since"] else None,
        )


def judge(
    track: Track, scored: Sequence[tuple[datetime, float]], watch: Looked, count_minutes: float = 0
) -> tuple[Track, Shift | None]:
    """The track after new points with their scores (none of them while it learns), and the anomaly that there is.

    `watch` and `count_minutes` are those of `agent.anomaly.level_shift`.
    """
    if track.learning:
        return track, None
    if track.since is not None:
        shift = _going_on(track, track.since, watch, count_minutes)
        return (track, shift) if shift else (replace(track, since=None, reported=None), None)
    hits = [at for at, score in scored if score >= ALERTING]
    reported = hits[0] if hits and track.reported is None else track.reported
    if reported is None:
        return track, None
    shift = level_shift(track.points, reported - STEP, count_minutes=count_minutes, direction=watch)
    lasts = shift.direction != "steady" and shift.strength >= BELIEVED and shift.until is None
    recent = shift.onset is not None and reported - shift.onset < OLD
    if lasts and recent and (shift.strength >= AT_ONCE or _confirmed(track, reported, watch, count_minutes)):
        return replace(track, reported=None, since=shift.onset), shift
    gone = track.end - reported > CANDIDATE
    return replace(track, reported=None if gone else reported), None


def _confirmed(track: Track, reported: datetime, watch: Looked, count_minutes: float) -> bool:
    """Whether the points after the one that was reported depart, too: many a series has a single spike now and then."""
    points = track.points
    before = [point for point in points if point[0] < reported - STEP]
    after = [point for point in points if point[0] > reported]
    if not before or not after:
        return False
    shift = level_shift([*before, *after], after[0][0], count_minutes=count_minutes, direction=watch)
    return shift.direction != "steady" and shift.strength >= STILL and shift.until is None


def _going_on(track: Track, since: datetime, watch: Looked, count_minutes: float) -> Shift | None:
    """How the latest points depart from the time before the anomaly; None when they do not, or it is the new normal."""
    if track.end - since > NEW_NORMAL:
        return None
    points = track.points
    start = track.end - LATEST * STEP
    latest = [point for point in points if point[0] >= start]
    before = [point for point in points if point[0] < since]
    if not latest or not before:
        return None
    shift = level_shift([*before, *latest], start, count_minutes=count_minutes, direction=watch)
    return shift if shift.direction != "steady" and shift.strength >= STILL else None
