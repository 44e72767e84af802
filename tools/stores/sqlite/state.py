"""Small JSON documents by key."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from agent.ports import Clock
from agent.redaction.plain import redact_plain
from tools.stores.sqlite.database import Database

_PURGED = 20


class SqliteStateStore:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, key: str) -> dict[str, Any] | None:
        now = self._clock().timestamp()
        return await self._database.aread(lambda connection: _get(connection, key, now))

    async def put(self, key: str, value: dict[str, Any], ttl_seconds: float = 2_592_000) -> None:
        now = self._clock().timestamp()
        await self._database.awrite(lambda connection: _put(connection, key, value, now, ttl_seconds))

    async def change(
        self, key: str, change: Callable[[dict[str, Any]], dict[str, Any]], ttl_seconds: float = 2_592_000
    ) -> dict[str, Any]:
        now = self._clock().timestamp()

        def work(connection: sqlite3.Connection) -> dict[str, Any]:
            value = change(_get(connection, key, now) or {})
            return _put(connection, key, value, now, ttl_seconds)

        return await self._database.awrite(work)


def _get(connection: sqlite3.Connection, key: str, now: float) -> dict[str, Any] | None:
    row = connection.execute("SELECT body FROM state WHERE key = ? AND expires_at > ?", (key, now)).fetchone()
    return json.loads(row["body"]) if row else None


def _put(
    connection: sqlite3.Connection, key: str, value: dict[str, Any], now: float, ttl_seconds: float
) -> dict[str, Any]:
    kept = redact_plain(value)
    connection.execute(
        "INSERT OR REPLACE INTO state (key, expires_at, body) VALUES (?, ?, ?)",
        (key, now + ttl_seconds, json.dumps(kept, ensure_ascii=False)),
    )
    connection.execute(
        "DELETE FROM state WHERE key IN (SELECT key FROM state WHERE expires_at <= ? LIMIT ?)", (now, _PURGED)
    )
    return kept
