"""What could not be read is told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent.detection.gaps import noted

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)


def test_a_gap_is_new_once_and_keeps_its_time_while_it_lasts():
    first, new = noted({}, ["logs: denied"], NOW)
    assert new == ["logs: denied"]
    assert noted(first, ["logs: denied"], NOW + timedelta(hours=1)) == (first, [])


def test_a_gap_that_was_closed_is_new_when_it_comes_again():
    first, _ = noted({}, ["logs: denied"], NOW)
    closed, _ = noted(first, [], NOW)
    assert closed == {"since": {}}
    assert noted(closed, ["logs: denied"], NOW)[1] == ["logs: denied"]
