"""Approvals. What was asked for never changes, and it is decided at most once: one conditional write."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Literal
from uuid import uuid4

from agent.models import Approval
from agent.ports import Clock
from agent.redaction.plain import redacted_json
from tools.stores.dynamodb.table import Connection, Table, key_text
from tools.stores.dynamodb.tables import APPROVALS


class DynamoApprovalStore:
    """The first save of an id counts; a later one cannot swap the payload under somebody's click, nor reopen it."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._table = Table(connection, APPROVALS)
        self._clock = clock

    async def save(self, approval: Approval) -> None:
        kept_until = max(self._clock(), approval.expires_at) + timedelta(days=APPROVALS.retention_days)
        item = {
            "id": key_text("approval", approval.id),
            "decision": approval.decision,
            "decided_by": approval.decided_by,
            "expires_at": approval.expires_at.timestamp(),
            "delete_after": math.ceil(kept_until.timestamp()),
            "body": redacted_json(approval),
        }
        await self._table.put(item, "attribute_not_exists(#id)")

    async def get(self, approval_id: str) -> Approval | None:
        item = await self._table.get(id=key_text("approval", approval_id))
        if item is None:
            return None
        asked = Approval.model_validate_json(item["body"])
        return asked.model_copy(update={"decision": item["decision"], "decided_by": item["decided_by"]})

    async def decide(self, approval_id: str, decision: Literal["approved", "rejected", "expired"], by: str) -> bool:
        """False also for an unknown id, and for a yes or no that comes after the expiry."""
        values: dict[str, str | float] = {"decision": decision, "by": by, "claim": uuid4().hex, "pending": "pending"}
        undecided = "attribute_exists(#id) AND #decision = :pending"
        if decision != "expired":
            undecided += " AND #expires_at > :now"
            values["now"] = self._clock().timestamp()
        decided = await self._table.update(
            {"id": key_text("approval", approval_id)},
            "SET #decision = :decision, #decided_by = :by, #claim = :claim",
            f"({undecided}) OR #claim = :claim",
            **values,
        )
        return decided is not None
