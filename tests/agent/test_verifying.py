"""Whether an action helped: what is said after each look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models import Check, Verification
from agent.verifying import PATIENCE, Reading, hold_seconds, look, next_look

BEGAN = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
CHECK = Check(kind="alarm", name="errors", expected="It is OK again", within_seconds=600, hold_seconds=120)
GOOD, BAD = Reading(True, "OK"), Reading(False, "ALARM")


def after(*looks: tuple[float, Reading]) -> Verification:
    """What is said after looks, each so many seconds after the action."""
    said = Verification()
    for seconds, reading in looks:
        said = look(CHECK, said, reading, BEGAN, BEGAN + timedelta(seconds=seconds))
    return said


def test_it_helped_when_the_signal_stays_good() -> None:
    assert after((60, GOOD)).outcome == "waiting"
    assert after((60, GOOD), (180, GOOD)).outcome == "helped"


def test_a_relapse_begins_the_holding_time_anew() -> None:
    relapsed = after((60, GOOD), (120, BAD), (180, GOOD))
    assert (relapsed.outcome, relapsed.good_since) == ("waiting", BEGAN + timedelta(seconds=180))
    assert after((60, GOOD), (120, BAD), (180, GOOD), (300, GOOD)).outcome == "helped"


def test_without_a_change_it_had_no_effect_when_its_time_is_over() -> None:
    assert after((599, BAD)).outcome == "waiting"
    assert after((600, BAD)).outcome == "no_effect"


def test_what_became_good_late_is_still_given_its_holding_time() -> None:
    assert after((590, GOOD), (650, GOOD)).outcome == "waiting"
    assert after((590, GOOD), (710, GOOD)).outcome == "helped"


@pytest.mark.parametrize(
    "reading",
    [
        Reading(False, "90 errors", value=90, before=60),
        Reading(False, "2 hosts", value=2, before=4, higher_is_worse=False),
        Reading(True, "OK", nearby=("payments-errors",)),
    ],
)
def test_further_away_or_a_neighbour_that_fires_is_worse_when_it_lasts(reading: Reading) -> None:
    assert after((30, reading)).outcome == "waiting"
    assert after((30, reading), (149, reading)).outcome == "waiting"
    assert after((30, reading), (150, reading)).outcome == "worse"


def test_what_is_worse_for_a_moment_is_the_change_itself() -> None:
    starting = Reading(False, "2 hosts", value=2, before=4, higher_is_worse=False)
    assert after((30, starting), (90, BAD), (150, starting)).worse_since == BEGAN + timedelta(seconds=150)
    assert after((30, starting), (90, GOOD), (210, GOOD)).outcome == "helped"


def test_a_neighbour_that_began_to_fire_is_named() -> None:
    assert "payments-errors began to fire" in after((30, Reading(True, "OK.", nearby=("payments-errors",)))).seen


def test_what_goes_on_is_waited_for_longer() -> None:
    running = Reading(False, "The run is running.", going_on=True)
    assert after((600, running)).outcome == "waiting"
    assert after((600 * PATIENCE, running)).outcome == "no_effect"
    assert after((700, BAD)).outcome == "no_effect"


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Errors back under the threshold for 10 minutes", 600),
        ("IncomingBytes back at the baseline for an hour", 3600),
        ("Quiet for 1 minute", 60),
        ("The next run of the task succeeds", None),
        ("", None),
    ],
)
def test_a_runbook_says_for_how_long_it_has_to_stay_so(words: str, seconds: float | None) -> None:
    assert hold_seconds(words) == seconds


def test_what_cannot_be_read_decides_nothing_until_the_time_is_over() -> None:
    unread = Reading(None, "denied")
    assert after((60, GOOD), (120, unread)).good_since == BEGAN + timedelta(seconds=60)
    assert after((60, GOOD), (120, unread), (180, GOOD)).outcome == "helped"
    assert after((600, unread)).outcome == "unknown"


@given(st.lists(st.tuples(st.floats(0, 2000), st.sampled_from([GOOD, BAD, Reading(None, "?")])), min_size=1))
def test_nothing_helped_that_was_not_good_for_its_holding_time(looks: list[tuple[float, Reading]]) -> None:
    looks = sorted(looks, key=lambda one: one[0])
    if after(*looks).outcome == "helped":
        bad = max((at for at, reading in looks if reading.good is False), default=-1.0)
        good = [at for at, reading in looks if reading.good and at > bad]
        assert good[-1] - good[0] >= CHECK.hold_seconds


def test_it_is_looked_at_again_when_the_holding_time_ends() -> None:
    now = BEGAN + timedelta(seconds=170)
    good = Verification(good_since=BEGAN + timedelta(seconds=60))
    assert next_look(CHECK, good, BEGAN, now) == BEGAN + timedelta(seconds=180)
    assert next_look(CHECK, Verification(), BEGAN, now) == now + timedelta(seconds=60)
