"""The audit trail. This adapter only ever puts new items, so its role needs no right to update or delete them.

All lines lie in one partition, in the order of the chain, and are read consistently. A line and the chain's new head,
which lies in another table, are written in one transaction: two writers never follow the same line, and who lost reads
again. Lines of the version before lie under their subjects, listed by month; they are read after the chain's own.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from agent.audit_chain import ChainHead, Line, Sealed, anchor_lost, end_of, line, sealed, told
from agent.errors import RetryLater
from agent.models import AuditEntry
from agent.ports import Clock
from tools.stores.dynamodb.months import months_back
from tools.stores.dynamodb.table import Connection, Item, Put, Table, key_text
from tools.stores.dynamodb.tables import COORDINATION, HISTORY
from tools.stores.dynamodb.turns import Turns

_CHAIN = "chain"
_HEAD = {"group": key_text("audit", "head"), "item": "head"}
_ATTEMPTS = 100
_MAX_PAUSE_SECONDS = 0.2


class DynamoAuditLog:
    keeps: timedelta | None = timedelta(days=HISTORY.retention_days)

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._table = Table(connection, HISTORY)
        self._coordination = Table(connection, COORDINATION)
        self._clock = clock
        self._turns = Turns()

    async def append(self, entry: AuditEntry) -> AuditEntry:
        document = told(entry)
        async with self._turns.of(_CHAIN):
            for attempt in range(_ATTEMPTS):
                # In this order: a head is never older than a line that is there already.
                last, seen = await self._last(), await self._seen_head()
                head = _head(seen)
                end, lost = end_of(head, last)
                new = sealed(told(anchor_lost(self._clock(), head, end)) if lost and end else document, end)
                if await self._put(new, seen) and not lost:
                    return new.entry
                await asyncio.sleep(random.uniform(0, min(0.01 * 2**attempt, _MAX_PAUSE_SECONDS)))
        raise RetryLater("The audit trail could not be written: too many others write it; try again.", seconds=1)

    async def read(self, subject: str | None = None, limit: int = 100) -> list[AuditEntry]:
        """Of a subject, a line of the last moments may be missing: indexes lag behind."""
        if subject is None:
            found = await self._read("#subject = :key", _CHAIN, limit)
        else:
            found = await self._read("#about = :key", key_text("subject", subject), limit, "by_subject")
        return found + await self._read_earlier(subject, limit - len(found))

    async def walk(self, since_sequence: int = 0) -> AsyncIterator[Line]:
        if not since_sequence:
            async for each in self._walk_earlier():
                yield each
        condition = "#subject = :key AND #sequence > :since"
        lines = self._table.query(condition, expired_too=True, key=_CHAIN, since=_place(since_sequence))
        async for item in lines:
            yield _line(item)

    async def head(self) -> ChainHead | None:
        return _head(await self._seen_head())

    async def _seen_head(self) -> str:
        item = await self._coordination.get(**_HEAD)
        return str(item.get("chain", "")) if item else ""

    async def _last(self) -> Line | None:
        newest = self._table.query("#subject = :key", newest_first=True, page_size=1, expired_too=True, key=_CHAIN)
        async for item in newest:
            return _line(item)
        return None

    async def _put(self, new: Sealed, seen: str) -> bool:
        """False when somebody else wrote the next line meanwhile. `seen` is the head's text before."""
        unmoved = "#chain = :seen" if seen else "attribute_not_exists(#chain)"
        head = {**_HEAD, "chain": new.head.model_dump_json()}
        puts = [
            Put(self._item(new), "attribute_not_exists(#sequence)"),
            Put(head, unmoved, {"seen": seen} if seen else {}, self._coordination),
        ]
        if not await self._table.put_all(puts):
            return True
        # Refused may be the second attempt of this very request, the answer to the first being lost.
        where, place = "#subject = :key AND #sequence = :place", _place(new.head.sequence)
        async for item in self._table.query(where, key=_CHAIN, place=place):
            return item.get("line") == new.text
        return False

    def _item(self, new: Sealed) -> Item:
        until = max(self._clock(), new.entry.at) + timedelta(days=HISTORY.retention_days)
        return {
            "subject": _CHAIN,
            "sequence": _place(new.head.sequence),
            "about": key_text("subject", new.entry.subject),
            "delete_after": math.ceil(until.timestamp()),
            "line": new.text,
        }

    async def _read(self, condition: str, key: str, limit: int, index: str = "") -> list[AuditEntry]:
        """Lines that cannot be read are left out; `walk` has them."""
        found: list[AuditEntry] = []
        if limit <= 0:
            return found
        async for item in self._table.query(condition, index, newest_first=True, page_size=limit, key=key):
            if entry := _line(item).entry:
                found.append(entry)
            if len(found) == limit:
                break
        return found

    async def _read_earlier(self, subject: str | None, limit: int) -> list[AuditEntry]:
        if subject is not None:
            return await self._read("#subject = :key", key_text("subject", subject), limit)
        found: list[AuditEntry] = []
        for month in self._months():
            found += await self._read("#month = :key", month, limit - len(found), "by_month")
        return found

    async def _walk_earlier(self) -> AsyncIterator[Line]:
        for month in reversed(self._months()):
            async for item in self._table.query("#month = :key", "by_month", key=month):
                yield _line(item)

    def _months(self) -> list[str]:
        return months_back(self._clock(), HISTORY.retention_days)


def _head(text: str) -> ChainHead | None:
    try:
        return ChainHead.model_validate_json(text) if text else None
    except ValidationError:  # somebody wrote there: as good as lost
        return None


def _place(sequence: int) -> str:
    return f"{sequence:020d}"


def _line(item: Mapping[str, Any]) -> Line:
    """What an earlier version wrote has a body, and no place."""
    if item["subject"] != _CHAIN:
        return line(item.get("body", ""))
    found = line(item.get("line", ""), _sequence(item["sequence"]))
    wrong = found.wrong or (_misfiled(item, found.entry) if found.entry else "")
    return replace(found, wrong=wrong)


def _misfiled(item: Mapping[str, Any], entry: AuditEntry) -> str:
    if item.get("about") != key_text("subject", entry.subject):
        return "it is filed under another subject"
    until, kept = entry.at + timedelta(days=HISTORY.retention_days), item.get("delete_after")
    if not isinstance(kept, (int, float)) or kept < until.timestamp():
        return "it is to be deleted too early"
    return ""


def _sequence(key: str) -> int:
    """-1 for a key that is none of ours: no line says that of itself."""
    return int(key) if key.isdecimal() and len(key) == 20 else -1
