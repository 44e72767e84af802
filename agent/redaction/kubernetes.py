"""The values of a Kubernetes Secret's `data` and `stringData`, whatever their keys are called."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.redaction.spans import Expression, Span, words
from agent.redaction.values import is_placeholder

KIND = Expression(r"""(?i)kind:[ \t]*["']?secret["']?[ \t]*(?:\r?\n|$)""")
DATA = re.compile(rb"(?im)^([ \t]*)(?:string)?data:[ \t]*$")
ENTRY = re.compile(
    rb"(?m)^([ \t]*)(?:- )?[\w./-]+:[ \t]*(?:[|>][+-]?[ \t]*\r?\n[ \t]*)?[\"']?([^\s\"'{}][^\s\"']{9,})[\"']?[ \t]*\r?$"
)
NEAR = 20_000


def kubernetes_secret(text: bytes, at: int) -> Iterator[Span]:
    """Every value under `data:` in the document whose `kind: Secret` stands at `at`."""
    if (at and text[at - 1 : at] not in b" \t\n") or KIND.end_of_match(text, at, 100) < 0:
        return
    start = max(text.rfind(b"\n---", max(0, at - NEAR), at), at - NEAR, 0)
    end = text.find(b"\n---", at, at + NEAR)
    end = min(len(text), at + NEAR) if end < 0 else end
    for block in DATA.finditer(text, start, end):
        yield from _entries(text, block.end(), end, len(block.group(1)))


def _entries(text: bytes, start: int, end: int, indent: int) -> Iterator[Span]:
    """The values of the lines that are indented deeper than their `data:`."""
    for entry in ENTRY.finditer(text, start, end):
        if len(entry.group(1)) <= indent:
            return
        if not is_placeholder(words(entry.group(2))):
            yield Span(*entry.span(2), "kubernetes-secret", specific=False)
