from __future__ import annotations

import pytest

from agent.clarifying import Asked, asked_now, clarification
from agent.models import Answer, ChatMessage, Clarification
from tests.agent.examples import NOW

BACK = Clarification(question="Which one?", choices=("payments-api", "Is it payments-worker?"))


def user(text: str, ts: str = "1") -> ChatMessage:
    return ChatMessage(role="user", text=text, ts=ts, at=NOW)


def assistant(text: str, back: Clarification | None = None, ts: str = "answer:1") -> ChatMessage:
    answer = Answer(headline=text, clarification=back)
    return ChatMessage(role="assistant", text=text, ts=ts, at=NOW, answer=answer)


ASKED_BACK = [user("why is it slow?"), assistant("Which one?", BACK)]


@pytest.mark.parametrize(
    "text",
    [
        "payments-api",
        "the api one, in production",
        "Is it payments-worker?",
        "Prod.",
        "I mean the worker",
        "it's the worker, I think",
        "payments-api please, since yesterday 2pm",
        "orders-db",
        "the orders database",
        "since 14:00",
        "eu-west-1",
    ],
)
def test_an_answer_is_joined_to_the_question(text: str) -> None:
    asked = asked_now(text, ASKED_BACK)

    assert asked.question == f"why is it slow? ({text})"
    assert asked.clarified


@pytest.mark.parametrize(
    "text",
    [
        "why does billing fail?",
        "forget that and " + "tell me more " * 10,
        "thanks, forget it",
        "thanks",
        "stop",
        "show me the cost of orders-db this month",
        "please check the orders queue depth",
        "restart payments-api",
        "is payments-api ok since yesterday?",
        "users complain",
        "",
    ],
)
def test_a_message_of_its_own_is_not(text: str) -> None:
    asked = asked_now(text, ASKED_BACK)

    assert (asked.question, asked.clarified) == (text, True)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("the first one", "payments-api"),
        ("2", "Is it payments-worker?"),
        ("both of them, please", "payments-api and Is it payments-worker?"),
    ],
)
def test_an_answer_may_point_at_the_choices(text: str, meant: str) -> None:
    assert asked_now(text, ASKED_BACK).question == f"why is it slow? ({meant})"


def test_what_somebody_else_says_answers_nothing() -> None:
    history = [user("why is it slow?").model_copy(update={"author": "U1"}), ASKED_BACK[1]]

    assert asked_now("payments-api", history, author="U2") == Asked("payments-api")
    assert asked_now("payments-api", history, author="U1").clarified


def test_a_click_answers_the_message_it_was_made_on_whoever_clicked_and_whatever_came_since() -> None:
    back = ASKED_BACK[1].model_copy(update={"message_ts": "1.5"})
    history = [ASKED_BACK[0], back, user("is orders-db ok?", "2"), assistant("It is.", ts="answer:2")]

    assert asked_now("payments-api", history, author="U2", answering="1.5") == Asked(
        "why is it slow? (payments-api)", clarified=True
    )
    assert asked_now("payments-api", history) == Asked("payments-api")


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
