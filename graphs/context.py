"""What one call of a model may read, and how messages that are too long are made to fit.

What tools said first gives way first, down to its conclusion; then what they said last; then the weakest evidence of
the brief. Instructions, questions and what the model itself said are never touched. Nothing that people would not see
in a text is read by a model either: alerts, logs, tags and messages can hold whole orders in such characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, ToolMessage

from agent import evidence_text
from agent.briefs import is_brief
from agent.tokens import chars_within, tokens
from agent.visible import hides_something, visible

SHORT_CHARS = 240
"""Of a tool's result that gave way."""
MESSAGE_TOKENS = 4
"""What each message takes beside its text."""

ATTEMPTS = 5
"""At making evidence fit whose parts are not equally dense."""

_EVIDENCE = re.compile(r"(?<=\n# Evidence\n).*?(?=\n\n# (?:Scope|Question)\n|\Z)", re.S)


def tokens_of(messages: Sequence[BaseMessage]) -> int:
    """An estimate: no provider's own count is needed to stay within a budget."""
    return sum(map(_size, messages))


def fitted(messages: Sequence[AnyMessage], limit: int) -> list[AnyMessage] | None:
    """The messages within so many tokens; None when even short they are too many."""
    fitting = [_as_seen(message) for message in messages]
    sizes = [_size(message) for message in fitting]

    def replace(place: int, message: AnyMessage) -> None:
        fitting[place], sizes[place] = message, _size(message)

    newest = max((n for n, message in enumerate(fitting) if isinstance(message, AIMessage)), default=len(fitting))
    for place in (*range(newest), *range(newest, len(fitting))):
        if sum(sizes) <= limit:
            return fitting
        if (shorter := _shortened(fitting[place])) is not fitting[place]:
            replace(place, shorter)
    for place, message in enumerate(fitting):
        if (over := sum(sizes) - limit) > 0 and isinstance(message, HumanMessage) and is_brief(message.text):
            replace(place, HumanMessage(_with_less_evidence(message.text, over)))
    return fitting if sum(sizes) <= limit else None


def _size(message: BaseMessage) -> int:
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    return MESSAGE_TOKENS + tokens(message.text) + sum(tokens(f"{call['name']}{call['args']}") for call in calls)


def _as_seen(message: AnyMessage) -> AnyMessage:
    """The message as it looks, be it one text or several parts. What the model itself said goes back as it was."""
    content: Any = message.content
    if isinstance(message, AIMessage):
        return message
    seen = _text_as_seen(content) if isinstance(content, str) else [_part_as_seen(part) for part in content]
    return message if seen == content else message.model_copy(update={"content": seen})


def _part_as_seen(part: Any) -> Any:
    if isinstance(part, str):
        return _text_as_seen(part)
    return {**part, "text": _text_as_seen(part["text"])} if isinstance(part.get("text"), str) else part


def _text_as_seen(text: str) -> str:
    return visible(text) if hides_something(text) else text


def _shortened(message: AnyMessage) -> AnyMessage:
    """A tool's result as its first line and its conclusion, in the form in which evidence is written."""
    if not isinstance(message, ToolMessage) or len(message.text) <= SHORT_CHARS:
        return message
    pieces = evidence_text.parse(message.text)
    if not pieces:
        return message.model_copy(update={"content": f"{message.text[:SHORT_CHARS]}…"})
    lines = [f"[{p.id}] {p.tool} · {p.status}\nFound: {p.summary[:SHORT_CHARS]}\n(shortened)" for p in pieces]
    return message.model_copy(update={"content": "\n".join(lines)})


def _with_less_evidence(brief: str, over: int) -> str:
    """The brief without the weakest findings, by at least so many tokens where its evidence has as many."""
    section = _EVIDENCE.search(brief)
    if section is None:
        return brief
    pieces, room = evidence_text.parse(section[0]), tokens(section[0]) - over
    chars, less = chars_within(room, section[0]), ""
    for _ in range(ATTEMPTS):
        less = evidence_text.render_all(pieces, max(chars, 1))
        if tokens(less) <= room:
            break
        chars = min(chars, len(less)) * max(room, 0) // tokens(less)  # what is left is denser than the whole was
    return brief[: section.start()] + less + brief[section.end() :]
