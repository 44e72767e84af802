"""Incidents, by id, Slack thread and status."""

from __future__ import annotations

import sqlite3

from agent.models import Incident, IncidentStatus, SlackPlace
from agent.redaction.plain import redacted_json
from tools.stores.places import place_key
from tools.stores.sqlite.database import Database
from tools.stores.timeline import with_whole_timeline


class SqliteIncidentStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, incident: Incident) -> None:
        await self._database.awrite(lambda connection: _save(connection, incident))

    async def get(self, incident_id: str) -> Incident | None:
        return await self._database.aread(lambda connection: _get(connection, incident_id))

    async def by_thread(self, place: SlackPlace) -> Incident | None:
        """The newest, should two incidents share a thread."""
        sql = "SELECT body FROM incidents WHERE place = ? ORDER BY created_at DESC, rowid DESC LIMIT 1"
        found = await self._select(sql, place_key(place))
        return found[0] if found else None

    async def by_status(self, status: IncidentStatus, limit: int = 50) -> list[Incident]:
        sql = "SELECT body FROM incidents WHERE status = ? ORDER BY created_at DESC, rowid DESC LIMIT ?"
        return await self._select(sql, status.value, limit)

    async def _select(self, sql: str, *parameters: str | int) -> list[Incident]:
        rows = await self._database.aread(lambda connection: connection.execute(sql, parameters).fetchall())
        return [Incident.model_validate_json(row["body"]) for row in rows]


def _get(connection: sqlite3.Connection, incident_id: str) -> Incident | None:
    row = connection.execute("SELECT body FROM incidents WHERE id = ?", (incident_id,)).fetchone()
    return Incident.model_validate_json(row["body"]) if row else None


def _save(connection: sqlite3.Connection, given: Incident) -> None:
    incident = with_whole_timeline(given, _get(connection, given.id))
    connection.execute(
        "INSERT INTO incidents (id, status, place, created_at, body) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET status = excluded.status, place = excluded.place,"
        " created_at = excluded.created_at, body = excluded.body",
        (
            incident.id,
            incident.status.value,
            place_key(incident.place) if incident.place else None,
            incident.created_at.timestamp(),
            redacted_json(incident),
        ),
    )
