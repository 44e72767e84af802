from __future__ import annotations

import math
import pickle
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.anomaly import make_detector
from agent.detector import ALERTING, Detector

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)  # a Monday
STEP = timedelta(minutes=5)
DAY = 288
PROBATION = 600
MARGIN = 8
"""For machines that are slow or busy."""


def scores(values: Sequence[float], probation: int = PROBATION, step: timedelta = STEP) -> list[float]:
    detector = make_detector(probation)
    return [detector(BEGIN + step * index, value) for index, value in enumerate(values)]


def detections(values: Sequence[float], probation: int = PROBATION, step: timedelta = STEP) -> list[int]:
    return [index for index, score in enumerate(scores(values, probation, step)) if score >= ALERTING]


def noise(length: int, level: float = 50.0, spread: float = 2.0, seed: int = 1) -> list[float]:
    chance = random.Random(seed)
    return [chance.gauss(level, spread) for _ in range(length)]


def changed(values: Sequence[float], first: int, last: int, change: Callable[[float], float]) -> list[float]:
    return [change(value) if first <= index < last else value for index, value in enumerate(values)]


@pytest.mark.parametrize(
    ("anomaly", "change", "long", "within"),
    [
        ("a spike", lambda value: value + 40, 1, 1),
        ("a dip", lambda value: value - 40, 1, 1),
        ("a level shift up", lambda value: value + 12, 1000, 6),
        ("a level shift down", lambda value: value - 12, 1000, 6),
        ("a small lasting shift", lambda value: value + 4, 1000, 12),
        ("a far rougher series", lambda value: 50 + 5 * (value - 50), 200, 24),
        ("a flat line", lambda value: 50.0, 200, 30),
    ],
)
def test_the_first_detection_of_a_change_comes_soon(
    anomaly: str, change: Callable[[float], float], long: int, within: int
):
    values = changed(noise(3000), 2000, 2000 + long, change)
    after = [index for index in detections(values) if index >= 2000]
    assert after, anomaly
    assert after[0] < 2000 + within


def test_the_missing_bump_of_a_day_is_found_though_every_value_of_it_is_usual():
    chance = random.Random(3)
    day = lambda index: (80 if DAY * 3 / 8 <= index % DAY < DAY * 3 / 4 else 20) + chance.gauss(0, 2)  # noqa: E731
    values = [day(index) for index in range(DAY * 14)]
    missing = changed(values, DAY * 10, DAY * 11, lambda _: 20 + chance.gauss(0, 2))
    noon = range(DAY * 10 + DAY * 3 // 8, DAY * 11)
    assert [index for index in detections(missing) if index in noon]
    assert not [index for index in detections(values) if index in noon]


@pytest.mark.parametrize(
    ("series", "most"),
    [
        ("normal noise", 3),
        ("heavy tails", 6),
        ("drift", 5),
        ("whole numbers", 3),
        ("constant", 0),
        ("a square wave", 2),
    ],
)
def test_harmless_series_give_few_detections(series: str, most: int):
    chance = random.Random(7)
    levels: dict[str, Callable[[int], float]] = {
        "normal noise": lambda _: chance.gauss(0, 1),
        "heavy tails": lambda _: chance.paretovariate(2.5),
        "drift": lambda index: index / 200 + chance.gauss(0, 3),
        "whole numbers": lambda _: float(chance.randint(0, 4)),
        "constant": lambda _: 45.0,
        "a square wave": lambda index: 80.0 if index // 144 % 2 else -20.0,
    }
    assert len(detections([levels[series](index) for index in range(4000)])) <= most


def test_its_memory_is_bounded():
    detector = Detector(PROBATION)
    for index, value in enumerate(noise(9000)):
        detector.score(BEGIN + STEP * index, value)
    assert len(pickle.dumps(detector)) < 500_000


def test_nothing_is_reported_while_it_learns():
    values = changed(noise(700), 300, 310, lambda value: value * 10)
    assert not any(scores(values)[:PROBATION])


def test_what_goes_on_is_reported_once_and_what_is_far_rarer_again():
    values = changed(noise(3000), 2000, 2040, lambda value: value + 25)
    lasting = [index for index in detections(values) if 2000 <= index < 2150]
    assert len(lasting) <= 3
    worse = changed(values, 2030, 2033, lambda value: value + 4000)
    assert 2030 in detections(worse)


def test_missing_values_score_nothing_and_leave_no_trace():
    values = noise(1500)
    with_holes = make_detector(PROBATION)
    found: list[float] = []
    for index, value in enumerate(values):
        if index % 7 == 0:
            assert with_holes(BEGIN + STEP * index, math.nan) == 0
        found.append(with_holes(BEGIN + STEP * index, value))
    assert found == scores(values)


def test_it_keeps_up_with_twenty_thousand_points_a_second():
    values = noise(6000)
    began = time.process_time()
    scores(values, 750)
    assert 6000 / (time.process_time() - began) > 20_000 / MARGIN


numbers = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-3, 3).map(float),
    st.sampled_from([0.0, -0.0, 1e308, -1e308, 5e-324, 1e150]),
)
times = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))


@given(st.lists(st.tuples(times, numbers), max_size=120), st.integers(-1, 30))
@settings(max_examples=60, deadline=None)
def test_every_score_of_any_series_lies_between_0_and_1(points: list[tuple[datetime, float]], probation: int):
    detector = make_detector(probation)
    assert all(0 <= detector(at, value) <= 1 for at, value in points)


@given(st.lists(numbers, min_size=1, max_size=200), st.lists(numbers, max_size=50), st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_the_scores_of_a_prefix_do_not_depend_on_what_follows(before: list[float], after: list[float], probation: int):
    assert scores(before + after, probation)[: len(before)] == scores(before, probation)


@given(st.integers(0, 10_000), st.floats(-1000, 1000), st.sampled_from([0.01, 0.5, 3.0, 1000.0]))
@settings(max_examples=10, deadline=None)
def test_another_unit_or_origin_does_not_change_the_detection(seed: int, shift: float, factor: float):
    """Rounding may move what is barely worth a mention; it does not move what is worth an alert."""
    values = changed(noise(900, seed=seed), 700, 720, lambda value: value + 20)
    here, there = scores(values, 300), scores([(value + shift) * factor for value in values], 300)
    assert max(there) == pytest.approx(max(here), abs=0.03)
    assert there.index(max(there)) == here.index(max(here))
