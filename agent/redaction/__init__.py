"""No secret leaves: `redact(text)` runs before a model, a message, a log line or a store sees text.

    >>> redact("connect to postgres://app:hunter2@db.internal/orders")
    'connect to postgres://app:[redacted:password]@db.internal/orders'

Only the secret goes; names, hosts, ARNs, ids and figures stay, since people on call need them. What is hidden says
what it was. Redacting twice changes nothing more. To add a token's format, add a row to `formats`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agent.redaction import personal
from agent.redaction.engine import rules
from agent.redaction.spans import Span
from agent.visible import INVISIBLE, hides_something

MARK = re.compile(rb"\[redacted:[a-z0-9-]{1,40}\]")
LEAST = 3
"""Bytes of the shortest secret."""
PASSES = 4
"""More passes than this over one text are the work of a crafted one, where each lays bare just one secret more."""


@dataclass(frozen=True)
class Policy:
    """What is hidden besides secrets, which always are."""

    cards: bool = True
    emails: bool = False
    """Off by default: who changed something is often an e-mail address, and people on call need to know."""


_in_use = [Policy()]


def use(policy: Policy) -> None:
    """Make this the process's policy: `redact` is called in places that know no settings, such as a log's formatter."""
    _in_use[0] = policy


def in_use() -> Policy:
    return _in_use[0]


def redact(text: str, policy: Policy | None = None) -> str:
    """The text with each secret replaced by `[redacted:<kind>]`. Never raises, whatever the text holds.

    A secret with characters in it that nobody sees is one all the same; where there is one, they are all taken out.
    """
    hidden = _redacted(text, policy or _in_use[0])
    if not hides_something(hidden):
        return hidden
    seen = INVISIBLE.sub("", hidden)
    return hidden if (again := _redacted(seen, policy or _in_use[0])) == seen else again


def _redacted(text: str, policy: Policy) -> str:
    encoded = text.encode("utf-8", "replace")  # half an emoji is no character, and would end a secret too early
    passes = 0
    while (hidden := _redact_once(encoded, policy, _margin(passes))) != encoded:
        encoded = hidden  # hiding one secret may lay bare another; each pass hides more, so this ends
        passes += 1
    return encoded.decode() if passes else text


def _margin(passes: int) -> int:
    """How many bytes before each secret go with it: none at first, then ever more, which ends it soon."""
    return 0 if passes < PASSES else 1000 << 5 * (passes - PASSES)


def _redact_once(text: bytes, policy: Policy, margin: int = 0) -> bytes:
    pieces: list[bytes] = []
    done = 0
    spans = (_widened(text, span, margin) for span in _outside_marks(text, _merged(_spans(text, policy))))
    for start, end, kind, _ in _outside_marks(text, _merged(spans)) if margin else spans:
        pieces += text[done:start], f"[redacted:{kind}]".encode()
        done = end
    return b"".join([*pieces, text[done:]]) if pieces else text


def _widened(text: bytes, span: Span, margin: int) -> Span:
    """The span from `margin` bytes before it on, or a few more: from where a character begins."""
    start = max(0, span.start - margin)
    while margin and start and text[start] & 0xC0 == 0x80:
        start -= 1
    return span._replace(start=start)


def _spans(text: bytes, policy: Policy) -> Iterator[Span]:
    yield from rules().spans(text)
    if policy.cards:
        yield from personal.cards(text)
    if policy.emails:
        yield from personal.emails(text)


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Overlapping spans as one, called by the first specific kind among them."""
    merged: Span | None = None
    for span in sorted(spans):
        if merged is None or span.start >= merged.end:
            if merged is not None:
                yield merged
            merged = span
            continue
        named = merged if merged.specific or not span.specific else span
        merged = Span(merged.start, max(merged.end, span.end), named.kind, named.specific)
    if merged is not None:
        yield merged


def _outside_marks(text: bytes, spans: Iterable[Span]) -> Iterator[Span]:
    """What of the spans is not hidden yet: a mark of an earlier pass is never part of a secret."""
    marks = iter(MARK.finditer(text) if b"[redacted:" in text else ())
    mark = next(marks, None)
    for span in spans:
        start = span.start
        while mark is not None and mark.end() <= start:
            mark = next(marks, None)
        while mark is not None and mark.start() < span.end:
            yield from _worth_hiding(span, start, mark.start())
            start = mark.end()
            if start >= span.end:
                break
            mark = next(marks, None)
        yield from _worth_hiding(span, start, span.end)


def _worth_hiding(span: Span, start: int, end: int) -> Iterator[Span]:
    if end - start >= LEAST:
        yield span._replace(start=start, end=end)
