from __future__ import annotations

import pytest

from agent.typos import corrected

KNOWN = {"lambda", "cost", "costs", "database", "logs", "queue", "change", "deployment", "connections", "slow", "model"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("lamda csots", "lambda costs"),
        ("the datbase is slwo", "the database is slow"),
        ("conections and deplyoment", "connections and deployment"),
        ("quueue", "queue"),
        ("what is in the lgos", "what is in the logs"),
    ],
)
def test_slips_are_put_right(written: str, meant: str) -> None:
    assert corrected(written, KNOWN) == meant


@pytest.mark.parametrize("text", ["any chance of a mode at a low cash cost?", "quit", "most hosts", "lambda", "loss"])
def test_other_words_are_left_alone(text: str) -> None:
    assert corrected(text, KNOWN) == text


def test_names_are_left_alone() -> None:
    assert corrected("is csots-api up?", KNOWN) == "is csots-api up?"
