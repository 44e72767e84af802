"""Remediations, by id, incident and status."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from agent.models import Remediation, RemediationStatus
from tools.stores.redacted import remediation_json
from tools.stores.sqlite.database import Database

_SELECT = "SELECT body FROM remediations"
_OPEN = tuple(status.value for status in RemediationStatus if not status.over)


class SqliteRemediationStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, remediation: Remediation) -> bool:
        sql = (
            "INSERT INTO remediations (id, incident_id, status, created_at, body) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO NOTHING"
        )
        row = (
            remediation.id,
            remediation.incident_id,
            remediation.status.value,
            remediation.created_at.timestamp(),
            remediation_json(remediation),
        )
        return await self._database.awrite(lambda connection: connection.execute(sql, row).rowcount == 1)

    async def get(self, remediation_id: str) -> Remediation | None:
        return await self._database.aread(lambda connection: _get(connection, remediation_id))

    async def change(self, remediation_id: str, change: Callable[[Remediation], Remediation]) -> Remediation | None:
        def work(connection: sqlite3.Connection) -> Remediation | None:
            stored = _get(connection, remediation_id)
            if stored is None or (changed := change(stored)) is stored:
                return stored
            body = remediation_json(changed)
            connection.execute(
                "UPDATE remediations SET status = ?, body = ? WHERE id = ?",
                (changed.status.value, body, remediation_id),
            )
            return Remediation.model_validate_json(body)

        return await self._database.awrite(work)

    async def of_incident(self, incident_id: str) -> list[Remediation]:
        return await self._select("incident_id = ? ORDER BY created_at DESC, rowid DESC", incident_id)

    async def by_status(self, status: RemediationStatus, limit: int = 50) -> list[Remediation]:
        return await self._select("status = ? ORDER BY created_at DESC, rowid DESC LIMIT ?", status.value, limit)

    async def open(self, limit: int = 50) -> list[Remediation]:
        marks = ", ".join("?" for _ in _OPEN)
        return await self._select(f"status IN ({marks}) ORDER BY created_at, rowid LIMIT ?", *_OPEN, limit)

    async def _select(self, condition: str, *parameters: str | int) -> list[Remediation]:
        sql = f"{_SELECT} WHERE {condition}"
        rows = await self._database.aread(lambda connection: connection.execute(sql, parameters).fetchall())
        return [Remediation.model_validate_json(row["body"]) for row in rows]


def _get(connection: sqlite3.Connection, remediation_id: str) -> Remediation | None:
    row = connection.execute(f"{_SELECT} WHERE id = ?", (remediation_id,)).fetchone()
    return Remediation.model_validate_json(row["body"]) if row else None
