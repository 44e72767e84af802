"""What one call of a model may read, and how messages that are too long are made to fit.

What tools said first gives way first, down to its conclusion; then what they said last; then the weakest evidence of
the brief. Instructions, questions and what the model itself said are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, ToolMessage

from agent import evidence_text
from agent.briefs import is_brief
from agent.memory import CHARS_PER_TOKEN

SHORT_CHARS = 240
"""Of a tool's result that gave way."""
MESSAGE_TOKENS = 4
"""What each message takes beside its text."""

_EVIDENCE = re.compile(r"(?<=\n# Evidence\n).*?(?=\n\n# (?:Scope|Question)\n|\Z)", re.S)


def tokens_of(messages: Sequence[BaseMessage]) -> int:
    """An estimate: no provider's own count is needed to stay within a budget."""
    return sum(MESSAGE_TOKENS + _chars(message) // CHARS_PER_TOKEN for message in messages)


def fitted(messages: Sequence[AnyMessage], limit: int) -> list[AnyMessage] | None:
    """The messages within so many tokens; None when even short they are too many."""
    fitting = list(messages)
    newest = max((n for n, message in enumerate(fitting) if isinstance(message, AIMessage)), default=len(fitting))
    for places in (range(newest), range(newest, len(fitting))):
        for place in places:
            if tokens_of(fitting) <= limit:
                return fitting
            fitting[place] = _shortened(fitting[place])
    for place, message in enumerate(fitting):
        if (over := tokens_of(fitting) - limit) > 0 and isinstance(message, HumanMessage) and is_brief(message.text):
            fitting[place] = HumanMessage(_with_less_evidence(message.text, over * CHARS_PER_TOKEN))
    return fitting if tokens_of(fitting) <= limit else None


def _chars(message: BaseMessage) -> int:
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    return len(message.text) + sum(len(call["name"]) + len(str(call["args"])) for call in calls)


def _shortened(message: AnyMessage) -> AnyMessage:
    """A tool's result as its first line and its conclusion, in the form in which evidence is written."""
    if not isinstance(message, ToolMessage) or len(message.text) <= SHORT_CHARS:
        return message
    pieces = evidence_text.parse(message.text)
    if not pieces:
        return message.model_copy(update={"content": f"{message.text[:SHORT_CHARS]}…"})
    lines = [f"[{p.id}] {p.tool} · {p.status}\nFound: {p.summary[:SHORT_CHARS]}\n(shortened)" for p in pieces]
    return message.model_copy(update={"content": "\n".join(lines)})


def _with_less_evidence(brief: str, chars: int) -> str:
    """The brief without the weakest findings, by at least so many characters where its evidence has as many."""
    section = _EVIDENCE.search(brief)
    if section is None:
        return brief
    room = max(len(section[0]) - chars, 1)
    less = evidence_text.render_all(evidence_text.parse(section[0]), room)
    return brief[: section.start()] + less + brief[section.end() :]
