"""Approvals. What was asked for never changes, it is decided at most once, and used at most once."""

from __future__ import annotations

import sqlite3

from agent.models import Approval
from agent.ports import Clock
from agent.redaction.plain import redacted_json
from tools.stores.consenting import Consenting, Rule
from tools.stores.sqlite.database import Database


class SqliteApprovalStore(Consenting):
    """The first save of an id counts; a later one cannot swap the payload under somebody's click, nor reopen it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def save(self, approval: Approval) -> None:
        row = (approval.id, approval.decision, approval.created_at.timestamp(), redacted_json(approval))
        sql = "INSERT INTO approvals (id, decision, created_at, body) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
        await self._database.awrite(lambda connection: connection.execute(sql, row))

    async def get(self, approval_id: str) -> Approval | None:
        return await self._database.aread(lambda connection: _get(connection, approval_id))

    async def pending(self, limit: int = 50) -> list[Approval]:
        sql = "SELECT body FROM approvals WHERE decision = 'pending' ORDER BY created_at, rowid LIMIT ?"
        rows = await self._database.aread(lambda connection: connection.execute(sql, (limit,)).fetchall())
        return [Approval.model_validate_json(row["body"]) for row in rows]

    async def _apply(self, approval_id: str, rule: Rule) -> Approval | None:
        def work(connection: sqlite3.Connection) -> Approval | None:
            asked = _get(connection, approval_id)
            after = rule(asked) if asked else None
            if after is None:
                return None
            body = redacted_json(after)
            sql = "UPDATE approvals SET decision = ?, body = ? WHERE id = ?"
            connection.execute(sql, (after.decision, body, approval_id))
            return Approval.model_validate_json(body)

        return await self._database.awrite(work)


def _get(connection: sqlite3.Connection, approval_id: str) -> Approval | None:
    row = connection.execute("SELECT body FROM approvals WHERE id = ?", (approval_id,)).fetchone()
    return Approval.model_validate_json(row["body"]) if row else None
