"""Finds secrets in one pass: Aho-Corasick says where a keyword stands, and only there a rule is matched, in RE2.

Both are linear in the text, and a match is anchored at its keyword and bounded, so no text, however long or crafted,
makes it slow. Offsets are those of the UTF-8 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import ahocorasick_rs

from agent.redaction.assignments import Assignment
from agent.redaction.formats import FORMATS, REACH, Token
from agent.redaction.kubernetes import kubernetes_secrets
from agent.redaction.names import NAMES
from agent.redaction.spans import Matcher, Span
from agent.redaction.structures import MATCHERS

MARK = "[redacted:"
CHUNK = 65_536
"""How much text is searched for keywords at once: it bounds the memory that hits take."""
NOWHERE = Span(0, 0, "")


class Rules:
    """All rules by keyword."""

    def __init__(self) -> None:
        by_keyword: dict[str, list[Matcher]] = {}
        for keywords, matcher in _all_rules():
            for keyword in keywords:
                by_keyword.setdefault(keyword, []).append(matcher)
        self._matchers = list(by_keyword.values())
        self.keywords = tuple(by_keyword)
        self._longest = max(map(len, by_keyword))
        self._search = ahocorasick_rs.BytesAhoCorasick([keyword.encode() for keyword in by_keyword])

    def spans(self, text: bytes) -> Iterator[Span]:
        """Secrets in the text, in no order, perhaps overlapping."""
        yield from kubernetes_secrets(text)
        lower, hidden, named = text.lower(), NOWHERE, NOWHERE
        for number, at in self._hits(lower):
            inside = hidden.start <= at < hidden.end
            for matcher in self._matchers[number]:
                is_format = isinstance(matcher, Token)
                if (inside and not is_format) or (named.start <= at < named.end - REACH):
                    continue  # it is hidden already; only a format could still name it better, or reach further
                for span in matcher(text, at):
                    if not inside or span.end > hidden.end:
                        hidden = span
                    if is_format and span.end > named.end:
                        named = span
                    if span.kind:
                        yield span

    def _hits(self, lower: bytes) -> Iterator[tuple[int, int]]:
        """Which keyword stands where, for each that stands in the text."""
        for start in range(0, len(lower), CHUNK):
            chunk = lower[start : start + CHUNK + self._longest - 1]
            for number, at, _ in self._search.find_matches_as_indexes(chunk, overlapping=True):
                if at < CHUNK:
                    yield number, start + at


def _all_rules() -> Iterator[tuple[Iterable[str], Matcher]]:
    for form in FORMATS:
        yield form.keywords.split(), Token(form)
    for keywords, matcher in MATCHERS:
        yield keywords.split(), matcher
    for name in NAMES:
        yield (name,), Assignment(name)
    yield (MARK,), _mark


def _mark(text: bytes, at: int) -> Iterable[Span]:
    """What is hidden already, as a span of no kind: nothing is looked for in it."""
    end = text.find(b"]", at, at + 60)
    return (Span(at, end + 1, ""),) if end > 0 else ()


@cache
def rules() -> Rules:
    """The rules, built when the first text comes: importing this costs a listener nothing."""
    return Rules()
