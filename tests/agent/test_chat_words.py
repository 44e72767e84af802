from __future__ import annotations

import pytest

from agent.chat_words import spelt_out


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("y r sessions dropping", "why are sessions dropping"),
        ("orders aint going thru", "orders aint going through"),
        ("sth is off w/ checkout", "something is off with checkout"),
        ("whats up, is it ded?", "what's up, is it dead?"),
    ],
)
def test_short_forms_are_spelt_out(typed: str, meant: str) -> None:
    assert spelt_out(typed) == meant


@pytest.mark.parametrize("text", ["db.r6g.large", "u-12-y", "s3://r/y", "what's new", "it's y-axis"])
def test_names_stay_as_they_are(text: str) -> None:
    assert spelt_out(text) == text
