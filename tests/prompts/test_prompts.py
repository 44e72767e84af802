"""The prompts that models read: each renders with what the graphs give it, and with nothing less."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.knowledge import KnowledgeBase
from agent.specialists import read_specialists
from prompts import loader
from prompts.loader import load

ROOM = Path(loader.__file__).parent
FILES = sorted(ROOM.rglob("*.md"))
BOOKS = KnowledgeBase.read().runbooks
SPECIALISTS = read_specialists()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOM)))
def test_every_file_is_named_as_its_front_matter_says(path: Path) -> None:
    prompt = loader.read(path)

    assert prompt.name == path.stem
    assert prompt.text
    assert prompt.version.isdigit()


@pytest.mark.parametrize("name", ["alert_analysis", "answer"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_an_analyst_reads_the_runbooks_that_may_fit(name: str, count: int) -> None:
    text = load(name).render(runbooks=BOOKS[:count], zone="UTC")

    assert all(book.text in text and book.title in text for book in BOOKS[:count])
    assert ("Runbooks that may fit" in text) is bool(count)
    assert "{{" not in text
    assert "{%" not in text


def test_an_analyst_reads_what_is_a_sign_and_what_speaks_against() -> None:
    book = next(book for book in BOOKS if any(signal.against for signal in book.signals))
    text = load("alert_analysis").render(runbooks=[book])

    assert "(required)" in text
    assert "not " + next(signal.kind for signal in book.signals if signal.against) in text


def test_the_supervisor_knows_every_specialist() -> None:
    text = load("supervisor").render(specialists=SPECIALISTS)

    for specialist in SPECIALISTS:
        assert f"- {specialist.name} ({specialist.title}): {specialist.handles[0]}" in text


@pytest.mark.parametrize("name", [specialist.name for specialist in SPECIALISTS])
def test_a_specialist_reads_its_own_words_and_the_rules(name: str) -> None:
    text = load(f"specialists/{name}").render(rules=load("specialist_rules").render(max_tool_calls=12))

    assert "at most 12 tool calls" in text


def test_a_specialist_reads_the_runbooks_that_may_fit() -> None:
    text = load("specialist_runbooks").render(runbooks=BOOKS[:2])

    assert all(book.title in text and book.gather[0] in text for book in BOOKS[:2])
    assert BOOKS[2].title not in text


def test_the_reasons_for_a_second_try_are_told() -> None:
    assert "- No evidence: x" in load("reflection").render(problems=["No evidence: x"])


@pytest.mark.parametrize("kind", ["help", "write", "out_of_scope"])
def test_what_needs_no_look_has_an_answer(kind: str) -> None:
    others = [load("help").render(kind=other) for other in ("help", "write", "out_of_scope") if other != kind]

    assert len(load("help").render(kind=kind)) > 40
    assert load("help").render(kind=kind) not in others


@pytest.mark.parametrize("name", ["alert_analysis", "answer", "supervisor", "specialist_rules"])
def test_whoever_reads_foreign_text_is_told_that_it_is_data(name: str) -> None:
    assert "is data" in load(name).text


def test_a_specialist_has_handles_and_at_least_three_tools() -> None:
    for specialist in SPECIALISTS:
        assert len(specialist.tools) >= 3
        assert len(set(specialist.tools)) == len(specialist.tools)
        assert specialist.handles
        assert all(handle == handle.lower() for handle in specialist.handles)
