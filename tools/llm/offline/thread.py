"""What a question owes to the thread that it stands in: what was asked before it, and at which time that looked."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from agent.briefs import Brief
from tools.llm.offline.intents import Intent, intent_of

SLACK = timedelta(minutes=15)
"""The thread's looks are a few minutes older than the question."""
_NARROWS = re.compile(r"^\W*(?:(?:ok|and|but|please|no)\b\W*)*(?:only|just|what about|how about|and|for)\b", re.I)
_ASKED = re.compile(r"^user: (?:.+? asked: )?(.*)$")


def wanted(brief: Brief) -> Intent:
    """What is asked for; `only for checkout please` and `and yesterday?` ask again what was asked before."""
    own, before = intent_of(brief.question), asked_before(brief)
    again = _NARROWS.search(brief.question) or is_of_another_time(brief)
    narrows = own is Intent.why and before and again and "why" not in brief.question.lower()
    return intent_of(before) if narrows else own


def asked_before(brief: Brief) -> str:
    """The latest question of the thread that says what is asked, before this one: `and yesterday?` does not."""
    asked = [match[1] for line in reversed(brief.conversation) if (match := _ASKED.match(line))]
    whole = (each for each in asked if intent_of(each) is not Intent.why or not _NARROWS.search(each))
    return next(whole, asked[0] if asked else "")


def is_of_another_time(brief: Brief) -> bool:
    """Whether a question names a time at which nobody in the thread has looked."""
    start = time_of(brief.scope.get("start", ""))
    spans = [piece.time_range for piece in brief.evidence if piece.time_range]
    return bool(start and spans) and not any(start and span.start <= start + SLACK for span in spans)


def time_of(text: str) -> datetime | None:
    """An ISO 8601 time (UTC when it names no zone), or None."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value
