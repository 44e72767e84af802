"""Incidents, by id, Slack thread and status."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from agent.errors import StoreUnavailable
from agent.models import Incident, IncidentStatus, SlackPlace
from agent.redaction.plain import redacted_json
from tools.stores.dynamodb.table import Connection, Item, Table, key_text
from tools.stores.dynamodb.tables import INCIDENTS
from tools.stores.places import place_key
from tools.stores.timeline import with_whole_timeline

_ATTEMPTS = 20


class DynamoIncidentStore:
    """Writers are kept apart by a version number: who comes second reads again and merges the timeline again.

    The indexes lag behind by some milliseconds; what they name is then read from the table itself, consistently.
    """

    def __init__(self, connection: Connection) -> None:
        self._table = Table(connection, INCIDENTS)

    async def save(self, incident: Incident) -> None:
        for attempt in range(_ATTEMPTS):
            stored = await self._table.get(id=key_text("incident", incident.id))
            whole = with_whole_timeline(incident, _incident(stored) if stored else None)
            if stored is None:
                saved = await self._table.put(_item(whole, 1), "attribute_not_exists(#id)")
            else:
                version = int(stored["version"])
                saved = await self._table.put(_item(whole, version + 1), "#version = :seen", seen=version)
            if saved:
                return
            await asyncio.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 5)))
        raise StoreUnavailable(f"The incident {incident.id} could not be saved: too many others write it; try again.")

    async def get(self, incident_id: str) -> Incident | None:
        item = await self._table.get(id=key_text("incident", incident_id))
        return _incident(item) if item else None

    async def by_thread(self, place: SlackPlace) -> Incident | None:
        """The newest, should two incidents share a thread."""
        key = key_text("place", place_key(place))
        found = await self._select("#place = :place", "by_place", 1, place=key)
        return found[0] if found else None

    async def by_status(self, status: IncidentStatus, limit: int = 50) -> list[Incident]:
        return await self._select("#status = :status", "by_status", limit, status=status.value)

    async def _select(self, condition: str, index: str, limit: int, **wanted: Any) -> list[Incident]:
        """Newest first. What the index still lists though it has changed since is left out."""
        found: list[Incident] = []
        ids: list[str] = []
        seen: set[str] = set()
        entries = self._table.query(condition, index, newest_first=True, page_size=max(limit, 1), **wanted)
        async for entry in entries:
            if entry["id"] not in seen:  # an entry that moved between two pages is listed twice
                seen.add(entry["id"])
                ids.append(entry["id"])
            if len(ids) >= limit - len(found):
                found += await self._read(ids, wanted)
                ids = []
            if len(found) >= limit:
                return found[:limit]
        return found + await self._read(ids, wanted)

    async def _read(self, ids: list[str], wanted: dict[str, str]) -> list[Incident]:
        items = await self._table.get_many([{"id": each} for each in ids])
        return [_incident(item) for item in items if wanted.items() <= item.items()]


def _item(incident: Incident, version: int) -> Item:
    item: Item = {
        "id": key_text("incident", incident.id),
        "status": incident.status.value,
        "created_at": incident.created_at.isoformat(timespec="microseconds"),
        "version": version,
        "body": redacted_json(incident),
    }
    return item | ({"place": key_text("place", place_key(incident.place))} if incident.place else {})


def _incident(item: Item) -> Incident:
    return Incident.model_validate_json(item["body"])
