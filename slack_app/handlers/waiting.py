"""Which of a thread's questions still wait for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from agent.addressing import calls_for_answer
from agent.models import ChatMessage, Conversation

FORGOTTEN_AFTER = timedelta(minutes=15)
"""A question that got no answer for so long is history, not something to answer together with the next one."""
_ANSWER, _BEGUN = "answer:", "begun:"


def answer_key(ts: str) -> str:
    """`ts` of the turn that answers the question with this timestamp."""
    return f"{_ANSWER}{ts}"


def begun_key(ts: str) -> str:
    """`ts` of the turn that tells where the answer to a question was begun. It says nothing to people or models."""
    return f"{_BEGUN}{ts}"


def is_begun(turn: ChatMessage) -> bool:
    return turn.ts.startswith(_BEGUN)


def is_answered(thread: Conversation | None, ts: str) -> bool:
    """By its own answer, or by one that covers it: who writes twice while a run is going is answered once."""
    return ts in _answered(_turns(thread))


def waiting_of(thread: Conversation | None, user: str, now: datetime, ts: str = "") -> list[ChatMessage]:
    """One person's unanswered questions, oldest first: the one at `ts`, and those that came while a run was going."""
    turns = _turns(thread)
    answered = _answered(turns)
    mine = [turn for turn in turns if turn.role == "user" and turn.author == user and turn.ts not in answered]
    return sorted((turn for turn in mine if turn.ts == ts or _is_fresh(turn, now)), key=lambda turn: float(turn.ts))


def settled(thread: Conversation | None, now: datetime) -> list[ChatMessage]:
    """The turns that are history: everything but the questions of all people that still wait."""
    turns = _turns(thread)
    answered = _answered(turns)
    return [
        turn
        for turn in turns
        if (turn.role == "assistant" and not is_begun(turn))
        or (turn.role == "user" and (turn.ts in answered or not _is_fresh(turn, now)))
    ]


def begun_at(thread: Conversation | None, waiting: Sequence[ChatMessage]) -> str:
    """The Slack message in which an earlier attempt began to answer one of these questions; "" if none did."""
    keys = {begun_key(turn.ts) for turn in waiting}
    return next((turn.message_ts for turn in _turns(thread) if turn.ts in keys), "")


def own_messages(thread: Conversation | None) -> set[str]:
    """The ts of every Slack message in the thread that is known to be Watchkeeper's."""
    return {ts for turn in _turns(thread) for ts in (turn.message_ts, *turn.pages) if ts}


def is_meant(thread: Conversation | None, thread_ts: str, user: str, text: str, now: datetime) -> bool:
    """Whether words without a mention are for Watchkeeper: a question or an order in a thread of its own.

    Its own are those that began with a question to it and those under an alert that it analysed. People also talk to
    each other there. Whoever was asked back by it, or still waits for its answer, may use any words.
    """
    if not (began_with_question(thread, thread_ts) or has_analysis(thread)):
        return False
    return bool(waiting_of(thread, user, now)) or _was_asked_back(thread, user) or calls_for_answer(text)


def _was_asked_back(thread: Conversation | None, user: str) -> bool:
    """Whether the last thing said in the thread is a question back to this person."""
    turns = [turn for turn in _turns(thread) if not is_begun(turn)]
    last = turns[-1] if turns else None
    if last is None or last.answer is None or last.answer.clarification is None:
        return False
    asked = [turn.author for turn in turns if turn.role == "user" and turn.ts in _answered([last])]
    return user in asked


def began_with_question(thread: Conversation | None, thread_ts: str) -> bool:
    """Whether the thread hangs under a question to Watchkeeper."""
    turns = _turns(thread)
    return bool(turns) and turns[0].ts == thread_ts


def has_analysis(thread: Conversation | None) -> bool:
    """Whether the alert above the thread was analysed."""
    return any(turn.role == "assistant" and not turn.ts.startswith((_ANSWER, _BEGUN)) for turn in _turns(thread))


def _turns(thread: Conversation | None) -> Sequence[ChatMessage]:
    return thread.messages if thread else ()


def _answered(turns: Sequence[ChatMessage]) -> set[str]:
    """The timestamps of all questions that have an answer."""
    answers = [turn for turn in turns if turn.role == "assistant" and turn.ts.startswith(_ANSWER)]
    return {ts for turn in answers for ts in (turn.ts.removeprefix(_ANSWER), *turn.covers)}


def _is_fresh(turn: ChatMessage, now: datetime) -> bool:
    return now - turn.at < FORGOTTEN_AFTER
