"""Windows of time as people write them, also when the clocks are changed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.safety.policy.windows import open_until, window

BERLIN = "Europe/Berlin"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at", "until"),
    [
        ("fri 16:00 - mon 08:00 Europe/Berlin", "2026-11-20 14:59", None),
        ("fri 16:00 - mon 08:00 Europe/Berlin", "2026-11-20 15:00", "2026-11-23 07:00"),
        ("fri 16:00 - mon 08:00 Europe/Berlin", "2026-11-23 06:59", "2026-11-23 07:00"),
        ("fri 16:00 - mon 08:00 Europe/Berlin", "2026-11-23 07:00", None),
        ("friday 16:00–monday 08:00", "2026-11-22 00:00", "2026-11-23 08:00"),
        ("weekdays 09:00 - 17:00 America/New_York", "2026-11-18 14:00", "2026-11-18 22:00"),
        ("weekdays 09:00 - 17:00 America/New_York", "2026-11-21 15:00", None),
        ("mon-thu 22:00-06:00", "2026-11-20 05:59", "2026-11-20 06:00"),
        ("sun 22:00 - 06:00", "2026-11-23 05:00", "2026-11-23 06:00"),
        ("2026-12-23 18:00 - 2027-01-04 08:00 Asia/Kolkata", "2026-12-23 12:30", "2027-01-04 02:30"),
        ("2026-12-23 18:00 - 2027-01-04 08:00 Asia/Kolkata", "2027-01-04 02:30", None),
        ("2026-12-24 - 2026-12-26", "2026-12-26 23:59", "2026-12-27 00:00"),
        ("2026-12-24 - 2026-12-26", "2026-12-27 00:00", None),
    ],
)
def test_a_window_is_open_from_its_start_to_just_before_its_end(text: str, at: str, until: str | None) -> None:
    assert window(text).open_until(utc(at), "UTC") == (utc(until) if until else None)


@pytest.mark.parametrize("weeks", [0, 1, 30])
def test_a_weekly_window_follows_the_clocks_on_the_wall_through_the_year(weeks: int) -> None:
    """The 25th of October is winter's first day in Berlin: 16:00 there is 14:00 UTC before, 15:00 after."""
    friday = utc("2026-10-16 14:00") + timedelta(weeks=weeks)
    summer = weeks != 1 or friday < utc("2026-10-25 01:00")
    opens = friday if summer else friday + timedelta(hours=1)

    frozen = window("fri 16:00 - mon 08:00").open_until(opens, BERLIN)

    assert frozen is not None
    assert window("fri 16:00 - mon 08:00").open_until(opens - timedelta(minutes=61), BERLIN) is None


def test_a_weekend_on_which_the_clocks_go_back_is_an_hour_longer() -> None:
    weekend = window("fri 16:00 - mon 08:00 Europe/Berlin")

    assert weekend.open_until(utc("2026-10-23 14:00"), "UTC") == utc("2026-10-26 07:00")
    assert weekend.open_until(utc("2026-10-23 13:59"), "UTC") is None


def test_of_two_readings_of_the_clock_a_freeze_takes_both_and_a_permission_neither() -> None:
    """On 25 October 2026 it is 02:30 in Berlin at 00:30 and again at 01:30 UTC."""
    ends, begins = window("sun 00:00 - 02:30 Europe/Berlin"), window("sun 02:30 - 05:00 Europe/Berlin")
    between = utc("2026-10-25 01:00")

    assert ends.open_until(between, "UTC") == utc("2026-10-25 01:30")
    assert ends.open_until(between, "UTC", wide=False) is None
    assert begins.open_until(between, "UTC") == utc("2026-10-25 04:00")
    assert begins.open_until(between, "UTC", wide=False) is None


def test_a_time_that_the_clock_never_shows_makes_a_freeze_longer() -> None:
    """On 28 March 2027 it is 03:00 in Berlin right after 01:59: at 01:00 UTC."""
    begins, ends = window("sun 02:30 - 05:00 Europe/Berlin"), window("sun 01:00 - 02:30 Europe/Berlin")

    assert begins.open_until(utc("2027-03-28 01:00"), "UTC") is not None
    assert ends.open_until(utc("2027-03-28 01:00"), "UTC") is not None


def test_windows_that_follow_each_other_are_told_as_one() -> None:
    christmas = [window("2026-12-24 - 2026-12-26"), window("2026-12-27 - 2026-12-31")]

    assert open_until(christmas, utc("2026-12-25 12:00"), "UTC") == utc("2027-01-01 00:00")
    assert open_until([window("daily 00:00 - 24:00")], utc("2026-11-18 12:00"), "UTC") is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 16 * * 5", "is no window of time; write one such as fri 16:00 - mon 08:00"),
        ("fri 16:00 - mon 08:00 Moon/Base", "Moon/Base is no time zone"),
        ("someday 10:00 - 12:00", "'someday' is no day"),
        ("weekend 10:00 - mon 12:00", "weekend is more than one day"),
        ("fri 16:00 - fri 16:00", "ends when it begins"),
        ("mon 00:00 - sun 25:00", "25:00 is no time of day"),
        ("mon 09:60 - 10:00", "09:60 is no time of day"),
        ("mon 09:00 - 09:00", "is no time at all"),
        ("2026-02-30 - 2026-03-01", "2026-02-30 is no day of the calendar"),
        ("2026-03-02 - 2026-03-01", "ends before it begins"),
        ("", "is no window of time"),
    ],
)
def test_what_is_no_window_is_refused_with_an_example(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        window(text)


@given(
    st.sampled_from(("fri 16:00 - mon 08:00", "daily 02:30 - 03:30", "sun 01:30 - 02:30", "mon 00:00 - sun 24:00")),
    st.sampled_from((BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC")),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
)
def test_a_permission_is_never_open_when_the_same_freeze_is_not(text: str, zone: str, at: datetime) -> None:
    each = window(text)

    assert each.open_until(at, zone, wide=False) is None or each.open_until(at, zone) is not None
    until = each.open_until(at, zone)
    assert until is None or until > at
