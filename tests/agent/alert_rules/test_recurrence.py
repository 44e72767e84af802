"""Rhythms that people would name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.alert_rules.recurrence import ordinal, recurrence

VIENNA = "Europe/Vienna"
TUESDAY = date(2026, 11, 3)


def at(day: date, hour: int = 2, minute: int = 0, zone: str = VIENNA) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def said(times: list[datetime], zone: str = VIENNA, wait: float = 0.5) -> str:
    """Hours after the newest one."""
    return recurrence(times, max(times) + timedelta(hours=wait), zone)


def before(days: int, last: date = TUESDAY) -> date:
    return last - timedelta(days=days)


def test_the_same_hour_every_night() -> None:
    nights = [at(before(n), 2, 5 + (7 * n) % 20) for n in range(6)]

    assert said(nights) == "every night around 02:15, 6 nights in a row"


def test_the_clocks_change_and_the_night_is_still_the_same() -> None:
    """Summer time ended on 25 October; one job follows the wall clock, the other UTC."""
    assert said([at(before(n)) for n in range(15)]) == "every night around 02:00, 15 nights in a row"
    in_utc = [at(before(n), 1, zone="UTC") for n in range(15)]
    assert said(in_utc).endswith("15 nights in a row")


def test_around_midnight_a_night_is_one_night() -> None:
    nights = [at(before(n), 23, 50) if n % 2 else at(before(n), 0, 10) + timedelta(days=1) for n in range(6)]

    assert said(nights) == "every night around 00:00, 6 nights in a row"


def test_by_day_it_is_days() -> None:
    assert said([at(before(n), 14) for n in range(3)]) == "every day around 14:00, 3 days in a row"


def test_weekends_do_not_interrupt_weekdays() -> None:
    days = [before(n) for n in range(14) if before(n).weekday() < 5]

    assert said([at(day, 9) for day in days]) == "every weekday around 09:00, 10 weekdays in a row"


def test_the_same_day_every_week() -> None:
    assert said([at(before(7 * n), 4 + n) for n in range(4)]) == "4th Tuesday in a row"


def test_a_weekday_is_no_rhythm_where_every_other_day_has_alerts_too() -> None:
    days = [before(n) for n in range(29) if n % 3 != 1]

    assert "Tuesday" not in said([at(day, 4 + day.day % 17) for day in days])


def test_the_same_day_every_month() -> None:
    months = [at(date(2026, month, 1), 6) for month in (9, 10, 11)]

    assert said(months) == "on the 1st, 3rd month in a row"


@pytest.mark.parametrize(
    ("hours_ago", "words"),
    [
        ([0], ""),
        ([0, 1], "2nd time today"),
        ([0, 3, 6, 9], "4th time today"),
        ([0, 20], "2nd time this week"),
        ([0, 100], ""),
        ([0, 100, 300], "3rd time in 30 days"),
    ],
)
def test_without_a_rhythm_it_is_counted(hours_ago: list[int], words: str) -> None:
    noon = at(before(-1), 12)

    assert said([noon - timedelta(hours=hours) for hours in hours_ago]) == words


def test_an_old_rhythm_is_not_told_of_another_day() -> None:
    times = [at(before(n)) for n in range(6)]

    assert said(times, wait=60) == "2nd time this week"
    assert said(times, wait=24 * 9) == ""
    assert recurrence([], at(TUESDAY), VIENNA) == ""


ZONES = st.sampled_from([VIENNA, "America/Toronto", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "Pacific/Apia"])
DAYS = st.dates(date(2025, 4, 1), date(2027, 4, 1))


@given(DAYS, st.integers(3, 40), st.integers(0, 23), st.integers(0, 59), ZONES)
def test_every_day_at_one_time_is_a_row_in_any_zone_and_season(
    last: date, count: int, hour: int, minute: int, zone: str
) -> None:
    times = [at(before(n, last), hour, minute, zone) for n in range(count)]

    assert f", {count} " in said(times, zone)
    assert said(times, zone).startswith("every ")


@given(DAYS, st.integers(3, 12), st.integers(0, 23), ZONES)
def test_every_week_is_a_row_in_any_zone_and_season(last: date, count: int, hour: int, zone: str) -> None:
    times = [at(before(7 * n, last), hour, 0, zone) for n in range(count)]

    assert said(times, zone).startswith(ordinal(count))
    assert said(times, zone).endswith("day in a row")


MINUTES = st.lists(st.integers(0, 90 * 24 * 60), min_size=1, max_size=60)


@given(MINUTES, ZONES, st.integers(-100, 100_000), st.randoms())
def test_order_and_doubles_do_not_matter_and_nothing_is_too_odd(
    minutes: list[int], zone: str, wait: int, random: Random
) -> None:
    times = [at(TUESDAY) - timedelta(minutes=minute) for minute in minutes]
    now = max(times) + timedelta(minutes=wait)
    shuffled = [*times, *times]
    random.shuffle(shuffled)

    words = recurrence(times, now, zone)

    assert recurrence(shuffled, now, zone) == words
    assert len(words) < 60


@pytest.mark.parametrize(
    ("number", "word"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd")]
)
def test_ordinals(number: int, word: str) -> None:
    assert ordinal(number) == word
