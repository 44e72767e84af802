"""Every runbook, whatever it is about: its signals exist, its tools exist, its sentences are whole."""

from __future__ import annotations

import re
from itertools import chain, combinations

import pytest

from agent.findings import KINDS
from agent.knowledge import Hit, KnowledgeBase, Runbook, Signal, Verdict
from agent.models import Finding
from agent.specialists import read_specialists

BOOKS = KnowledgeBase.read().runbooks
SPECIALISTS = {specialist.name: specialist for specialist in read_specialists()}
each_book = pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)


def hit(signal: Signal, *, detailed: bool) -> Hit:
    declared = re.search(r"\[(.*)\]", KINDS[signal.kind])
    named = re.findall(r"\w+", declared[1]) if declared and detailed else []
    attributes = {name: f"{name}-value" for name in named}
    statement = f"The statement of {signal.id}."
    found = Finding(kind=signal.kind, statement=statement, strength=1, resource="thing", attributes=attributes)
    return Hit(signal, found, "ev_1")


def verdicts(book: Runbook, *, detailed: bool) -> list[Verdict]:
    """The runbook with every required signal and every set of optional ones."""
    required = [signal for signal in book.signals if signal.required]
    optional = [signal for signal in book.signals if not signal.required and not signal.against]
    sets = chain.from_iterable(combinations(optional, size) for size in range(len(optional) + 1))
    return [Verdict(book, 1.0, tuple(hit(s, detailed=detailed) for s in (*required, *more)), (), ()) for more in sets]


@each_book
@pytest.mark.parametrize("detailed", [True, False])
def test_every_sentence_is_whole_whichever_optional_signals_are_missing(book: Runbook, detailed: bool) -> None:
    for verdict in verdicts(book, detailed=detailed):
        for template in (book.cause, book.summary, *book.next_steps):
            text = verdict.fill(template)
            met = [h.signal.id for h in verdict.hits]
            assert text, (template, met)
            assert not re.search(r"None|undefined|\{|\}", text), (text, met)
            assert not re.search(r"\s[.,:;)]|\(\s*\)|: ?$|\( |\s{2}", text), (text, met)


@each_book
def test_something_is_required_and_its_name_is_unique(book: Runbook) -> None:
    ids = [signal.id for signal in book.signals]

    assert len(set(ids)) == len(ids)
    assert any(signal.required for signal in book.signals)
    assert not any(signal.required and signal.against for signal in book.signals)


@each_book
def test_every_signal_is_of_a_known_kind_with_patterns_that_compile(book: Runbook) -> None:
    for signal in book.signals:
        assert signal.kind in KINDS
        for pattern in signal.where.values():
            re.compile(pattern)


@each_book
def test_every_attribute_that_a_signal_asks_for_is_one_that_its_kind_declares(book: Runbook) -> None:
    groups = {
        kind: set(re.findall(r"\w+", found[1])) if (found := re.search(r"\[(.*)\]", text)) else set()
        for kind, text in KINDS.items()
    }
    shared = {"metric", "service", "pattern", "event", "reason", "usage_type", "category"}
    for signal in book.signals:
        assert set(signal.where) <= groups[signal.kind] | shared


@each_book
def test_its_specialists_exist_and_hold_its_tools(book: Runbook) -> None:
    assert set(book.specialists) <= set(SPECIALISTS)
    held = {tool for specialist in SPECIALISTS.values() for tool in specialist.tools}
    assert set(book.gather) <= held
    of_its_own = {tool for name in book.specialists for tool in SPECIALISTS[name].tools}
    assert set(book.gather) & of_its_own


@each_book
def test_a_runbook_is_found_by_its_own_symptoms(book: Runbook) -> None:
    knowledge = KnowledgeBase(BOOKS)
    found = [[b.name for b, _ in knowledge.search(symptom, 3)] for symptom in book.symptoms]

    assert sum(book.name in names for names in found) >= 0.9 * len(found)


def test_no_two_runbooks_have_one_name() -> None:
    assert len({book.name for book in BOOKS}) == len(BOOKS)
