from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.times import clock_time, parse_time
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
