"""Asking back, once: the question that one was about, together with what somebody answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.models import ChatMessage, Clarification

MAX_CHOICES = 4
LONGEST_ANSWER_WORDS = 12
"""More words than these, or a question mark, make it a question of its own."""


@dataclass(frozen=True)
class Asked:
    """What is to be answered now. `clarified`: the thread was asked back just before, and is not asked again."""

    question: str
    clarified: bool = False


def asked_now(text: str, history: Sequence[ChatMessage]) -> Asked:
    """The new message, joined to the question that Watchkeeper asked back about if it answers that."""
    last = next((turn for turn in reversed(history) if turn.role == "assistant"), None)
    if last is None or last.answer is None or last.answer.clarification is None:
        return Asked(text)
    if not _answers(text, last.answer.clarification):
        return Asked(text, clarified=True)
    place = list(history).index(last)
    questions = [turn for turn in history[:place] if turn.role == "user"]
    asked = next((turn for turn in questions if f"answer:{turn.ts}" == last.ts), None) or next(
        reversed(questions), None
    )
    return Asked(f"{asked.text.rstrip()} ({text.strip()})" if asked else text, clarified=True)


def clarification(question: str, choices: Sequence[str]) -> Clarification:
    """A question back with at most four different choices."""
    distinct = tuple(dict.fromkeys(choice.strip() for choice in choices if choice.strip()))
    return Clarification(question=question.strip() or "Which resource do you mean?", choices=distinct[:MAX_CHOICES])


def _answers(text: str, asked: Clarification) -> bool:
    if text.strip().casefold() in {choice.casefold() for choice in asked.choices}:
        return True
    return not text.rstrip().endswith("?") and len(text.split()) <= LONGEST_ANSWER_WORDS
