"""Which of a thread's questions still wait for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from agent.models import ChatMessage, Conversation

FORGOTTEN_AFTER = timedelta(minutes=15)
"""A question that got no answer for so long is history, not something to answer together with the next one."""


def answer_key(ts: str) -> str:
    """`ts` of the turn that answers the question with this timestamp."""
    return f"answer:{ts}"


def is_answered(thread: Conversation | None, user: str, ts: str) -> bool:
    """By its own answer, or by that to a later question of the same person, who was answered both at once."""
    turns = thread.messages if thread else ()
    answers = {turn.ts for turn in turns}
    return answer_key(ts) in answers or any(
        turn.author == user and float(turn.ts) >= float(ts) and answer_key(turn.ts) in answers
        for turn in turns
        if turn.role == "user" and turn.ts
    )


def waiting_of(thread: Conversation | None, user: str, now: datetime, ts: str = "") -> list[ChatMessage]:
    """One person's unanswered questions, oldest first: the one at `ts`, and those that came while a run was going."""
    turns = [turn for turn in thread.messages if turn.role == "user" and turn.author == user] if thread else []
    mine = [turn for turn in turns if turn.ts == ts or now - turn.at < FORGOTTEN_AFTER]
    return sorted((turn for turn in mine if not is_answered(thread, user, turn.ts)), key=lambda turn: float(turn.ts))


def settled(thread: Conversation | None, now: datetime) -> list[ChatMessage]:
    """The turns that are history: everything but the questions of all people that still wait."""
    turns = thread.messages if thread else ()
    waiting = {turn.ts for author in {turn.author for turn in turns} for turn in waiting_of(thread, author, now)}
    return [turn for turn in turns if turn.role == "assistant" or turn.ts not in waiting]


def is_ours(thread: Conversation | None, thread_ts: str) -> bool:
    """Whether people may omit the mention: in threads that began with a question to Watchkeeper.

    A thread with an alert's analysis counts once somebody has asked there; until then people talk to each other.
    """
    if thread is None or not thread.messages:
        return False
    asked = any(turn.role == "user" for turn in thread.messages)
    return asked and (thread.messages[0].ts == thread_ts or _has_analysis(thread.messages))


def _has_analysis(turns: Sequence[ChatMessage]) -> bool:
    return any(turn.role == "assistant" and not turn.ts.startswith("answer:") for turn in turns)
