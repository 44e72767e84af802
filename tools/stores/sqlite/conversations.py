"""Conversations: one row a thread, one row a turn, so that a long thread costs no more to add to than a short one."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

from agent.models import ChatMessage, Conversation, SlackPlace
from agent.ports import Clock
from agent.redaction.plain import redacted_json
from tools.stores.places import place_key
from tools.stores.sqlite.database import Database


class SqliteConversationStore:
    """A thread that has expired is as good as gone, whether or not it was purged yet."""

    def __init__(self, database: Database, clock: Clock, lifetime: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._lifetime = lifetime

    async def get(self, place: SlackPlace) -> Conversation | None:
        now = self._clock().timestamp()
        return await self._database.aread(lambda connection: _get(connection, place, now))

    async def append(self, place: SlackPlace, message: ChatMessage) -> Conversation:
        now = self._clock()
        expires_at = now + self._lifetime

        def work(connection: sqlite3.Connection) -> Conversation:
            _purge(connection, now.timestamp())
            connection.execute(
                "INSERT OR REPLACE INTO conversations (place, expires_at) VALUES (?, ?)",
                (place_key(place), expires_at.timestamp()),
            )
            connection.execute(
                "INSERT INTO turns (place, role, ts, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (place_key(place), message.role, message.ts, redacted_json(message)),
            )
            return _read(connection, place, expires_at)

        return await self._database.awrite(work)

    async def purge_expired(self) -> int:
        now = self._clock().timestamp()
        return await self._database.awrite(lambda connection: _purge(connection, now))


def _get(connection: sqlite3.Connection, place: SlackPlace, now: float) -> Conversation | None:
    sql = "SELECT expires_at FROM conversations WHERE place = ? AND expires_at > ?"
    row = connection.execute(sql, (place_key(place), now)).fetchone()
    return _read(connection, place, datetime.fromtimestamp(row["expires_at"], UTC)) if row else None


def _read(connection: sqlite3.Connection, place: SlackPlace, expires_at: datetime) -> Conversation:
    rows = connection.execute("SELECT body FROM turns WHERE place = ? ORDER BY id", (place_key(place),))
    messages = tuple(ChatMessage.model_validate_json(row["body"]) for row in rows)
    tools_used = dict.fromkeys(evidence.tool for message in messages for evidence in message.evidence)
    return Conversation(place=place, messages=messages, tools_used=tuple(tools_used), expires_at=expires_at)


def _purge(connection: sqlite3.Connection, now: float) -> int:
    connection.execute(
        "DELETE FROM turns WHERE place IN (SELECT place FROM conversations WHERE expires_at <= ?)", (now,)
    )
    return connection.execute("DELETE FROM conversations WHERE expires_at <= ?", (now,)).rowcount
