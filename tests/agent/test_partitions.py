"""Dated keys know their other days, and what is usual among them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from agent.partitions import arrivals, dated

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("key", "other", "folder"),
    [
        ("raw/dt=2026-11-20/part-0.parquet", "raw/dt=2026-11-03/part-0.parquet", "raw/dt=2026-11-03"),
        ("out/2026/11/20/x_20261120.csv", "out/2026/11/03/x_20261103.csv", "out/2026/11/03"),
        ("a/year=2026/month=11/day=20/f.json", "a/year=2026/month=11/day=03/f.json", "a/year=2026/month=11/day=03"),
        ("x/20261120.csv.gz", "x/20261103.csv.gz", "x/20261103"),
    ],
)
def test_a_dated_key_is_moved_to_another_day(key: str, other: str, folder: str):
    found = dated(key)
    assert found is not None
    assert found.day == DAY
    assert found.on(date(2026, 11, 3)) == other
    assert found.folder(date(2026, 11, 3)) == folder


@pytest.mark.parametrize("key", ["config/settings.json", "a/2026-13-40/x", "id/9920261120999/x"])
def test_a_key_without_a_day_is_not_dated(key: str):
    assert dated(key) is None


def test_the_usual_arrival_is_the_median_of_the_days_before():
    days = [DAY - timedelta(days=n) for n in range(1, 8)]
    came = [(day, datetime(day.year, day.month, day.day, 2, 10 + i, tzinfo=UTC)) for i, day in enumerate(days)]
    habit = arrivals(came, looked=14)
    assert habit is not None
    assert habit.expected(DAY) == datetime(2026, 11, 20, 2, 13, tzinfo=UTC)
    assert habit.tolerance == timedelta(minutes=30)
    assert (habit.days, habit.looked) == (7, 14)


def test_two_days_are_no_habit():
    assert arrivals([(DAY, datetime(2026, 11, 20, 2, tzinfo=UTC))] * 2, looked=14) is None
