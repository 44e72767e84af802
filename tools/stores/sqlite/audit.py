"""The audit trail. The schema itself refuses to change or delete a line."""

from __future__ import annotations

from agent.models import AuditEntry
from agent.redaction.plain import redacted_json
from tools.stores.sqlite.database import Database


class SqliteAuditLog:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, entry: AuditEntry) -> None:
        sql = "INSERT INTO audit (subject, body) VALUES (?, ?)"
        row = (entry.subject, redacted_json(entry))
        await self._database.awrite(lambda connection: connection.execute(sql, row))

    async def read(self, subject: str | None = None, limit: int = 100) -> list[AuditEntry]:
        if subject is None:
            sql, parameters = "SELECT body FROM audit ORDER BY id DESC LIMIT ?", (limit,)
        else:
            sql, parameters = "SELECT body FROM audit WHERE subject = ? ORDER BY id DESC LIMIT ?", (subject, limit)
        rows = await self._database.aread(lambda connection: connection.execute(sql, parameters).fetchall())
        return [AuditEntry.model_validate_json(row["body"]) for row in rows]
