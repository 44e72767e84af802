from __future__ import annotations

import pytest

from agent.clarifying import asked_now, clarification
from agent.models import Answer, ChatMessage, Clarification
from tests.agent.examples import NOW

BACK = Clarification(question="Which one?", choices=("payments-api", "Is it payments-worker?"))


def user(text: str, ts: str = "1") -> ChatMessage:
    return ChatMessage(role="user", text=text, ts=ts, at=NOW)


def assistant(text: str, back: Clarification | None = None, ts: str = "answer:1") -> ChatMessage:
    answer = Answer(headline=text, clarification=back)
    return ChatMessage(role="assistant", text=text, ts=ts, at=NOW, answer=answer)


ASKED_BACK = [user("why is it slow?"), assistant("Which one?", BACK)]


@pytest.mark.parametrize("text", ["payments-api", "the api one, in production", "Is it payments-worker?", "Prod."])
def test_an_answer_is_joined_to_the_question(text: str) -> None:
    asked = asked_now(text, ASKED_BACK)

    assert asked.question == f"why is it slow? ({text})"
    assert asked.clarified


@pytest.mark.parametrize("text", ["why does billing fail?", "forget that and " + "tell me more " * 10])
def test_a_question_of_its_own_is_not(text: str) -> None:
    asked = asked_now(text, ASKED_BACK)

    assert (asked.question, asked.clarified) == (text, True)


def test_the_question_that_was_asked_back_about_is_found_among_those_that_waited() -> None:
    history = [user("why is it slow?", "1"), user("and who pays?", "2"), assistant("Which one?", BACK)]

    assert asked_now("payments-api", history).question == "why is it slow? (payments-api)"


def test_only_the_latest_turn_asks_back() -> None:
    history = [*ASKED_BACK, user("payments-api", "2"), assistant("It is fine.", ts="answer:2")]

    assert asked_now("and now?", history).question == "and now?"
    assert not asked_now("and now?", history).clarified
    assert asked_now("hello", []).question == "hello"


def test_a_question_back_has_at_most_four_choices() -> None:
    assert clarification(" ", ["a", "a ", "", "b", "c", "d", "e"]).choices == ("a", "b", "c", "d")
    assert clarification(" ", []).question == "Which resource do you mean?"
