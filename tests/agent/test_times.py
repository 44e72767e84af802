from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.times import clock_time, local_labels, local_times, parse_time, times_told
from tests.agent.examples import NOW


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-11-20T15:00:00+00:00"),
        (" NOW ", "2026-11-20T15:00:00+00:00"),
        ("-90m", "2026-11-20T13:30:00+00:00"),
        ("-90min", "2026-11-20T13:30:00+00:00"),
        ("-1.5h", "2026-11-20T13:30:00+00:00"),
        ("-2 H", "2026-11-20T13:00:00+00:00"),
        ("-3d", "2026-11-17T15:00:00+00:00"),
        ("-1w", "2026-11-13T15:00:00+00:00"),
        ("2026-11-20T14:00:00Z", "2026-11-20T14:00:00+00:00"),
        ("2026-11-20T14:00", "2026-11-20T14:00:00+00:00"),
        ("2026-11-20T16:00:00+02:00", "2026-11-20T14:00:00+00:00"),
        ("2026-11-20", "2026-11-20T00:00:00+00:00"),
    ],
)
def test_times_as_people_write_them(text: str, expected: str) -> None:
    assert parse_time(text, NOW).isoformat() == expected


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "-2y", "2h", "14:00", "-99999999999999w", "-1e9h", "0001-01-01T00:00+23:00", "2026-13-40"],
)
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time; use ISO 8601"):
        parse_time(text, NOW)


@given(st.text(max_size=30))
def test_no_text_raises_anything_else(text: str) -> None:
    with suppress(ValueError):
        assert parse_time(text, NOW).tzinfo is UTC


def test_a_clock_time_names_the_date_only_when_it_is_another_days() -> None:
    assert clock_time(datetime(2026, 11, 20, 14, 2, tzinfo=UTC), NOW) == "14:02 UTC"
    assert clock_time(datetime(2026, 11, 19, 14, 2, tzinfo=UTC), NOW) == "19 Nov 14:02 UTC"
    assert clock_time(datetime(2026, 11, 20, 14, 2, tzinfo=UTC)) == "20 Nov 14:02 UTC"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("since 14:34 UTC, none before", "since 09:34 EST, none before"),
        ("at 19 Nov 12:15 UTC (36 times)", "at 19 Nov 07:15 EST (36 times)"),
        ("from 12:15 to 13:00 UTC", "from 07:15 to 08:00 EST"),
        ("14:34–15:04 UTC", "09:34–10:04 EST"),
        ("19 Nov 12:15 to 13:00 UTC", "19 Nov 07:15 to 08:00 EST"),
        ("at 12:15, 12:30 and 12:45 UTC", "at 07:15, 07:30 and 07:45 EST"),
        ("at 02:10 UTC", "at 19 Nov 21:10 EST"),
        ("20 Nov 02:10 to 06:10 UTC", "19 Nov 21:10 to 20 Nov 01:10 EST"),
        ("modified 2026-10-21 03:38:20 UTC", "modified 2026-10-20 23:38:20 EDT"),
        ("01 Nov 05:30 to 07:30 UTC", "01 Nov 01:30 EDT to 02:30 EST"),
        ("took 14:34, peak 2.5", "took 14:34, peak 2.5"),
        ("30 Feb 12:00 UTC and 25:10 UTC and 14:34 UTC+4", "30 Feb 12:00 UTC and 25:10 UTC and 14:34 UTC+4"),
    ],
)
def test_times_in_a_text_are_moved_to_the_readers_zone(text: str, expected: str) -> None:
    assert local_times(text, "America/Toronto", NOW) == expected


def test_a_zone_without_letters_is_named_by_its_offset_and_utc_stays() -> None:
    assert local_times("at 14:34 UTC", "Asia/Dubai", NOW) == "at 18:34 UTC+4"
    assert local_times("at 14:34 UTC", "Asia/Kathmandu", NOW) == "at 20:19 UTC+5:45"
    assert local_times("at 02:10 UTC", "UTC", NOW) == "at 02:10 UTC"


ZONES = st.sampled_from(
    ["America/Toronto", "America/St_Johns", "Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland", "Asia/Dubai", "UTC"]
)
_SAID = re.compile(r"at (?:(\d\d \w{3}) )?(\d\d:\d\d) (\S+)\.")


@given(
    ZONES,
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=UTC, second=0)),
    st.integers(0, 250_000),
)
def test_the_instant_never_changes(zone: str, now: datetime, minutes_ago: int) -> None:
    at = (now - timedelta(minutes=minutes_ago)).replace(microsecond=0)
    there = ZoneInfo(zone)

    told = local_times(f"at {clock_time(at, now)}.", zone, now)

    match = _SAID.fullmatch(told)
    assert match
    day, clock, name = match.groups()
    local = at.astimezone(there)
    assert clock == f"{local:%H:%M}"
    assert day in (None, f"{local:%d %b}")
    assert day or local.date() == now.astimezone(there).date()
    offset = local.utcoffset()
    if name.startswith("UTC"):
        assert offset == timedelta(hours=int(name[3:] or 0))
    else:
        assert name == local.tzname()
    assert local_times(told, zone, now) == told


@given(ZONES, st.text(alphabet="0123456789:- UTCNovFeb,–to", max_size=60))
def test_no_text_is_refused(zone: str, text: str) -> None:
    assert isinstance(local_times(text, zone, NOW), str)


def test_the_labels_of_a_time_axis_move_with_their_dates_and_others_stay() -> None:
    evening = ("01:30", "04:00", "06:00")

    assert local_labels(evening, "Europe/Berlin", NOW) == (("02:30", "05:00", "07:00"), "CET")
    assert local_labels(evening, "America/Toronto", NOW) == (("19 Nov 20:30", "19 Nov 23:00", "20 Nov 01:00"), "EST")
    assert local_labels(("18 Nov 23:30", "19 Nov 00:30"), "Asia/Dubai", NOW)[0] == ("19 Nov 03:30", "19 Nov 04:30")
    assert local_labels(("18 Nov", "19 Nov"), "Asia/Dubai", NOW) == (("18 Nov", "19 Nov"), "")
    assert local_labels((), "Asia/Dubai", NOW) == ((), "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rose at 14:02 UTC", "rose at <2026-11-20 14:02:00>"),
        ("from 12:15 to 13:00 UTC", "from <2026-11-20 12:15:00> to <2026-11-20 13:00:00>"),
        ("since 19 Nov 23:50 UTC (3 times)", "since <2026-11-19 23:50:00> (3 times)"),
        ("at 14:02:07 UTC and 14:03 UTC", "at <2026-11-20 14:02:07> and <2026-11-20 14:03:00>"),
        ("the run of 2026-11-18 02:00 UTC", "the run of <2026-11-18 02:00:00>"),
        ("30 Feb 14:02 UTC", "30 Feb 14:02 UTC"),
        ("14:02 CET, 14:02 UTC+4, run 2026-11-20T14:02:00Z", "14:02 CET, 14:02 UTC+4, run 2026-11-20T14:02:00Z"),
    ],
)
def test_times_of_our_own_are_told_in_other_words(text: str, told: str) -> None:
    assert times_told(text, NOW, lambda at, _: f"<{at:%Y-%m-%d %H:%M:%S}>") == told
