"""Remediations, by id, incident and status."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from agent.errors import RetryLater
from agent.models import Remediation, RemediationStatus
from agent.ports import Archive
from tools.stores.dynamodb.large import placed, text_of
from tools.stores.dynamodb.table import Connection, Item, Table, key_text
from tools.stores.dynamodb.tables import PLANS
from tools.stores.dynamodb.turns import Turns
from tools.stores.redacted import remediation_json

_ATTEMPTS = 20


class DynamoRemediationStore:
    """Writers are kept apart by a version number: who comes second reads again, and changes again.

    The indexes lag behind by some milliseconds; what they name is then read from the table itself, consistently.
    """

    def __init__(self, connection: Connection, archive: Archive) -> None:
        self._table = Table(connection, PLANS)
        self._archive = archive
        self._turns = Turns()

    async def create(self, remediation: Remediation) -> bool:
        item = await self._item(remediation, remediation_json(remediation), 1)
        return await self._table.put(item, "attribute_not_exists(#id) OR #writer = :own", own=item["writer"])

    async def get(self, remediation_id: str) -> Remediation | None:
        item = await self._table.get(**_key(remediation_id))
        return await self._remediation(item) if item else None

    async def change(self, remediation_id: str, change: Callable[[Remediation], Remediation]) -> Remediation | None:
        async with self._turns.of(remediation_id):
            for attempt in range(_ATTEMPTS):
                item = await self._table.get(**_key(remediation_id))
                if item is None:
                    return None
                stored = await self._remediation(item)
                if (changed := change(stored)) is stored:
                    return stored
                body = remediation_json(changed)
                if await self._replace(item, changed, body):
                    return Remediation.model_validate_json(body)
                await asyncio.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 5)))
        raise RetryLater(f"{remediation_id} could not be saved: too many others write it; try again.", seconds=1)

    async def of_incident(self, incident_id: str) -> list[Remediation]:
        key = key_text("incident", incident_id)
        items = [item async for item in self._table.query("#incident_id = :key", "by_incident", True, key=key)]
        return await self._read(items, {"incident_id": key})

    async def by_status(self, status: RemediationStatus, limit: int = 50) -> list[Remediation]:
        return await self._of_status(status, limit, newest_first=True)

    async def open(self, limit: int = 50) -> list[Remediation]:
        statuses = [status for status in RemediationStatus if not status.over]
        found = [each for status in statuses for each in await self._of_status(status, limit, newest_first=False)]
        return sorted(found, key=lambda each: each.created_at)[:limit]

    async def _of_status(self, status: RemediationStatus, limit: int, newest_first: bool) -> list[Remediation]:
        """What the index still lists though it has changed since is left out."""
        wanted = {"status": status.value}
        found: list[Remediation] = []
        page: list[Item] = []
        entries = self._table.query("#status = :status", "by_status", newest_first, status=status.value)
        async for entry in entries:
            page.append(entry)
            if len(page) >= limit - len(found):
                found += await self._read(page, wanted)
                page = []
            if len(found) >= limit:
                return found[:limit]
        return (found + await self._read(page, wanted))[:limit]

    async def _read(self, entries: list[Item], wanted: Item) -> list[Remediation]:
        keys = [{"id": each} for each in dict.fromkeys(entry["id"] for entry in entries)]
        items = await self._table.get_many(keys)
        return [await self._remediation(item) for item in items if wanted.items() <= item.items()]

    async def _replace(self, item: Item, changed: Remediation, body: str) -> bool:
        """False when somebody else wrote it meanwhile."""
        seen = int(item["version"])
        new = await self._item(changed, body, seen + 1)
        return await self._table.put(new, "#version = :seen OR #writer = :own", seen=seen, own=new["writer"])

    async def _item(self, remediation: Remediation, body: str, version: int) -> Item:
        folder = f"remediations/{remediation.created_at:year=%Y/month=%m/day=%d}/{remediation.id}"
        return {
            **_key(remediation.id),
            "incident_id": key_text("incident", remediation.incident_id),
            "status": remediation.status.value,
            "created_at": _written(remediation.created_at),
            "version": version,
            "writer": uuid4().hex,
            **await placed(self._archive, folder, body),
        }

    async def _remediation(self, item: Item) -> Remediation:
        return Remediation.model_validate_json(await text_of(self._archive, item))


def _key(remediation_id: str) -> dict[str, str]:
    return {"id": key_text("remediation", remediation_id)}


def _written(time: datetime) -> str:
    return time.isoformat(timespec="microseconds")
