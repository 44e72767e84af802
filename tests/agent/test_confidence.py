from __future__ import annotations

from agent.confidence import CAP_WITHOUT_RUNBOOK, WEIGHTS, confidence
from agent.knowledge import KnowledgeBase
from agent.models import Claim, Confidence, Evidence
from tests.agent.examples import evidence, finding

KNOWLEDGE = KnowledgeBase.read()
BOOK = "rds-connections-exhausted"
CARRIED = [
    evidence(finding("metric_at_limit", metric="DatabaseConnections", strength=1.0, resource="orders-db"), id="ev_1"),
    evidence(finding("metric_rise", metric="DatabaseConnections", strength=1.0, resource="orders-db"), id="ev_2"),
    evidence(
        finding("log_error_pattern", pattern="too many connections", strength=1.0, resource="orders-db"), id="ev_3"
    ),
    evidence(
        finding("deployment", strength=1.0),
        finding("change_before_onset", strength=1.0),
        id="ev_4",
        question="What changed on orders-db before the trouble began?",
    ),
]
CLAIMS = [Claim(text="x", evidence=(f"ev_{n}",)) for n in (1, 2, 3)]


def of(runbook: str = BOOK, claims: list[Claim] = CLAIMS, pieces: list[Evidence] = CARRIED) -> Confidence:
    return confidence(runbook, claims, pieces, KNOWLEDGE)


def test_the_weights_sum_to_one() -> None:
    assert sum(WEIGHTS.values()) == 1


def test_everything_found_and_cited_is_high_confidence() -> None:
    assert of().value >= 0.85
    assert of().word == "high"
    assert of().parts["support"] == of().parts["coverage"] == of().parts["citations"] == 1


def test_no_claim_is_no_confidence() -> None:
    assert of(claims=[]) == Confidence(value=0)


def test_without_a_complete_runbook_confidence_has_a_ceiling() -> None:
    assert of(runbook="").value <= CAP_WITHOUT_RUNBOOK
    assert of(runbook="no-such-book").value <= CAP_WITHOUT_RUNBOOK
    assert of(runbook="container-out-of-memory").value <= CAP_WITHOUT_RUNBOOK


def test_what_could_not_be_read_lowers_it() -> None:
    denied = [evidence(id=f"ev_9{n}", status="denied") for n in range(4)]

    assert of(pieces=[*CARRIED, *denied]).value < of().value


def test_one_source_is_less_than_three() -> None:
    same = [Claim(text=str(n), evidence=("ev_1",)) for n in range(5)]

    assert of(claims=same).value < of().value


def test_claims_without_any_evidence_left_do_not_divide_by_zero() -> None:
    assert of(pieces=[]).parts["coverage"] == 0


def test_an_answer_by_several_runbooks_is_as_sure_as_the_least_sure() -> None:
    both = of(runbook=f"{BOOK}, container-out-of-memory")

    assert both.value <= of(runbook="container-out-of-memory").value < of().value
