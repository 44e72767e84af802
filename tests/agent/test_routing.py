from __future__ import annotations

import pytest

from agent.knowledge import KnowledgeBase
from agent.routing import MAX_SPECIALISTS, choose_specialists
from agent.specialists import read_specialists

KNOWLEDGE = KnowledgeBase.read()
SPECIALISTS = read_specialists()


def chosen(text: str) -> list[str]:
    return choose_specialists(text, KNOWLEDGE, SPECIALISTS)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("How much did we spend on compute last month?", "cost"),
        ("Why is our bill so high?", "cost"),
        ("Which Airflow tasks failed today?", "airflow"),
        ("The dbt models are stale, what broke in the warehouse?", "airflow"),
        ("Which exceptions are in the logs?", "logs"),
        ("Is the database out of connections?", "infra"),
        ("What changed before the queue began to grow?", "infra"),
    ],
)
def test_a_question_goes_to_who_handles_it(question: str, first: str) -> None:
    assert chosen(question)[0] == first


@pytest.mark.parametrize(
    "question", ["What's the weather in Paris?", "tell me a joke", "", "???", "schreib ein Gedicht"]
)
def test_nobody_is_asked_what_nobody_handles(question: str) -> None:
    assert chosen(question) == []


def test_at_most_three_are_asked() -> None:
    assert len(chosen("cost logs errors dag failed lambda budget exception task table")) == MAX_SPECIALISTS


def test_only_specialists_that_exist_are_asked() -> None:
    """A runbook may name a specialist whose file was removed; so does the bonus for named resources."""
    only_cost = [s for s in SPECIALISTS if s.name == "cost"]

    assert choose_specialists("why did `checkout-api` fail and cost so much?", KNOWLEDGE, only_cost) == ["cost"]


def test_a_named_resource_is_infrastructure() -> None:
    assert "infra" in chosen("what is going on with checkout-api?")


def test_the_specialists_of_the_nearest_runbook_are_asked_too() -> None:
    """A long alert about a function repeats what infra handles, and its logs are worth a look all the same."""
    text = "alarm function lambda error failing deploy changed alert; exceptions in a function since the new release"
    assert {"infra", "logs"} <= set(chosen(text))


def test_a_phrase_counts_as_a_whole() -> None:
    """`data transfer` is the network's, and `data` alone the pipelines'."""
    assert chosen("where does the data transfer come from?")[0] == "cost"
    assert chosen("where does the data come from?")[0] == "airflow"
    assert "airflow" in chosen("the data transfer to redshift failed")
