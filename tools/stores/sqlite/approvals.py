"""Approvals. What was asked for never changes, and it is decided at most once."""

from __future__ import annotations

import sqlite3
from typing import Literal

from agent.models import Approval
from agent.ports import Clock
from agent.redaction.plain import redacted_json
from tools.stores.sqlite.database import Database


class SqliteApprovalStore:
    """The first save of an id counts; a later one cannot swap the payload under somebody's click, nor reopen it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def save(self, approval: Approval) -> None:
        row = (
            approval.id,
            approval.decision,
            approval.decided_by,
            approval.expires_at.timestamp(),
            redacted_json(approval),
        )
        sql = (
            "INSERT INTO approvals (id, decision, decided_by, expires_at, body) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO NOTHING"
        )
        await self._database.awrite(lambda connection: connection.execute(sql, row))

    async def get(self, approval_id: str) -> Approval | None:
        return await self._database.aread(lambda connection: _get(connection, approval_id))

    async def decide(self, approval_id: str, decision: Literal["approved", "rejected", "expired"], by: str) -> bool:
        """False also for an unknown id, and for a yes or no that comes after the expiry."""
        sql = (
            "UPDATE approvals SET decision = ?, decided_by = ?"
            " WHERE id = ? AND decision = 'pending' AND (? = 'expired' OR expires_at > ?)"
        )
        parameters = (decision, by, approval_id, decision, self._clock().timestamp())
        return await self._database.awrite(lambda connection: connection.execute(sql, parameters).rowcount == 1)


def _get(connection: sqlite3.Connection, approval_id: str) -> Approval | None:
    row = connection.execute("SELECT * FROM approvals WHERE id = ?", (approval_id,)).fetchone()
    if row is None:
        return None
    asked = Approval.model_validate_json(row["body"])
    return asked.model_copy(update={"decision": row["decision"], "decided_by": row["decided_by"]})
