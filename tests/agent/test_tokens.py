"""The estimate against what tokenizers made of the same texts: the greatest of five counts, taken once."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from agent.tokens import chars_within, tokens

LINES = (Path(__file__).parent / "counted_tokens.jsonl").read_text("utf-8").splitlines()
COUNTED = [(line["counted"], line["text"]) for line in map(json.loads, LINES)]


@pytest.mark.parametrize(("counted", "text"), COUNTED)
def test_no_text_is_told_much_too_low_or_much_too_high(counted: int, text: str) -> None:
    assert 0.9 * counted <= tokens(text) <= 1.6 * counted


def test_all_of_them_together_are_told_hardly_too_high() -> None:
    whole = sum(counted for counted, _ in COUNTED)
    assert whole <= tokens("".join(text for _, text in COUNTED)) <= 1.2 * whole


def test_nothing_takes_nothing_and_more_text_takes_more() -> None:
    assert tokens("") == 0
    assert tokens("\x00") == 0
    assert tokens("why?") < tokens("why not?") < tokens("warum nicht, um Himmels willen?")


def test_half_a_character_is_no_mistake() -> None:
    assert tokens("\ud83d") == 1


def test_characters_are_counted_by_what_their_like_takes() -> None:
    assert chars_within(100, like="支付服务失败") < 100 < chars_within(100, like="the payments service")
    assert chars_within(100, like="") == chars_within(-5, like="text") == 0


def test_a_whole_call_is_estimated_in_a_wink() -> None:
    text = "Errors of checkout-api rose to 190.27 a minute at 2026-11-20T14:18Z. " * 500
    began = time.perf_counter()
    tokens(text)
    assert time.perf_counter() - began < 0.5  # it takes a ten-thousandth of a second
