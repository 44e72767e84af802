"""The audit trail. The schema itself refuses to change or delete a line, or to put one between others.

A line's id is its place in the chain; lines of versions before the chain have theirs too. The chain's head is a row of
its own, written in the same transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from agent.audit_chain import ChainHead, Line, Sealed, anchor_lost, end_of, line, sealed, told
from agent.models import AuditEntry
from agent.ports import Clock
from tools.stores.sqlite.database import Database

_SELECT = "SELECT id, subject, body FROM audit"
_PAGE = 500
_LOWEST = -(2**63)
"""None of ours has an id below 1; what somebody else put there is shown too."""


class SqliteAuditLog:
    keeps: timedelta | None = None

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def append(self, entry: AuditEntry) -> AuditEntry:
        document = told(entry)

        def work(connection: sqlite3.Connection) -> AuditEntry:
            head = _head(connection)
            end, lost = end_of(head, _last(connection))
            if lost and end:
                end = _write(connection, told(anchor_lost(self._clock(), head, end)), end).head
            return _write(connection, document, end).entry

        return await self._database.awrite(work)

    async def read(self, subject: str | None = None, limit: int = 100) -> list[AuditEntry]:
        """Lines that cannot be read are left out; `walk` has them."""
        if subject is None:
            lines = await self._lines(f"{_SELECT} ORDER BY id DESC LIMIT ?", limit)
        else:
            lines = await self._lines(f"{_SELECT} WHERE subject = ? ORDER BY id DESC LIMIT ?", subject, limit)
        return [each.entry for each in lines if each.entry]

    async def walk(self, since_sequence: int = 0) -> AsyncIterator[Line]:
        sql = f"{_SELECT} WHERE id >= ? ORDER BY id LIMIT ?"
        first = since_sequence + 1 if since_sequence else _LOWEST
        while page := await self._lines(sql, first, _PAGE):
            for each in page:
                yield each
            first = (page[-1].sequence or 0) + 1

    async def head(self) -> ChainHead | None:
        return await self._database.aread(_head)

    async def _lines(self, sql: str, *parameters: str | int) -> list[Line]:
        rows = await self._database.aread(lambda connection: connection.execute(sql, parameters).fetchall())
        return [_line(row) for row in rows]


def _write(connection: sqlite3.Connection, document: Mapping[str, Any], end: ChainHead | None) -> Sealed:
    new = sealed(document, end)
    connection.execute(
        "INSERT INTO audit (id, subject, body) VALUES (?, ?, ?)", (new.head.sequence, new.entry.subject, new.text)
    )
    connection.execute(
        "INSERT INTO audit_head (one, body) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET body = excluded.body",
        (new.head.model_dump_json(),),
    )
    return new


def _head(connection: sqlite3.Connection) -> ChainHead | None:
    row = connection.execute("SELECT body FROM audit_head").fetchone()
    try:
        return ChainHead.model_validate_json(row["body"]) if row else None
    except ValidationError:  # somebody wrote there: as good as lost
        return None


def _last(connection: sqlite3.Connection) -> Line | None:
    row = connection.execute(f"{_SELECT} ORDER BY id DESC LIMIT 1").fetchone()
    return _line(row) if row else None


def _line(row: sqlite3.Row) -> Line:
    return line(row["body"], row["id"], row["subject"])
