"""The audit trail as a hash chain: each line holds the hash of the one before.

    hash = SHA-256 of canonical JSON of all the line's other fields, `sequence` and `previous` among them

Canonical: keys in order, no spaces, ASCII only. The very text that is hashed is what is stored and exported, so that
anybody can check it with ten lines of any language. Secrets are gone from it before.

A chain alone does not show that its newest lines were taken away. So the store keeps its head (the last sequence and
hash) apart from the lines, and writes both or neither. Whoever can change both rewrites the trail; the head that
`watchkeeper audit verify` prints, kept elsewhere, shows that too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, cast
from uuid import uuid4

from agent.models import AuditEntry
from agent.models.base import Model, UtcTime
from agent.redaction.plain import redact_plain

BEFORE_THE_FIRST = "0" * 64
"""`previous` of the chain's first line."""
ANCHOR_LOST = "anchor_lost"
"""The event of a line that the store itself writes, when it finds the head gone or older than the lines."""
MAX_CHARACTERS = 250_000
_MAX_TEXT = 4_000


class ChainHead(Model):
    """Where the chain ends."""

    sequence: int
    hash: str
    at: UtcTime | None = None


@dataclass(frozen=True)
class Line:
    """A line as it lies in a store. `sequence` is its place by the store's own key; None where that has no places."""

    sequence: int | None
    text: str
    entry: AuditEntry | None
    wrong: str = ""
    """Why it is not what was written; empty when it is, or when it was never chained."""

    @property
    def chained(self) -> bool:
        return self.entry is None or bool(self.entry.hash)


@dataclass(frozen=True)
class Sealed:
    entry: AuditEntry
    text: str
    head: ChainHead


def canonical(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def told(entry: AuditEntry) -> dict[str, Any]:
    """What will be stored of an entry: without secrets, not too large, and with an id that no other one has."""
    chain = {"id", "sequence", "previous", "previous_at", "hash"}
    document = redact_plain(entry.model_dump(mode="json", exclude=chain))
    return _bounded(document) | {"id": uuid4().hex}


def sealed(document: Mapping[str, Any], before: ChainHead | None) -> Sealed:
    """What `told` gave as the line after `before`, as the first one after None."""
    before = before or ChainHead(sequence=0, hash=BEFORE_THE_FIRST)
    link = {
        "sequence": before.sequence + 1,
        "previous": before.hash,
        "previous_at": before.model_dump(mode="json")["at"],
    }
    unsealed = {**document, **link}
    whole = {**unsealed, "hash": _hash(unsealed)}
    entry = AuditEntry.model_validate(whole)
    return Sealed(entry, canonical(whole), ChainHead(sequence=entry.sequence, hash=entry.hash, at=entry.at))


def line(text: object, sequence: int | None = None, subject: str | None = None) -> Line:
    """A stored text looked at for itself. `sequence` and `subject` are what the store files it under."""
    try:
        written = str(text)
        document = _object(json.loads(written))
        entry = AuditEntry.model_validate(document)
        wrong = _wrong(written, document, entry, sequence, subject)
    except (ValueError, RecursionError):  # pydantic's ValidationError is a ValueError
        return Line(sequence, str(text), None, "it cannot be read")
    return Line(sequence, written, entry, wrong)


def end_of(head: ChainHead | None, last: Line | None) -> tuple[ChainHead | None, bool]:
    """What the next line follows, and whether the head was lost: the store has lines after it.

    A line that no head can name, since it was written before there was a chain, only gives its place.
    """
    known = head.sequence if head else 0
    if last is None or last.sequence is None or last.sequence <= known:
        return head, False
    if head is None and not last.chained:
        return ChainHead(sequence=last.sequence, hash=BEFORE_THE_FIRST), False
    entry = last.entry
    return ChainHead(sequence=last.sequence, hash=entry.hash if entry else "", at=entry.at if entry else None), True


def anchor_lost(now: datetime, head: ChainHead | None, end: ChainHead) -> AuditEntry:
    found = f"{head.sequence}:{head.hash}" if head else "none"
    detail = {"head": found, "goes_on_after": f"{end.sequence}:{end.hash}"}
    return AuditEntry(at=now, actor="watchkeeper", event=ANCHOR_LOST, subject="audit", detail=detail)


def _hash(document: Mapping[str, Any]) -> str:
    return sha256(canonical(document).encode()).hexdigest()


def _object(document: object) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise ValueError("not an object")
    return cast("dict[str, Any]", document)


def _wrong(text: str, document: dict[str, Any], entry: AuditEntry, sequence: int | None, subject: str | None) -> str:
    if subject is not None and subject != entry.subject:
        return "it is filed under another subject"
    if not entry.hash:
        return ""
    if sequence is not None and sequence != entry.sequence:
        return f"it says that it is line {entry.sequence}"
    if canonical(document) != text:
        return "it was written anew"
    unsealed = {name: value for name, value in document.items() if name != "hash"}
    return "" if _hash(unsealed) == entry.hash else "its hash does not fit what it says"


def _bounded(document: dict[str, Any]) -> dict[str, Any]:
    """Long texts are cut, and say so, where all together would be too much for a store."""
    if len(canonical(document)) <= MAX_CHARACTERS:
        return document
    shorter = {**document, "detail": _cut(document["detail"])}
    if len(canonical(shorter)) <= MAX_CHARACTERS:
        return shorter
    return {**document, "detail": {"left_out": _left_out(canonical(document["detail"]))}}


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _MAX_TEXT else f"{value[:_MAX_TEXT]}… [cut: {_left_out(value)}]"
    if isinstance(value, dict):
        return {name: _cut(each) for name, each in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_cut(each) for each in cast("list[Any]", value)]
    return value


def _left_out(text: str) -> str:
    return f"{len(text)} characters, SHA-256 {sha256(text.encode('utf-8', 'replace')).hexdigest()}"
