"""Conversations: one row a thread, one row a turn, so that a long thread costs no more to add to than a short one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from agent.models import ChatMessage, Conversation, SlackPlace
from agent.ports import Clock
from agent.redaction.plain import redacted_json
from tools.stores.places import place_key, place_of
from tools.stores.sqlite.database import Database


class SqliteConversationStore:
    """A thread that has expired is as good as gone, whether or not it was purged yet."""

    def __init__(self, database: Database, clock: Clock, lifetime: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._lifetime = lifetime

    async def get(self, place: SlackPlace) -> Conversation | None:
        now = self._now()
        return await self._database.aread(lambda connection: _get(connection, place, now))

    async def append(self, place: SlackPlace, message: ChatMessage) -> Conversation:
        return await self.extend(place, [message])

    async def extend(self, place: SlackPlace, messages: Sequence[ChatMessage]) -> Conversation:
        now = self._clock()
        expires_at = now + self._lifetime
        rows = [(place_key(place), message.role, message.ts, redacted_json(message)) for message in messages]

        def work(connection: sqlite3.Connection) -> Conversation:
            _remove_expired(connection, place, now.timestamp())
            connection.execute(
                "INSERT OR REPLACE INTO conversations (place, expires_at) VALUES (?, ?)",
                (place_key(place), expires_at.timestamp()),
            )
            connection.executemany(
                "INSERT INTO turns (place, role, ts, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", rows
            )
            return _read(connection, place, expires_at)

        return await self._database.awrite(work)

    async def alive(self, place: SlackPlace) -> bool:
        sql, now = "SELECT 1 FROM conversations WHERE place = ? AND expires_at > ?", self._now()
        parameters = (place_key(place), now)
        return await self._database.aread(lambda connection: connection.execute(sql, parameters).fetchone() is not None)

    async def expired(self, limit: int, place: SlackPlace | None = None) -> list[Conversation]:
        """Those that wait to be removed, the oldest first; only the one of `place`, when it is given."""
        now = self._now()
        return await self._database.aread(lambda connection: _expired(connection, now, limit, place))

    async def remove_expired(self, place: SlackPlace) -> bool:
        """False when it has not expired, or not any more."""
        now = self._now()
        return await self._database.awrite(lambda connection: _remove_expired(connection, place, now))

    async def purge_expired(self) -> int:
        now = self._now()
        return await self._database.awrite(lambda connection: _purge(connection, now))

    def _now(self) -> float:
        return self._clock().timestamp()


def _get(connection: sqlite3.Connection, place: SlackPlace, now: float) -> Conversation | None:
    sql = "SELECT expires_at FROM conversations WHERE place = ? AND expires_at > ?"
    row = connection.execute(sql, (place_key(place), now)).fetchone()
    return _read(connection, place, datetime.fromtimestamp(row["expires_at"], UTC)) if row else None


def _read(connection: sqlite3.Connection, place: SlackPlace, expires_at: datetime) -> Conversation:
    rows = connection.execute("SELECT body FROM turns WHERE place = ? ORDER BY id", (place_key(place),))
    messages = tuple(ChatMessage.model_validate_json(row["body"]) for row in rows)
    tools_used = dict.fromkeys(evidence.tool for message in messages for evidence in message.evidence)
    return Conversation(place=place, messages=messages, tools_used=tuple(tools_used), expires_at=expires_at)


def _expired(connection: sqlite3.Connection, now: float, limit: int, place: SlackPlace | None) -> list[Conversation]:
    key = place_key(place) if place else ""
    sql = (
        "SELECT place, expires_at FROM conversations WHERE expires_at <= ? AND (? = '' OR place = ?)"
        " ORDER BY expires_at LIMIT ?"
    )
    rows = connection.execute(sql, (now, key, key, limit)).fetchall()
    return [_read(connection, place_of(row["place"]), datetime.fromtimestamp(row["expires_at"], UTC)) for row in rows]


def _remove_expired(connection: sqlite3.Connection, place: SlackPlace, now: float) -> bool:
    key = place_key(place)
    removed = connection.execute("DELETE FROM conversations WHERE place = ? AND expires_at <= ?", (key, now)).rowcount
    if removed:
        connection.execute("DELETE FROM turns WHERE place = ?", (key,))
    return removed == 1


def _purge(connection: sqlite3.Connection, now: float) -> int:
    connection.execute(
        "DELETE FROM turns WHERE place IN (SELECT place FROM conversations WHERE expires_at <= ?)", (now,)
    )
    return connection.execute("DELETE FROM conversations WHERE expires_at <= ?", (now,)).rowcount
