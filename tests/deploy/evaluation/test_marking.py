from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agent.models import Answer, Claim, Clarification, Provenance
from deploy.evaluation.marking import mark, strange_numbers
from deploy.evaluation.questions import Turn
from tests.agent.examples import NOW, evidence, finding

PIECE = evidence(finding("metric_rise", "Errors rose from 1.2 to 1,904 a minute at 14:18 UTC."))


def answered(text: str = "Errors rose to 1,904.", **fields: Any) -> Answer:
    claims = (Claim(text=text, evidence=(PIECE.id,)),)
    return Answer(**{"headline": text, "claims": claims, "specialists": ("infra",)} | fields)


def asked(**fields: Any) -> Turn:
    return Turn.model_validate({"text": "why?", "kind": "question"} | fields)


def test_a_right_answer_has_nothing_wrong_with_it() -> None:
    turn = asked(specialists={"ask": ["infra|logs"], "spare": ["cost"]}, facts=["1,904"], forbidden=["memory"])

    marked = mark(turn, answered(provenance=Provenance(model="m", usd=0.25, seconds=2)), [PIECE], NOW)

    assert (marked.wrong_routing, marked.wrong_facts, marked.uncited_claims, marked.strange_numbers) == ([], [], 0, [])
    assert (marked.model, marked.usd, marked.seconds) == ("m", 0.25, 2)


def test_wrong_routing_is_told() -> None:
    turn = asked(kind="follow_up|help", specialists={"ask": ["cost"], "spare": ["infra"]})

    wrong = mark(turn, answered(), [PIECE], NOW).wrong_routing

    assert wrong == ["taken for question, not follow_up|help", "cost was not asked", "infra was asked for nothing"]


def test_missing_and_forbidden_facts_are_told() -> None:
    wrong = mark(asked(facts=["KeyError"], forbidden=["rose"]), answered(), [PIECE], NOW).wrong_facts

    assert wrong == ["missing: KeyError", "forbidden: rose"]


def test_a_fact_may_be_a_time_of_the_story() -> None:
    turn = asked(facts=["{time:-2h|%H:%M}"])
    said = answered(f"It began at {NOW - timedelta(hours=2):%H:%M}.")

    assert mark(turn, said, [PIECE], NOW).wrong_facts == []
    assert mark(turn, said, [PIECE], NOW + timedelta(hours=1)).wrong_facts != []


def test_a_question_back_is_read_too() -> None:
    said = answered(kind="clarify", clarification=Clarification(question="Which account?"))

    assert mark(asked(kind="clarify", facts=["account"]), said, [PIECE], NOW).wrong_facts == []


def test_a_claim_without_evidence_is_counted() -> None:
    lost = answered(claims=(Claim(text="a", evidence=("ev_gone",)), Claim(text="b", evidence=())))

    assert mark(asked(), lost, [PIECE], NOW).uncited_claims == 2


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("Errors rose to 1,904 at 14:18.", []),
        ("Errors rose to 1,900.", []),
        ("Errors rose to 2,400.", ["2,400"]),
        ("Errors rose for 3 of 5 functions.", []),
        ("Errors rose past 512.", []),
    ],
)
def test_figures_have_to_stand_in_the_evidence_or_the_question(text: str, strange: list[str]) -> None:
    assert strange_numbers("is 512 too much?", answered(text), [PIECE]) == strange
