from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.errors import InputError
from agent.models import ChatMessage, Conversation, SlackPlace
from slack_app.handlers.stopping import stopped_answer
from slack_app.handlers.waiting import is_answered, is_ours, settled, waiting_of
from slack_app.mute_phrases import mute_end
from tests.agent.examples import evidence, finding

FRIDAY = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
"""15:30 in Toronto."""


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("1h", "2026-11-20T21:30"),
        ("90 minutes", "2026-11-20T22:00"),
        ("for 2 days", "2026-11-22T20:30"),
        ("this thread for 1w", "2026-11-27T20:30"),
        ("until tomorrow", "2026-11-21T14:00"),
        ("until friday", "2026-11-27T14:00"),
        ("until monday here", "2026-11-23T14:00"),
        ("until 17:15", "2026-11-20T22:15"),
        ("until 5 pm", "2026-11-20T22:00"),
        ("until 9am", "2026-11-21T14:00"),
    ],
)
def test_a_mute_ends_when_people_say_in_their_own_zone(text: str, end: str) -> None:
    assert mute_end(text, FRIDAY, "America/Toronto") == datetime.fromisoformat(f"{end}:00+00:00")


@pytest.mark.parametrize("text", ["", "here", "this channel"])
def test_without_a_time_a_mute_lasts_until_somebody_ends_it(text: str) -> None:
    assert mute_end(text, FRIDAY, "UTC") is None


@pytest.mark.parametrize("text", ["forever", "until 25:00", "until 13pm99", "5", "31d", "until spring"])
def test_another_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InputError, match="mute until tomorrow"):
        mute_end(text, FRIDAY, "UTC")


def said(ts: str, author: str = "U1", at: datetime = FRIDAY) -> ChatMessage:
    return ChatMessage(role="user", text="?", author=author, ts=ts, at=at)


def told(ts: str) -> ChatMessage:
    return ChatMessage(role="assistant", text="!", ts=ts, at=FRIDAY)


def thread(*turns: ChatMessage) -> Conversation:
    return Conversation(place=SlackPlace(channel="C", thread_ts="1.0"), messages=turns, expires_at=FRIDAY)


def test_a_persons_questions_without_an_answer_wait_together() -> None:
    talk = thread(said("1.0"), told("answer:1.0"), said("3.0"), said("2.0"), said("2.5", "U2"))

    assert [turn.ts for turn in waiting_of(talk, "U1", FRIDAY)] == ["2.0", "3.0"]
    assert [turn.ts for turn in waiting_of(talk, "U2", FRIDAY)] == ["2.5"]
    assert [turn.ts for turn in settled(talk, FRIDAY)] == ["1.0", "answer:1.0"]


def test_an_answer_to_the_later_question_answers_the_earlier_ones_of_the_same_person() -> None:
    talk = thread(said("2.0"), said("2.5", "U2"), said("3.0"), told("answer:3.0"))

    assert is_answered(talk, "U1", "2.0")
    assert not is_answered(talk, "U2", "2.5")
    assert not is_answered(talk, "U1", "4.0")


def test_a_question_that_got_no_answer_long_ago_is_history_unless_it_is_asked_again() -> None:
    old = said("2.0", at=datetime(2026, 11, 19, tzinfo=UTC))

    assert waiting_of(thread(old), "U1", FRIDAY) == []
    assert waiting_of(thread(old), "U1", FRIDAY, "2.0") == [old]
    assert settled(thread(old), FRIDAY) == [old]


@pytest.mark.parametrize(
    ("turns", "ours"),
    [
        ([said("1.0")], True),
        ([said("2.0"), told("answer:2.0")], False),
        ([told("1.5")], False),
        ([told("1.5"), said("2.0")], True),
        ([said("2.0"), told("1.5")], True),
        ([], False),
    ],
)
def test_a_thread_is_its_own_when_it_began_with_a_question_or_holds_an_analysis_that_was_asked_about(
    turns: list[ChatMessage], ours: bool
) -> None:
    assert is_ours(thread(*turns), "1.0") is ours


def test_a_stopped_answer_tells_the_strongest_facts_with_their_sources() -> None:
    weak, strong = finding("metric_rise", "A rose.", strength=0.2), finding("metric_rise", "B rose.", strength=0.9)
    pieces = [evidence(weak, id="ev_a"), evidence(strong, id="ev_b")]

    answer = stopped_answer("Maya Okafor", pieces, "run_1")

    assert answer.headline.startswith("Stopped by Maya Okafor. This is what had been found")
    assert [(claim.text, claim.evidence) for claim in answer.claims] == [("B rose.", ("ev_b",)), ("A rose.", ("ev_a",))]
    assert "Nothing had been found" in stopped_answer("somebody", [], "run_1").headline
