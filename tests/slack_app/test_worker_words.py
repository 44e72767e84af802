from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from agent.errors import InputError
from agent.models import Answer, ChatMessage, Clarification, Conversation, SlackPlace
from slack_app.handlers.stopping import stopped_answer
from slack_app.handlers.waiting import begun_at, is_answered, is_meant, settled, waiting_of
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


def told(ts: str, *covers: str) -> ChatMessage:
    return ChatMessage(role="assistant", text="!", ts=ts, covers=covers, at=FRIDAY)


def thread(*turns: ChatMessage) -> Conversation:
    return Conversation(place=SlackPlace(channel="C", thread_ts="1.0"), messages=turns, expires_at=FRIDAY)


def test_a_persons_questions_without_an_answer_wait_together() -> None:
    talk = thread(said("1.0"), told("answer:1.0"), said("3.0"), said("2.0"), said("2.5", "U2"))

    assert [turn.ts for turn in waiting_of(talk, "U1", FRIDAY)] == ["2.0", "3.0"]
    assert [turn.ts for turn in waiting_of(talk, "U2", FRIDAY)] == ["2.5"]
    assert [turn.ts for turn in settled(talk, FRIDAY)] == ["1.0", "answer:1.0"]


def test_an_answer_to_the_later_question_answers_the_earlier_ones_of_the_same_person() -> None:
    talk = thread(said("2.0"), said("2.5", "U2"), said("3.0"), told("answer:3.0", "2.0", "3.0"))

    assert is_answered(talk, "2.0")
    assert not is_answered(talk, "2.5")
    assert not is_answered(talk, "4.0")


def test_a_question_that_a_later_answer_does_not_cover_is_not_answered_by_it() -> None:
    lost = said("2.0", at=datetime(2026, 11, 20, 20, 10, tzinfo=UTC))
    before = thread(lost, said("3.0"))
    covered = [turn.ts for turn in waiting_of(before, "U1", FRIDAY, "3.0")]
    after = thread(lost, said("3.0"), told("answer:3.0", *covered))

    assert covered == ["3.0"]
    assert not is_answered(after, "2.0")
    assert waiting_of(after, "U1", FRIDAY, "2.0") == [lost]


def test_where_an_answer_was_begun_is_no_history() -> None:
    begun = ChatMessage(role="assistant", text="", ts="begun:2.0", message_ts="2.2", at=FRIDAY)
    talk = thread(said("1.0"), told("answer:1.0"), said("2.0"), begun)

    assert [turn.ts for turn in settled(talk, FRIDAY)] == ["1.0", "answer:1.0"]
    assert begun_at(talk, waiting_of(talk, "U1", FRIDAY)) == "2.2"
    assert begun_at(talk, [said("9.0")]) == ""
    assert not is_answered(talk, "2.0")
    assert not is_meant(thread(said("2.0"), begun), "1.5", "U1", "since when?", FRIDAY)


def test_long_threads_are_sorted_out_quickly() -> None:
    turns = [turn for n in range(1, 2001) for turn in (said(f"{n}.0", f"U{n % 50}"), told(f"answer:{n}.0"))]
    began = time.process_time()

    assert len(settled(thread(*turns), FRIDAY)) == 4000
    assert time.process_time() - began < 0.2


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
        ([told("1.5")], True),
        ([told("1.5"), said("2.0")], True),
        ([said("2.0"), told("1.5")], True),
        ([], False),
    ],
)
def test_a_thread_is_its_own_when_it_began_with_a_question_or_holds_an_analysis(
    turns: list[ChatMessage], ours: bool
) -> None:
    assert is_meant(thread(*turns), "1.0", "U1", "is it still happening?", FRIDAY) is ours


@pytest.mark.parametrize(
    "text", ["I think it's the deploy, rolling back now", "ok thanks, looking", "<@U02LI> can you?"]
)
def test_what_people_tell_each_other_in_its_own_thread_gets_no_answer(text: str) -> None:
    assert not is_meant(thread(said("1.0"), told("answer:1.0")), "1.0", "U1", text, FRIDAY)


def test_what_somebody_adds_to_a_question_that_still_waits_belongs_to_it() -> None:
    talk = thread(said("1.0"))

    assert is_meant(talk, "1.0", "U1", "in eu-west-1", FRIDAY)
    assert not is_meant(talk, "1.0", "U2", "in eu-west-1", FRIDAY)


def test_whoever_was_asked_back_may_answer_in_any_words() -> None:
    asked_back = told("answer:1.0").model_copy(
        update={"answer": Answer(headline="Which?", clarification=Clarification(question="Which?"))}
    )
    talk = thread(said("1.0"), asked_back)

    assert is_meant(talk, "1.0", "U1", "checkout-submit-order", FRIDAY)
    assert not is_meant(talk, "1.0", "U2", "checkout-submit-order", FRIDAY)


def test_a_stopped_answer_tells_the_strongest_facts_with_their_sources() -> None:
    weak, strong = finding("metric_rise", "A rose.", strength=0.2), finding("metric_rise", "B rose.", strength=0.9)
    pieces = [evidence(weak, id="ev_a"), evidence(strong, id="ev_b")]

    answer = stopped_answer("Maya Okafor", pieces, "run_1")

    assert answer.headline.startswith("Stopped by Maya Okafor. This is what had been found")
    assert [(claim.text, claim.evidence) for claim in answer.claims] == [("B rose.", ("ev_b",)), ("A rose.", ("ev_a",))]
    assert "Nothing had been found" in stopped_answer("somebody", [], "run_1").headline
