"""Deduplication: every question "am I the first?" is answered by one conditional write."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from agent.models import Alert
from agent.ports import Clock, Sighting
from tools.stores.sqlite.database import Database

_PURGED_A_CLAIM = 20
"""Expired claims that each claim clears away: more than it adds, so that the table stays small."""


class SqliteAlertLedger:
    """A window stays open as long as sightings keep coming less than `window_seconds` apart."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def record(self, alert: Alert, incident_id: str, window_seconds: float = 3600) -> Sighting:
        now = self._clock().timestamp()
        return await self._database.awrite(
            lambda connection: _record(connection, alert.fingerprint, incident_id, now, now - window_seconds)
        )

    async def claim(self, key: str, ttl_seconds: float = 86_400) -> bool:
        now = self._clock().timestamp()
        return await self._database.awrite(lambda connection: _claim(connection, key, now, now + ttl_seconds))


def _record(
    connection: sqlite3.Connection, fingerprint: str, incident_id: str, now: float, open_since: float
) -> Sighting:
    row = connection.execute(
        "UPDATE sightings SET count = count + 1, last_seen = max(last_seen, ?)"
        " WHERE fingerprint = ? AND last_seen > ? RETURNING *",
        (now, fingerprint, open_since),
    ).fetchone()
    if row is None:
        connection.execute(
            "INSERT OR REPLACE INTO sightings (fingerprint, incident_id, count, first_seen, last_seen)"
            " VALUES (?, ?, 1, ?, ?)",
            (fingerprint, incident_id, now, now),
        )
        return Sighting(first=True, count=1, first_seen=_time(now), last_seen=_time(now), incident_id=incident_id)
    return Sighting(
        first=False,
        count=row["count"],
        first_seen=_time(row["first_seen"]),
        last_seen=_time(row["last_seen"]),
        incident_id=row["incident_id"],
    )


def _claim(connection: sqlite3.Connection, key: str, now: float, expires_at: float) -> bool:
    row = connection.execute(
        "INSERT INTO claims (key, expires_at) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at WHERE claims.expires_at <= ? RETURNING key",
        (key, expires_at, now),
    ).fetchone()
    connection.execute(
        "DELETE FROM claims WHERE key IN (SELECT key FROM claims WHERE expires_at <= ? LIMIT ?)", (now, _PURGED_A_CLAIM)
    )
    return row is not None


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
