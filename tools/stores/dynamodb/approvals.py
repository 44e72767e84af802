"""Approvals. What was asked for never changes, it is decided at most once, and used at most once."""

from __future__ import annotations

import asyncio
import math
import random
from datetime import timedelta
from uuid import uuid4

from agent.errors import RetryLater
from agent.models import Approval
from agent.ports import Clock
from agent.redaction.plain import redacted_json
from tools.stores.consenting import Consenting, Rule
from tools.stores.dynamodb.table import Connection, Item, Table, key_text
from tools.stores.dynamodb.tables import APPROVALS
from tools.stores.dynamodb.turns import Turns

_ATTEMPTS = 40


class DynamoApprovalStore(Consenting):
    """The first save of an id counts; a later one cannot swap the payload under somebody's click, nor reopen it.

    Of those who change one at once, who comes second looks again, and its rule is asked again.
    """

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._table = Table(connection, APPROVALS)
        self._clock = clock
        self._turns = Turns()

    async def save(self, approval: Approval) -> None:
        await self._table.put(self._item(approval, 1), "attribute_not_exists(#id)")

    async def get(self, approval_id: str) -> Approval | None:
        item = await self._table.get(**_key(approval_id))
        return _approval(item) if item else None

    async def pending(self, limit: int = 50) -> list[Approval]:
        """One that was asked for in the last moments may be missing: the index lags behind."""
        found: list[Approval] = []
        ids: list[str] = []
        async for entry in self._table.query("#decision = :decision", "by_decision", decision="pending"):
            ids.append(entry["id"])
            if len(ids) >= limit - len(found):
                found += await self._pending(ids)
                ids = []
            if len(found) >= limit:
                return found[:limit]
        return (found + await self._pending(ids))[:limit]

    async def _apply(self, approval_id: str, rule: Rule) -> Approval | None:
        async with self._turns.of(approval_id):
            for attempt in range(_ATTEMPTS):
                item = await self._table.get(**_key(approval_id))
                after = rule(_approval(item)) if item else None
                if item is None or after is None:
                    return None
                new = self._item(after, int(item["version"]) + 1)
                # Also met by an earlier attempt of this very request, whose answer was lost.
                unchanged = "#version = :seen OR #writer = :own"
                if await self._table.put(new, unchanged, seen=item["version"], own=new["writer"]):
                    return _approval(new)
                await asyncio.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 5)))
        raise RetryLater(f"{approval_id} could not be decided: too many others try to; try again.", seconds=1)

    async def _pending(self, ids: list[str]) -> list[Approval]:
        items = await self._table.get_many([{"id": each} for each in ids])
        return [_approval(item) for item in items if item["decision"] == "pending"]

    def _item(self, approval: Approval, version: int) -> Item:
        kept_until = max(self._clock(), approval.expires_at) + timedelta(days=APPROVALS.retention_days)
        return {
            **_key(approval.id),
            "decision": approval.decision,
            "created_at": approval.created_at.isoformat(timespec="microseconds"),
            "version": version,
            "writer": uuid4().hex,
            "delete_after": math.ceil(kept_until.timestamp()),
            "body": redacted_json(approval),
        }


def _key(approval_id: str) -> dict[str, str]:
    return {"id": key_text("approval", approval_id)}


def _approval(item: Item) -> Approval:
    return Approval.model_validate_json(item["body"])
