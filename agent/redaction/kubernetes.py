"""The values of a Kubernetes Secret's `data` and `stringData`, whatever their keys are called.

Unlike the rules that are called at a keyword, this one walks the text once: a dump has many Secrets in one document,
and each line of it is read for all of them together, so the time is linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.redaction.spans import Expression, Span, words
from agent.redaction.values import is_placeholder

KIND = Expression(r"""(?i)(?:^|[ \t\n])kind:[ \t]*["']?secret["']?[ \t]*(?:\r?\n|$)""")
SEPARATOR = b"\n---"
DATA = re.compile(rb"(?im)^([ \t]*)(?:string)?data:[ \t]*\r?$")
ENTRY = re.compile(
    rb"(?m)^[ \t]*(?:- )?[\w./-]+:[ \t]*(?:[|>][+-]?[ \t]*\r?\n[ \t]*)?[\"']?([^\s\"'{}][^\s\"']{9,})[\"']?[ \t]*\r?$"
)
LINE = re.compile(rb"(?m)^([ \t]*)[^\s#{]")
"""A line that can end a block: not a blank one, a comment or a template's `{{ … }}`, wherever they begin."""
NEAR = 20_000
"""How far from `kind: Secret`, in bytes, a `data:` without a document's separator between them belongs to it."""


def kubernetes_secrets(text: bytes) -> Iterator[Span]:
    """Every value under `data:` in the documents that hold a `kind: Secret`."""
    for start, end in _near_secrets(text):
        while block := DATA.search(text, start, end):
            start = _end_of_block(text, block.end(), end, len(block.group(1)))
            for entry in ENTRY.finditer(text, block.end(), start):
                if not is_placeholder(words(entry.group(1))):
                    yield Span(*entry.span(1), "kubernetes-secret", specific=False)


def _near_secrets(text: bytes) -> Iterator[tuple[int, int]]:
    """What of the text is near a `kind: Secret`, as ranges in order that do not overlap."""
    start = end = 0
    closed = True  # whether the range ends where its document does
    for kind in KIND.compiled.finditer(text):
        at = kind.start()
        if at >= end:
            begin = max(text.rfind(SEPARATOR, max(end, at - NEAR), at + 1), at - NEAR)
            if closed or begin > end:
                if end:
                    yield start, end
                start, end, closed = max(begin, end), at, False
        if not closed:
            separator = text.find(SEPARATOR, max(start, end - len(SEPARATOR)), at + NEAR)
            closed = separator >= 0
            end = separator if closed else min(len(text), at + NEAR)
    if end:
        yield start, end


def _end_of_block(text: bytes, start: int, end: int, indent: int) -> int:
    """Where the first line begins that is not indented deeper than its `data:`."""
    return next((line.start() for line in LINE.finditer(text, start, end) if len(line.group(1)) <= indent), end)
