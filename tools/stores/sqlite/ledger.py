"""Deduplication: who is first, and what is counted, is decided in one transaction."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime

from agent.models import Alert, AlertStatus
from agent.ports import Clock, Episode, Sighting, Tally
from agent.redaction.plain import redacted_json
from tools.stores.sqlite.database import Database
from tools.stores.windows import (
    EPISODES_KEPT_SECONDS,
    SIGHTINGS_KEPT_SECONDS,
    Window,
    again,
    by_alert,
    counted,
    fires,
    heard,
    opened,
    sighting,
    written,
)

_PURGED = 20
"""Expired rows that each write clears away: more than it adds, so that the tables stay small."""


class SqliteAlertLedger:
    """A window stays open as long as sightings keep coming less than `window_seconds` apart."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def record(
        self, alert: Alert, incident_id: str, window_seconds: float = 3600, event_id: str = ""
    ) -> Sighting:
        now = self._clock().timestamp()
        body = redacted_json(alert)

        def work(connection: sqlite3.Connection) -> Sighting:
            number, window = _newest(connection, alert.fingerprint)
            is_open = window is not None and window.is_open(now, window_seconds)
            incident = window.incident_id if window and is_open else incident_id
            if event_id and not _is_new(connection, alert.fingerprint, event_id, incident, now) and window:
                return again(window, _incident_of(connection, alert.fingerprint, event_id) or "")
            _purge(connection, now, window_seconds)
            if window is None or not is_open:
                window = opened(alert, body, incident_id, now, window)
                _open(connection, window)
                return sighting(window, first=True, fired=window.count > 0)
            after = counted(window, alert, body, now)
            _replace(connection, number, after)
            return sighting(after, changed=after.status is not window.status, fired=fires(window, alert))

        return await self._database.awrite(work)

    async def open(self, fingerprint: str, window_seconds: float = 3600) -> Sighting | None:
        now = self._clock().timestamp()
        _, window = await self._database.aread(lambda connection: _newest(connection, fingerprint))
        return sighting(window) if window and window.is_open(now, window_seconds) else None

    async def incident_of(self, fingerprint: str, event_id: str) -> str | None:
        return await self._database.aread(lambda connection: _incident_of(connection, fingerprint, event_id))

    async def of_incident(self, incident_id: str, limit: int = 200) -> list[Sighting]:
        return [sighting(window) for window in by_alert(await self._windows(incident_id))[:limit]]

    async def tally(self, incident_id: str) -> Tally:
        """SQLite takes the status from the row with the greatest `last_seen`: the newest window of each alert."""
        sql = (
            "SELECT count(*) AS alerts, sum(status = 'firing') AS firing, sum(fired) AS count, sum(sent) AS events,"
            " max(last) AS last_seen FROM (SELECT status, sum(count) AS fired, sum(events) AS sent,"
            " max(last_seen) AS last FROM windows WHERE incident_id = ? GROUP BY fingerprint)"
        )
        row = await self._database.aread(lambda connection: connection.execute(sql, (incident_id,)).fetchone())
        last_seen = datetime.fromtimestamp(row["last_seen"], UTC) if row["alerts"] else None
        return Tally(row["alerts"], row["firing"] or 0, row["count"] or 0, row["events"] or 0, last_seen)

    async def earlier(self, fingerprint: str, limit: int = 60) -> list[Episode]:
        sql = "SELECT at, incident_id FROM episodes WHERE fingerprint = ? AND at > ? ORDER BY id DESC LIMIT ?"
        parameters = (fingerprint, self._clock().timestamp() - EPISODES_KEPT_SECONDS, limit)
        rows = await self._database.aread(lambda connection: connection.execute(sql, parameters).fetchall())
        return [Episode(datetime.fromtimestamp(row["at"], UTC), row["incident_id"]) for row in rows]

    async def claim(self, key: str, ttl_seconds: float = 86_400) -> bool:
        now = self._clock().timestamp()
        return await self._database.awrite(lambda connection: _claim(connection, key, now, now + ttl_seconds))

    async def _windows(self, incident_id: str) -> list[Window]:
        sql = "SELECT * FROM windows WHERE incident_id = ?"
        rows = await self._database.aread(lambda connection: connection.execute(sql, (incident_id,)).fetchall())
        return [_window(row) for row in rows]


def _newest(connection: sqlite3.Connection, fingerprint: str) -> tuple[int, Window | None]:
    sql = "SELECT * FROM windows WHERE fingerprint = ? ORDER BY id DESC LIMIT 1"
    row = connection.execute(sql, (fingerprint,)).fetchone()
    return (row["id"], _window(row)) if row else (0, None)


def _is_new(connection: sqlite3.Connection, fingerprint: str, event_id: str, incident_id: str, now: float) -> bool:
    sql = "INSERT INTO events (fingerprint, event_id, incident_id, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return connection.execute(sql, (fingerprint, event_id, incident_id, now)).rowcount == 1


def _incident_of(connection: sqlite3.Connection, fingerprint: str, event_id: str) -> str | None:
    sql = "SELECT incident_id FROM events WHERE fingerprint = ? AND event_id = ?"
    row = connection.execute(sql, (fingerprint, event_id)).fetchone()
    return row["incident_id"] if row else None


def _open(connection: sqlite3.Connection, window: Window) -> None:
    connection.execute(
        "INSERT INTO windows"
        " (fingerprint, incident_id, first_seen, count, events, last_seen, status, decided, flips, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (window.fingerprint, window.incident_id, window.first_seen, *_changing(window)),
    )
    connection.execute(
        "INSERT INTO episodes (fingerprint, incident_id, at) VALUES (?, ?, ?)",
        (window.fingerprint, window.incident_id, window.first_seen),
    )


def _replace(connection: sqlite3.Connection, number: int, window: Window) -> None:
    connection.execute(
        "UPDATE windows SET count = ?, events = ?, last_seen = ?, status = ?, decided = ?, flips = ?, body = ?"
        " WHERE id = ?",
        (*_changing(window), number),
    )


def _purge(connection: sqlite3.Connection, now: float, window_seconds: float) -> None:
    gone, long_gone = now - max(SIGHTINGS_KEPT_SECONDS, window_seconds), now - EPISODES_KEPT_SECONDS
    for sql, oldest in (
        ("DELETE FROM windows WHERE id IN (SELECT id FROM windows WHERE last_seen <= ? LIMIT ?)", gone),
        (
            "DELETE FROM events WHERE (fingerprint, event_id) IN"
            " (SELECT fingerprint, event_id FROM events WHERE at <= ? LIMIT ?)",
            gone,
        ),
        ("DELETE FROM episodes WHERE id IN (SELECT id FROM episodes WHERE at <= ? LIMIT ?)", long_gone),
    ):
        connection.execute(sql, (oldest, _PURGED))


def _claim(connection: sqlite3.Connection, key: str, now: float, expires_at: float) -> bool:
    row = connection.execute(
        "INSERT INTO claims (key, expires_at) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at WHERE claims.expires_at <= ? RETURNING key",
        (key, expires_at, now),
    ).fetchone()
    connection.execute(
        "DELETE FROM claims WHERE key IN (SELECT key FROM claims WHERE expires_at <= ? LIMIT ?)", (now, _PURGED)
    )
    return row is not None


def _changing(window: Window) -> tuple[str | int | float, ...]:
    return (
        window.count,
        window.events,
        window.last_seen,
        window.status.value,
        written(window.decided),
        json.dumps(window.flips),
        window.body,
    )


def _window(row: sqlite3.Row) -> Window:
    return Window(
        fingerprint=row["fingerprint"],
        incident_id=row["incident_id"],
        count=row["count"],
        events=row["events"],
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        status=AlertStatus(row["status"]),
        decided=heard(row["decided"], AlertStatus(row["status"]), row["last_seen"]),
        flips=tuple(json.loads(row["flips"])),
        body=row["body"],
    )
