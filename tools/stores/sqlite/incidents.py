"""Incidents, by id, Slack thread, status and time.

What was found out (evidence and diagnosis) is large and changes rarely, so it lies in a row of its own, which is
written only when it has changed: a storm changes an incident several times a second.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from agent.models import Incident, IncidentStatus, SlackPlace
from tools.stores.findings import findings_of, joined, without_findings
from tools.stores.places import place_key
from tools.stores.sqlite.database import Database
from tools.stores.timeline import with_whole_timeline

_SELECT = (
    "SELECT incidents.body AS body, findings.body AS findings FROM incidents"
    " LEFT JOIN findings ON findings.incident_id = incidents.id"
)


class SqliteIncidentStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, incident: Incident) -> None:
        def work(connection: sqlite3.Connection) -> None:
            stored = _get(connection, incident.id)
            _write(connection, with_whole_timeline(incident, stored), stored)

        await self._database.awrite(work)

    async def create(self, incident: Incident) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            if connection.execute("SELECT 1 FROM incidents WHERE id = ?", (incident.id,)).fetchone():
                return False
            _write(connection, incident, None)
            return True

        return await self._database.awrite(work)

    async def change(self, incident_id: str, change: Callable[[Incident], Incident]) -> Incident | None:
        def work(connection: sqlite3.Connection) -> Incident | None:
            stored = _get(connection, incident_id)
            if stored is None or (changed := change(stored)) is stored:
                return stored
            after = with_whole_timeline(changed, stored)
            _write(connection, after, stored)
            return after

        return await self._database.awrite(work)

    async def get(self, incident_id: str) -> Incident | None:
        return await self._database.aread(lambda connection: _get(connection, incident_id))

    async def by_thread(self, place: SlackPlace) -> Incident | None:
        """The newest, should two incidents share a thread."""
        sql = f"{_SELECT} WHERE place = ? ORDER BY created_at DESC, incidents.rowid DESC LIMIT 1"
        found = await self._select(sql, place_key(place))
        return found[0] if found else None

    async def by_status(self, status: IncidentStatus, limit: int = 50) -> list[Incident]:
        sql = f"{_SELECT} WHERE status = ? ORDER BY created_at DESC, incidents.rowid DESC LIMIT ?"
        return await self._select(sql, status.value, limit)

    async def recent(self, since: datetime, limit: int = 200) -> list[Incident]:
        sql = f"{_SELECT} WHERE last_at >= ? ORDER BY last_at DESC, incidents.rowid DESC LIMIT ?"
        return await self._select(sql, since.timestamp(), limit)

    async def _select(self, sql: str, *parameters: str | float) -> list[Incident]:
        rows = await self._database.aread(lambda connection: connection.execute(sql, parameters).fetchall())
        return [joined(row["body"], row["findings"] or "") for row in rows]


def _get(connection: sqlite3.Connection, incident_id: str) -> Incident | None:
    row = connection.execute(f"{_SELECT} WHERE id = ?", (incident_id,)).fetchone()
    return joined(row["body"], row["findings"] or "") if row else None


def _write(connection: sqlite3.Connection, incident: Incident, stored: Incident | None) -> None:
    connection.execute(
        "INSERT INTO incidents (id, status, place, created_at, last_at, body) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET status = excluded.status, place = excluded.place,"
        " created_at = excluded.created_at, last_at = excluded.last_at, body = excluded.body",
        (
            incident.id,
            incident.status.value,
            place_key(incident.place) if incident.place else None,
            incident.created_at.timestamp(),
            (incident.last_alert_at or incident.created_at).timestamp(),
            without_findings(incident),
        ),
    )
    if stored is None or (stored.evidence, stored.diagnosis) != (incident.evidence, incident.diagnosis):
        _write_findings(connection, incident)
    elif not connection.execute("SELECT 1 FROM findings WHERE incident_id = ?", (incident.id,)).fetchone():
        _write_findings(connection, incident)  # the first version wrote them into the body


def _write_findings(connection: sqlite3.Connection, incident: Incident) -> None:
    connection.execute(
        "INSERT INTO findings (incident_id, body) VALUES (?, ?)"
        " ON CONFLICT (incident_id) DO UPDATE SET body = excluded.body",
        (incident.id, findings_of(incident)),
    )
