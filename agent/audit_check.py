"""Whether the audit trail is whole: nothing edited, taken out, put in, moved, or cut off at its end.

Where a store keeps lines for a time only, the check begins with the oldest one that must still be there (the retention
less a day, since TTL deletes in no order). Its `previous_at` tells whether the line before it had to go; if not, that
one was deleted early.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.audit_chain import ANCHOR_LOST, BEFORE_THE_FIRST, ChainHead, Line
from agent.models import AuditEntry
from agent.ports.stores import AuditLog

_SLACK = timedelta(days=1)


@dataclass(frozen=True)
class Break:
    """The first line that is not as it was written, or after which something is missing; 0 is before the first."""

    sequence: int
    reason: str
    entry: AuditEntry | None = None


@dataclass(frozen=True)
class ChainReport:
    """`entries` were checked. `unchained` are of versions before there was a chain: nothing can be said of them."""

    entries: int
    unchained: int
    first: AuditEntry | None
    last: AuditEntry | None
    head: ChainHead | None
    broken: Break | None
    anchors_lost: tuple[AuditEntry, ...]
    """Where the store went on though its head was gone or older than its lines: a person should know why."""

    @property
    def begins_later(self) -> bool:
        """What came before the first line that was checked was deleted when its time had come."""
        return self.first is not None and self.first.previous != BEFORE_THE_FIRST


async def verify(log: AuditLog, now: datetime, noted: ChainHead | None = None) -> ChainReport:
    """Of the whole trail, lines that are written meanwhile included. `noted` is a head that somebody wrote down."""
    checker = Checker(now, log.keeps, noted)
    while True:
        begun = checker.sequence
        async for line in log.walk(begun):
            checker.take(line)
            if checker.broken:
                break
        head = await log.head()
        if checker.broken or head is None or checker.sequence in (begun, head.sequence):
            return checker.end(head)


@dataclass
class Checker:
    """Takes the lines in their order; `end` gives the report. After a break nothing more is taken."""

    now: datetime
    keeps: timedelta | None
    noted: ChainHead | None = None
    broken: Break | None = None
    _entries: int = 0
    _unchained: int = 0
    _first: AuditEntry | None = None
    _last: AuditEntry | None = None
    _sequence: int = 0
    _anchors_lost: list[AuditEntry] = field(default_factory=list[AuditEntry])

    @property
    def sequence(self) -> int:
        """Of the line that was taken last; 0 before the first."""
        return self._sequence

    def take(self, line: Line) -> None:
        entry = line.entry
        if self.broken or (entry and not line.wrong and self._had_to_go(entry)):
            return
        reason = line.wrong or (self._wrong(line, entry) if entry else "")
        if entry is None or reason:
            self.broken = Break(line.sequence or 0, reason, entry)
            return
        self._sequence = line.sequence if line.sequence is not None else self._sequence
        if not entry.hash:
            self._unchained += 1
            return
        self._entries += 1
        self._first, self._last = self._first or entry, entry
        if entry.event == ANCHOR_LOST:
            self._anchors_lost.append(entry)

    def end(self, head: ChainHead | None) -> ChainReport:
        if not self.broken and (reason := self._wrong_end(head)):
            self.broken = Break(self._sequence, reason, self._last)
        return ChainReport(
            entries=self._entries,
            unchained=self._unchained,
            first=self._first,
            last=self._last,
            head=head,
            broken=self.broken,
            anchors_lost=tuple(self._anchors_lost),
        )

    def _had_to_go(self, entry: AuditEntry) -> bool:
        """By now, or soon. Once a line was taken, all that follow have to be there."""
        return self._last is None and self._is_old(entry.at)

    def _is_old(self, at: datetime | None) -> bool:
        return self.keeps is not None and at is not None and at < self.now - self.keeps + _SLACK

    def _wrong(self, line: Line, entry: AuditEntry) -> str:
        if not entry.hash:
            return self._wrong_unchained(line.sequence)
        if self._last is None and self._sequence == 0 and self._is_old(entry.previous_at):
            return self._not_as_noted(entry)
        if line.sequence != self._sequence + 1:
            return f"it is line {line.sequence}, and line {self._sequence + 1} should be there: lines are missing"
        follows = (self._last.hash, self._last.at) if self._last else (BEFORE_THE_FIRST, None)
        if (entry.previous, entry.previous_at) != follows:
            return "it does not follow the line before it"
        return self._not_as_noted(entry)

    def _wrong_unchained(self, sequence: int | None) -> str:
        if self._last is not None:
            return "it has no hash, though the chain began before it"
        return "" if sequence in (None, self._sequence + 1) else f"line {self._sequence + 1} should be there"

    def _not_as_noted(self, entry: AuditEntry) -> str:
        if self.noted and self.noted.sequence == entry.sequence and self.noted.hash != entry.hash:
            return "it is not the line whose hash was noted: the trail was written anew"
        return ""

    def _wrong_end(self, head: ChainHead | None) -> str:
        last = self._last
        if self.noted and self.noted.sequence > self._sequence:
            return f"the trail ends before line {self.noted.sequence}, whose hash was noted"
        if last is None:
            gone = head is None or self._is_old(head.at)
            return "" if gone or head is None else f"all lines up to {head.sequence} are missing"
        if head is None:
            return "the chain's head is missing, so lines may be missing after this one"
        if head.sequence > last.sequence:
            return f"the chain ends at line {head.sequence}: what came after this line is missing"
        if head.sequence < last.sequence:
            return f"the chain's head says that it ends at line {head.sequence}: the head was set back"
        return "" if (head.hash, head.at) == (last.hash, last.at) else "the chain's head does not fit the last line"
