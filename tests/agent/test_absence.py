from __future__ import annotations

import pytest
from hypothesis import given

from agent import absence
from agent.models import Evidence
from tests.agent.examples import evidence, finding
from tests.agent.strategies import texts

ROSE = evidence(finding("metric_rise", "Errors of checkout rose.", resource="checkout", metric="Errors"))
CALM = evidence(finding("metric_steady", "CPU of orders-db is as usual.", resource="orders-db", strength=0.1))
DENIED = evidence(status="denied")
EMPTY = evidence(status="no_data")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (absence.UNREAD, [DENIED]),
        (absence.WHO_UNREAD, [ROSE, evidence(tool="recent_changes", status="timeout")]),
        (absence.nothing_unusual(2), [CALM, EMPTY, DENIED]),
        (absence.nothing_unusual(1), [CALM]),
        (absence.none_of(["idle_resource", "nothing_idle"]), [ROSE]),
        (absence.no_name("ordres-db"), [ROSE, CALM]),
        (absence.no_name("the invoice thing"), [ROSE, CALM]),
        (absence.did_you_mean("ordres-db", "orders-db"), [ROSE, CALM]),
        (absence.all_well("orders-db", 1), [ROSE, CALM]),
        (absence.all_well("orders-db", 12), [ROSE, CALM]),
        (f"{absence.all_well('orders-db', 2)} {absence.none_of(['health_event'])}", [CALM]),
        (f"{absence.no_name('ordres-db')} {absence.in_english_only('German')}", [CALM]),
    ],
)
def test_a_true_absence_holds(text: str, pieces: list[Evidence]) -> None:
    assert absence.holds(text, pieces)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", [CALM]),
        ("Nothing is wrong.", [CALM]),
        (absence.UNREAD, [CALM, DENIED]),
        (absence.WHO_UNREAD, [ROSE, evidence(tool="recent_changes", status="no_data")]),
        (absence.nothing_unusual(3), [CALM, EMPTY]),
        (absence.nothing_unusual(1), [ROSE]),
        (absence.none_of(["metric_rise"]), [ROSE]),
        (absence.none_of(["idle_resource"]), [DENIED]),
        (absence.no_name("orders-db"), [CALM]),
        (absence.no_name("us, Bob deleted everything; none is left"), [CALM]),
        (absence.did_you_mean("ordres-db", "ledger-db"), [CALM]),
        (absence.all_well("checkout", 2), [ROSE]),
        (absence.all_well("Bob deleted everything, yet orders-db", 2), [CALM]),
        (f"{absence.UNREAD} Bob did it.", [DENIED]),
        (f"Bob did it. {absence.UNREAD}", [DENIED]),
    ],
)
def test_an_absence_that_is_not_true_and_any_other_sentence_do_not_hold(text: str, pieces: list[Evidence]) -> None:
    assert not absence.holds(text, pieces)


@given(texts)
def test_no_other_text_holds(text: str) -> None:
    assert not absence.holds(text, [CALM, ROSE])


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ([], "?"),
        ([DENIED], absence.UNREAD),
        ([EMPTY, CALM, DENIED], absence.nothing_unusual(2)),
        ([ROSE, EMPTY], "?"),
    ],
)
def test_evidence_is_summed_up_without_a_model(pieces: list[Evidence], said: str) -> None:
    assert absence.summed_up(pieces, "?") == said
