from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from math import cos, pi

import pytest

from agent.baseline import expectation, step_within, typical, usual_high

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


def demand(days: int, seed: int = 1, factor: float = 1.0, since: int = 0) -> list[tuple[datetime, float]]:
    """Half-hourly demand with a day's and a week's season; `factor` applies from day `since` on."""
    chance = random.Random(seed)
    points: list[tuple[datetime, float]] = []
    for index in range(days * 48):
        at = MONDAY + HALF_HOUR * index
        level = 100 * (1.2 - cos((at.hour - 4) / 24 * 2 * pi)) * (0.6 if at.weekday() >= 5 else 1.0)
        points.append((at, level * (factor if index >= since * 48 else 1.0) * (1 + chance.gauss(0, 0.05))))
    return points


@pytest.mark.parametrize("seed", range(5))
def test_two_weeks_of_demand_foretell_every_hour_of_the_third(seed: int):
    points = demand(21, seed)
    expected = expectation(points[: 14 * 48])
    misses = [abs(value - expected(at)) / value for at, value in points[14 * 48 :]]
    assert sorted(misses)[len(misses) // 2] < 0.08
    assert sum(misses) / len(misses) < 0.15


def test_the_weekend_is_foretold_from_weekends():
    expected = expectation(demand(14))
    saturday, tuesday = MONDAY + timedelta(days=19, hours=16), MONDAY + timedelta(days=15, hours=16)
    assert expected(saturday) == pytest.approx(0.6 * expected(tuesday), rel=0.1)


def test_an_incident_of_one_afternoon_does_not_move_what_is_expected():
    clean = demand(14)
    disturbed = [(at, value * 20 if 480 <= index < 490 else value) for index, (at, value) in enumerate(clean)]
    afternoon = MONDAY + timedelta(days=15, hours=2)
    assert expectation(disturbed)(afternoon) == pytest.approx(expectation(clean)(afternoon), rel=0.1)


@pytest.mark.parametrize(("factor", "found"), [(3.0, True), (0.3, True), (1.2, False), (1.0, False)])
def test_only_a_lasting_step_by_half_or_more_is_a_step(factor: float, found: bool):
    step = step_within(demand(14, factor=factor, since=7))
    assert (step == MONDAY + timedelta(days=7)) if found else step is None


def test_hours_never_seen_are_expected_at_the_overall_level():
    office = [point for point in demand(10) if 9 <= point[0].hour < 18]
    assert expectation(office)(MONDAY + timedelta(days=11, hours=3)) == typical(office)


def test_an_empty_baseline_is_typically_nothing():
    assert (typical([]), usual_high([])) == (0.0, 0.0)
