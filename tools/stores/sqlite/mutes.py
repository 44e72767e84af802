"""Mutes: one row a channel or thread that is to be left alone."""

from __future__ import annotations

import sqlite3

from agent.models import Mute
from agent.ports import Clock
from agent.redaction.plain import redacted_json
from tools.stores.sqlite.database import Database


class SqliteMuteStore:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def mute(self, mute: Mute) -> None:
        """A second mute of the same place replaces the first."""
        until = mute.until.timestamp() if mute.until else None
        row = (mute.channel, mute.thread_ts, mute.at.timestamp(), until, redacted_json(mute))
        now = self._clock().timestamp()

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM mutes WHERE until <= ?", (now,))
            connection.execute(
                "INSERT OR REPLACE INTO mutes (channel, thread_ts, at, until, body) VALUES (?, ?, ?, ?, ?)", row
            )

        await self._database.awrite(work)

    async def unmute(self, channel: str, thread_ts: str = "") -> bool:
        sql = "DELETE FROM mutes WHERE channel = ? AND thread_ts = ? AND (until IS NULL OR until > ?)"
        parameters = (channel, thread_ts, self._clock().timestamp())
        return await self._database.awrite(lambda connection: connection.execute(sql, parameters).rowcount == 1)

    async def active(self, channel: str, thread_ts: str = "") -> Mute | None:
        """A thread's own mute sorts before its channel's, which has no timestamp."""
        sql = (
            "SELECT body FROM mutes WHERE (until IS NULL OR until > ?) AND channel = ? AND thread_ts IN (?, '')"
            " ORDER BY thread_ts DESC LIMIT 1"
        )
        found = await self._select(sql, channel, thread_ts)
        return found[0] if found else None

    async def all(self) -> list[Mute]:
        return await self._select(
            "SELECT body FROM mutes WHERE until IS NULL OR until > ? ORDER BY at DESC, rowid DESC"
        )

    async def _select(self, sql: str, *parameters: str) -> list[Mute]:
        values = (self._clock().timestamp(), *parameters)
        rows = await self._database.aread(lambda connection: connection.execute(sql, values).fetchall())
        return [Mute.model_validate_json(row["body"]) for row in rows]
