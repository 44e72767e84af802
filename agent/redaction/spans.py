"""What every rule gives: where a secret stands in the encoded text, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import re2

ALPHANUMERIC = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


class Span(NamedTuple):
    """`text[start:end]` in bytes is a secret of this kind; `specific` kinds name the union of overlapping spans."""

    start: int
    end: int
    kind: str
    specific: bool = True


Matcher = Callable[[bytes, int], Iterable[Span]]
"""Given the text and where one of its keywords stands: the secrets there."""


@dataclass(frozen=True)
class Expression:
    """An RE2 expression, compiled when it is first needed: most texts hold the keywords of few rules."""

    source: str

    @cached_property
    def compiled(self) -> Any:
        return re2.compile(self.source)

    @cached_property
    def groups(self) -> int:
        """How many groups it has. A rule's secret is its only group, or all of it: group 1 or 0."""
        return int(self.compiled.groups)

    def end_of_match(self, text: bytes, at: int, reach: int) -> int:
        """Where the match that starts exactly at `at` ends, at most `reach` bytes on; -1 without a match."""
        found = self.compiled.match(text, at, at + reach)
        return -1 if found is None else found.end()

    def search(self, text: bytes, start: int, end: int) -> Any:
        return self.compiled.search(text, start, end)

    def match(self, text: bytes, at: int, reach: int) -> Any:
        return self.compiled.match(text, at, at + reach)


def span_of(found: Any, group: int, kind: str, *, specific: bool = True) -> Span:
    """The span of one group of a match."""
    start, end = found.span(group)
    return Span(start, end, kind, specific)


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for lists that read better as one."""
    return frozenset(text.split())


def words(text: bytes) -> str:
    """Bytes of the text as characters, whatever they are."""
    return text.decode("utf-8", "replace")


def begins_word(text: bytes, at: int) -> bool:
    r"""Whether no letter or digit stands before, other than in an escape: `\n`, `%3D`."""
    if at == 0 or text[at - 1] not in ALPHANUMERIC:
        return True
    return text[at - 2 : at - 1] == b"\\" or (at >= 3 and text[at - 3 : at - 2] == b"%")
