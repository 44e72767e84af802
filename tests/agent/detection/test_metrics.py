"""The detector on one series, as ticks feed it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agent.anomaly import Looked, Shift
from agent.detection.metrics import KEPT, LEARNED, STEP, Track, judge
from agent.detector import Detector

START = datetime(2026, 11, 9, tzinfo=UTC)
Shape = Callable[[datetime], float]


class Series:
    """A week that is learned in one go, and then tick by tick with one new point each."""

    def __init__(self, shape: Shape, watch: Looked = "both", days: float = 7) -> None:
        self.shape, self.watch = shape, watch
        self.end = START + timedelta(days=days)
        points = [(at, shape(at)) for at in _grid(START, self.end)]
        self.track = Track(START).extended(points, self.end)
        self.detector = Detector(LEARNED)
        for at, value in points:
            self.detector.score(at, value)

    def tick(self) -> Shift | None:
        at, self.end = self.end, self.end + STEP
        value = self.shape(at)
        scored = [(at, self.detector.score(at, value))]
        self.track, shift = judge(self.track.extended([(at, value)], self.end), scored, self.watch)
        self.track = Track.of_json(self.track.as_json())
        return shift

    def ticks(self, count: int) -> list[Shift | None]:
        return [self.tick() for _ in range(count)]


def _grid(start: datetime, end: datetime) -> list[datetime]:
    return [start + n * STEP for n in range(int((end - start) / STEP))]


def noisy(level: float, noise: float, seed: int = 1) -> Shape:
    return lambda at: level * (1 + noise * random.Random(f"{seed} {at}").gauss(0, 1))


def daily(level: float, swing: float) -> Shape:
    """Twice as much at noon as at night, with a little noise."""
    flat = noisy(1, 0.03)

    def shape(at: datetime) -> float:
        return flat(at) * (level - swing * math.cos((at.hour + at.minute / 60) / 24 * 2 * math.pi))

    return shape


def changed(shape: Shape, begin: datetime, end: datetime, factor: float) -> Shape:
    return lambda at: shape(at) * (factor if begin <= at < end else 1)


JUMP = START + timedelta(days=7, hours=3)


@pytest.mark.parametrize("shape", [noisy(100, 0.05), daily(100, 40), noisy(5, 0.3), lambda at: 0.0])
def test_half_an_ordinary_day_is_no_anomaly(shape: Shape):
    assert Series(shape).ticks(144) == [None] * 144


@pytest.mark.parametrize("factor", [2.0, 0.3])
def test_a_jump_is_found_within_two_ticks_and_dated(factor: float):
    series = Series(changed(daily(100, 40), JUMP, JUMP + timedelta(hours=2), factor))
    assert series.ticks(36) == [None] * 36
    found = [shift for shift in series.ticks(2) if shift]
    assert found
    assert found[0].direction == ("rise" if factor > 1 else "drop")
    assert series.track.since is not None
    assert abs(series.track.since - JUMP) <= STEP


def test_an_anomaly_lasts_until_the_series_is_as_before():
    series = Series(changed(noisy(100, 0.05), JUMP, JUMP + timedelta(hours=2), 3))
    series.ticks(38)
    assert all(series.ticks(22))
    series.ticks(4)
    assert series.ticks(12) == [None] * 12
    assert series.track.since is None


def test_a_new_level_is_the_new_normal_after_a_day():
    series = Series(changed(noisy(100, 0.05), JUMP, JUMP + timedelta(days=9), 3))
    assert any(series.ticks(40))
    aged = replace(series.track, since=series.track.end - timedelta(days=1, minutes=10))
    assert judge(aged, [], "both") == (replace(aged, since=None), None)


def test_a_drop_of_errors_is_good_news():
    series = Series(changed(noisy(100, 0.05), JUMP, JUMP + timedelta(hours=2), 0.1), "rise")
    assert series.ticks(48) == [None] * 48


def test_a_series_of_less_than_a_day_only_learns():
    series = Series(changed(noisy(100, 0.05), START + timedelta(hours=10), JUMP, 5), days=0.25)
    assert series.ticks(100) == [None] * 100
    assert series.track.learning


def test_a_track_keeps_one_week_and_its_holes():
    track = Track(START).extended([(START, 1.0), (START + 2 * STEP, 3.0)], START + 3 * STEP)
    assert track.points == [(START, 1.0), (START + 2 * STEP, 3.0)]
    later = track.extended([], START + KEPT + STEP)
    assert (later.first, later.end) == (START + STEP, START + KEPT + STEP)
    assert Track.of_json(later.as_json()).points == later.points == [(START + 2 * STEP, 3.0)]
