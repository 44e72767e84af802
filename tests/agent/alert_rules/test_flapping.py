"""Alerts that go back and forth."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agent.alert_rules.flapping import CALM, CHANGES, flapping
from tests.agent.alert_rules.examples import NOON


def changes(*minutes: float) -> list[datetime]:
    return [NOON + timedelta(minutes=minute) for minute in minutes]


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_twice_there_and_back_within_an_hour_is_flapping() -> None:
    found = flapping(changes(0, 10, 20, 59), after(60))

    assert found is not None
    assert (found.since, found.changes, found.last) == (NOON, 4, after(59))
    assert found.words("Europe/Vienna") == "flapping since 13:00 CET: its status changed 4 times"


def test_a_few_changes_or_slow_ones_are_not() -> None:
    assert flapping([], NOON) is None
    assert flapping(changes(0, 10, 20), after(21)) is None
    assert flapping(changes(0, 25, 50, 75), after(76)) is None


def test_it_goes_on_while_changes_come_more_slowly_than_those_that_began_it() -> None:
    """Otherwise the word itself would come and go."""
    slow = changes(0, 5, 10, 15, 70, 125, 180)

    assert all(flapping(slow, after(minute)) for minute in range(180, 240, 5))


def test_an_hour_without_a_change_ends_it() -> None:
    assert flapping(changes(0, 5, 10, 15), after(75)) is not None
    assert flapping(changes(0, 5, 10, 15), after(76)) is None
    assert flapping(changes(0, 5, 10, 15, 80), after(81)) is None


def test_a_second_bout_is_counted_from_its_own_beginning() -> None:
    found = flapping(changes(0, 5, 10, 15, 200, 205, 210, 215), after(216))

    assert found is not None
    assert (found.since, found.changes) == (after(200), 4)


TIMES = st.lists(st.integers(0, 3 * 24 * 60), max_size=20)


@given(TIMES, st.integers(0, 4 * 24 * 60))
def test_whatever_the_times_are_flapping_means_enough_changes_and_a_recent_one(times: list[int], now: int) -> None:
    found = flapping(changes(*times), after(now))

    assert found == flapping(changes(*reversed(times)), after(now))
    if found is not None:
        assert found.changes >= CHANGES
        assert after(now) - found.last <= CALM


@given(TIMES)
def test_without_another_change_it_ends_once_and_does_not_come_back(times: list[int]) -> None:
    last = max(times, default=0)
    seen = [flapping(changes(*times), after(last + minute)) is not None for minute in range(0, 130, 10)]

    assert seen == sorted(seen, reverse=True)
