import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import cos, pi

import pytest

from agent.anomaly import level_shift, refine_onset

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)  # a Wednesday
START = NOW - timedelta(hours=3)
STEP = timedelta(minutes=5)


def series(
    level: Callable[[datetime], float], noise: float = 0.05, days: float = 8, step: timedelta = STEP, seed: int = 1
) -> list[tuple[datetime, float]]:
    """Points up to NOW around a level, with relative noise."""
    chance = random.Random(seed)
    times = [NOW - step * n for n in range(int(timedelta(days=days) / step), 0, -1)]
    return [(at, level(at) * (1 + chance.gauss(0, noise))) for at in times]


def daily(mean: float) -> Callable[[datetime], float]:
    """A day's season: 40% above the mean at 14:00, below it at 02:00."""
    return lambda at: mean * (1 + 0.4 * cos((at.hour + at.minute / 60 - 14) / 24 * 2 * pi))


def after(onset: datetime, factor: float, level: Callable[[datetime], float]) -> Callable[[datetime], float]:
    return lambda at: level(at) * (factor if at >= onset else 1)


def test_a_threefold_rise_is_found_at_its_onset_with_its_size():
    onset = NOW - timedelta(minutes=45)
    shift = level_shift(series(after(onset, 3, daily(200))), START)
    assert shift.direction == "rise"
    assert abs(shift.onset - onset) <= STEP  # type: ignore[operator]
    assert shift.factor == pytest.approx(3, rel=0.15)
    assert shift.strength > 0.75
    assert shift.until is None


def test_a_drop_to_a_tenth_is_unmistakable():
    shift = level_shift(series(after(NOW - timedelta(minutes=60), 0.1, daily(200))), START)
    assert (shift.direction, shift.until) == ("drop", None)
    assert shift.strength > 0.85


@pytest.mark.parametrize("seed", range(20))
def test_a_series_with_its_usual_season_and_noise_is_steady(seed: int):
    shift = level_shift(series(daily(200), noise=0.1, seed=seed), START)
    assert shift.direction == "steady"
    assert shift.strength < 0.2


def test_the_morning_rise_of_every_day_is_no_anomaly_though_it_is_threefold():
    morning = NOW.replace(hour=9)
    office = series(lambda at: 300 if 9 <= at.hour < 18 else 100)
    until_ten = [point for point in office if point[0] < morning + timedelta(hours=1)]
    assert level_shift(until_ten, morning - timedelta(hours=1)).direction == "steady"


def test_a_quiet_weekend_is_compared_with_the_last_weekend():
    weekly = series(lambda at: 100 if at.weekday() >= 5 else 300, days=12)
    saturday = datetime(2026, 11, 14, 12, tzinfo=UTC)
    until_saturday = [point for point in weekly if point[0] < saturday]
    assert level_shift(until_saturday, saturday - timedelta(hours=3)).direction == "steady"


def test_errors_where_there_were_none_have_a_finite_factor():
    onset = NOW - timedelta(minutes=30)
    shift = level_shift([(at, 40.0 if at >= onset else 0.0) for at, _ in series(daily(1))], START, count_minutes=5)
    assert shift.strength > 0.85
    assert 10 < shift.factor < 1e6
    assert shift.onset == onset


def test_a_handful_of_counts_more_is_chance():
    few = [(at, value) for at, value in series(lambda _: 0.4, noise=0.0)]
    few[-3:] = [(at, 0.8) for at, _ in few[-3:]]
    assert level_shift(few, START, count_minutes=5).direction == "steady"


def test_trouble_that_began_before_the_window_is_dated_before_the_window():
    onset = START - timedelta(hours=2)
    shift = level_shift(series(after(onset, 4, daily(100))), START)
    assert abs(shift.onset - onset) <= 2 * STEP  # type: ignore[operator]


def test_a_slow_climb_is_dated_where_it_starts_to_lean():
    onset = NOW - timedelta(minutes=90)
    climb = series(lambda at: 100 + max((at - onset).total_seconds() / 60, 0) * 4, noise=0.03)
    shift = level_shift(climb, START)
    assert shift.direction == "rise"
    assert timedelta(0) <= shift.onset - onset <= 4 * STEP  # type: ignore[operator]


def test_a_departure_that_is_over_says_when():
    first, last = NOW - timedelta(minutes=120), NOW - timedelta(minutes=60)
    shift = level_shift(series(lambda at: 900 if first <= at <= last else 100), START)
    assert (shift.onset, shift.until) == (first, last)


def test_pulses_that_happen_all_week_are_normal_and_pulses_only_today_are_counted():
    pulse = lambda at: 500 if at.minute < 10 else 100  # noqa: E731 -- a level
    assert level_shift(series(pulse), START).direction == "steady"
    today = level_shift(series(lambda at: pulse(at) if at >= START else 100), START)
    assert today.runs == 3


def test_an_incident_of_last_week_does_not_hide_todays():
    old = NOW - timedelta(days=4)
    shift = level_shift(
        series(lambda at: 1000 if old <= at < old + timedelta(hours=2) or at >= NOW - timedelta(hours=1) else 100),
        START,
    )
    assert shift.direction == "rise"


def test_only_the_asked_direction_is_reported():
    points = series(after(NOW - timedelta(minutes=60), 0.1, daily(200)))
    assert level_shift(points, START, direction="rise").direction == "steady"


def test_a_daily_series_is_compared_by_kind_of_day():
    level = lambda at: (300 if at >= NOW - timedelta(days=3) else 100) * (0.3 if at.weekday() >= 5 else 1)  # noqa: E731
    days = series(level, days=28, step=timedelta(days=1), noise=0.02)
    shift = level_shift(days, NOW - timedelta(days=14))
    assert shift.direction == "rise"
    assert shift.onset == NOW - timedelta(days=3)
    assert shift.factor == pytest.approx(3, rel=0.2)


def test_a_series_without_a_past_is_compared_with_its_own_beginning():
    young = series(after(NOW - timedelta(minutes=30), 5, lambda _: 100), days=0.1)
    assert level_shift(young, NOW - timedelta(hours=24)).direction == "rise"


def test_no_points_at_all_are_steady_at_nothing():
    assert level_shift([], START).strength == 0


def test_the_onset_is_refined_to_the_minute():
    onset = NOW - timedelta(minutes=43)
    shift = level_shift(series(after(onset, 6, daily(100))), START)
    minutes = series(after(onset, 6, daily(100)), days=0.2, step=timedelta(minutes=1))
    assert refine_onset(minutes, shift, STEP) == onset


@pytest.mark.parametrize("seed", range(20))
def test_a_slow_rise_is_dated_where_it_leaves_what_is_normal_whatever_chance_came_before(seed: int):
    """The five minutes before it lean upwards in some of these, by chance."""
    onset = NOW - timedelta(minutes=56)

    def filling(at: datetime) -> float:
        return 60 + 130 * min(max((at - onset) / timedelta(minutes=22), 0), 1)

    minutes = series(filling, noise=0.07, step=timedelta(minutes=1), seed=seed)
    highest = [(minutes[i][0], max(value for _, value in minutes[i : i + 5])) for i in range(0, len(minutes), 5)]
    shift = level_shift(highest, START)
    begun = refine_onset(minutes, shift, STEP)

    assert begun is not None
    assert -timedelta(minutes=1) <= begun - onset <= timedelta(minutes=5)


def test_a_shift_that_began_days_before_the_window_is_found_at_its_day():
    onset = NOW - timedelta(days=3, hours=4)
    shift = level_shift(series(after(onset, 8, daily(100))), START)
    assert shift.direction == "rise"
    assert shift.factor == pytest.approx(8, rel=0.15)
    assert abs(shift.onset - onset) < timedelta(hours=1)  # type: ignore[operator]


def test_busy_weekdays_after_a_quiet_weekend_are_no_step():
    weekly = series(lambda at: 40 if at.weekday() >= 5 else 100)
    assert level_shift(weekly, START).direction == "steady"
