"""Documents that a detector remembers: small, plain, and with a version."""

from __future__ import annotations

from typing import Any, Protocol

VERSION = 1
MAX_BYTES = 300_000
"""Of a document as JSON; what would be longer has to forget something first."""

Document = dict[str, Any]


class Memories(Protocol):
    """What a detector remembers, by key. What is put is kept when the tick's findings are queued, and not before."""

    def get(self, key: str) -> Document:
        """What was put last, `{}` when there is nothing (or what an older version of this wrote)."""
        ...

    def put(self, key: str, document: Document) -> None: ...


def readable(document: Document | None) -> Document:
    """The document without its version; `{}` when it is of another version: then the detector learns anew."""
    if not document or document.get("version") != VERSION:
        return {}
    return {name: value for name, value in document.items() if name != "version"}


def versioned(document: Document) -> Document:
    return {"version": VERSION, **document}
