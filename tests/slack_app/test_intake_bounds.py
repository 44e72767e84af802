"""How much of what somebody says is read: patterns that take long for long runs must not keep the worker busy."""

from __future__ import annotations

import time

import pytest

from agent.addressing import calls_for_answer
from agent.fix_requests import wish_of
from slack_app.intake import _BEGINNING, MAX_SAID_CHARS, bounded


@pytest.mark.parametrize("padding", [" ", "\n", " \t", "(", "a ", "? ", "1."])
def test_no_message_keeps_the_worker_busy_by_its_length(padding: str) -> None:
    text = bounded("why does checkout fail? " + padding * (40_000 // len(padding)) + " since when?")
    assert len(text) <= MAX_SAID_CHARS + 3
    assert text.startswith("why does checkout fail?")
    assert text.endswith("since when?")
    began = time.perf_counter()
    assert calls_for_answer(text)
    wish_of(text)
    assert time.perf_counter() - began < 3


def test_no_half_of_a_secret_is_left_where_a_long_message_is_cut() -> None:
    token = "xoxb-" + "123456789012-123456789012-" + "a1B2c3D4" * 3
    for place in range(_BEGINNING - len(token), _BEGINNING):
        text = ("why? " + "ab " * 9000)[: place - 1] + " " + token + " and" * 5000
        assert token[5:20] not in bounded(text)


def test_what_people_say_is_otherwise_kept_as_it_is() -> None:
    text = "why?\n```\n    at Pay.charge (pay.py:12)\n```\n-----\nsee <https://x.example|this>, please..."
    assert bounded(text) == text
