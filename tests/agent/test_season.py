from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent.season import Season

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)


def learned(days: int) -> Season:
    """Hourly: the hour of the day on weekdays, a tenth of it at weekends."""
    season = Season()
    for hour in range(24 * days):
        at = MONDAY + timedelta(hours=hour)
        season.add(at, at.hour * (0.1 if at.weekday() >= 5 else 1.0))
    return season


def test_nothing_is_expected_before_two_days_have_been_seen():
    assert learned(1).expected(MONDAY + timedelta(days=1, hours=5)) is None


def test_from_the_third_day_the_time_of_day_is_known():
    assert learned(2).expected(MONDAY + timedelta(days=2, hours=5)) == 5


def test_from_the_third_week_the_weekday_counts():
    saturday = MONDAY + timedelta(days=19, hours=20)
    assert learned(7).expected(saturday - timedelta(days=7)) == 20
    assert learned(19).expected(saturday) == 2


def test_one_odd_day_changes_nothing():
    season = learned(5)
    season.add(MONDAY + timedelta(days=5, hours=5), 1e9)
    assert season.expected(MONDAY + timedelta(days=6, hours=5)) == 5


def test_points_of_the_day_itself_are_not_expected_by_it():
    season = learned(3)
    at = MONDAY + timedelta(days=3, hours=5)
    season.add(at, 1e9)
    assert season.expected(at + timedelta(minutes=10)) == 5
