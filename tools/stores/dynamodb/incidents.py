"""Incidents, by id, Slack thread, status and time.

What was found out (evidence and diagnosis) is large and changes rarely, so it lies in an item of its own, which is
written only when it has changed: a storm changes an incident several times a second. That item never changes and has
a name of its own, so whoever reads the incident reads what belongs to it. What is too large for an item, even when
packed, lies in the archive, and the item says where (`pointer`).
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from agent.errors import RetryLater
from agent.models import Incident, IncidentStatus, SlackPlace
from agent.ports import Archive, Clock
from tools.stores.dynamodb.large import placed, text_if_kept, text_of
from tools.stores.dynamodb.months import months_back
from tools.stores.dynamodb.table import Connection, Item, Table, key_text
from tools.stores.dynamodb.tables import INCIDENTS
from tools.stores.dynamodb.turns import Turns
from tools.stores.findings import findings_of, joined, without_findings
from tools.stores.places import place_key
from tools.stores.timeline import with_whole_timeline

log = logging.getLogger(__name__)
_ATTEMPTS = 20
_READS = 3


class DynamoIncidentStore:
    """Writers are kept apart by a version number: who comes second reads again, and changes or merges again.

    The indexes lag behind by some milliseconds; what they name is then read from the table itself, consistently.
    """

    def __init__(self, connection: Connection, clock: Clock, archive: Archive) -> None:
        self._table = Table(connection, INCIDENTS)
        self._clock = clock
        self._archive = archive
        self._turns = Turns()

    async def save(self, incident: Incident) -> None:
        key = {"id": key_text("incident", incident.id)}
        async with self._turns.of(incident.id):
            for attempt in range(_ATTEMPTS):
                item = await self._table.get(**key)
                stored = await self._incident(item) if item else None
                if await self._write(with_whole_timeline(incident, stored), item, stored):
                    return
                await _pause(attempt)
        raise _crowded(incident.id)

    async def create(self, incident: Incident) -> bool:
        return await self._write(incident, None, None)

    async def change(self, incident_id: str, change: Callable[[Incident], Incident]) -> Incident | None:
        key = {"id": key_text("incident", incident_id)}
        async with self._turns.of(incident_id):
            for attempt in range(_ATTEMPTS):
                item = await self._table.get(**key)
                if item is None:
                    return None
                stored = await self._incident(item)
                if (changed := change(stored)) is stored:
                    return stored
                after = with_whole_timeline(changed, stored)
                if await self._write(after, item, stored):
                    return after
                await _pause(attempt)
        raise _crowded(incident_id)

    async def get(self, incident_id: str) -> Incident | None:
        item = await self._table.get(id=key_text("incident", incident_id))
        return await self._incident(item) if item else None

    async def by_thread(self, place: SlackPlace) -> Incident | None:
        """The newest, should two incidents share a thread."""
        key = key_text("place", place_key(place))
        found = await self._select("#place = :place", "by_place", 1, place=key)
        return found[0] if found else None

    async def by_status(self, status: IncidentStatus, limit: int = 50) -> list[Incident]:
        return await self._select("#status = :status", "by_status", limit, status=status.value)

    async def recent(self, since: datetime, limit: int = 200) -> list[Incident]:
        now = max(self._clock(), since)
        days = (now - since).days + 1
        found: list[Incident] = []
        for month in months_back(now, days):
            condition = "#month = :month AND #last_at >= :since"
            wanted = {"month": month}
            if len(found) < limit:
                found += await self._select(
                    condition, "by_time", limit - len(found), wanted, month=month, since=_written(since)
                )
        return sorted(found, key=_last, reverse=True)

    async def _select(
        self, condition: str, index: str, limit: int, equal: dict[str, str] | None = None, **values: Any
    ) -> list[Incident]:
        """Newest first. What the index still lists though it has changed since is left out."""
        equal = values if equal is None else equal
        found: list[Incident] = []
        ids: list[str] = []
        seen: set[str] = set()
        entries = self._table.query(condition, index, newest_first=True, page_size=max(limit, 1), **values)
        async for entry in entries:
            if entry["id"] not in seen:  # an entry that moved between two pages is listed twice
                seen.add(entry["id"])
                ids.append(entry["id"])
            if len(ids) >= limit - len(found):
                found += await self._read(ids, equal)
                ids = []
            if len(found) >= limit:
                return found[:limit]
        return found + await self._read(ids, equal)

    async def _read(self, ids: list[str], wanted: dict[str, str]) -> list[Incident]:
        items = await self._table.get_many([{"id": each} for each in ids])
        return list(await asyncio.gather(*(self._incident(item) for item in items if wanted.items() <= item.items())))

    async def _write(self, incident: Incident, item: Item | None, stored: Incident | None) -> bool:
        """False when somebody else wrote it meanwhile."""
        if item is not None and stored is not None and _same_findings(incident, stored) and "findings" in item:
            findings = item["findings"]
        else:
            findings = await self._put_findings(incident)
        head = await self._head(incident, int(item["version"]) + 1 if item else 1) | {"findings": findings}
        own = head["writer"]
        if item is None:
            written = await self._table.put(head, "attribute_not_exists(#id) OR #writer = :own", own=own)
        else:
            unchanged = "#version = :seen OR #writer = :own"
            written = await self._table.put(head, unchanged, seen=int(item["version"]), own=own)
        before = item.get("findings", "") if item else ""
        if written and before and before != findings:
            await self._table.delete({"id": before})
        return written

    async def _put_findings(self, incident: Incident) -> str:
        """The key of the item that holds them; empty where nothing was found out."""
        body = findings_of(incident)
        if not body:
            return ""
        key = key_text("findings", f"{incident.id}#{uuid4().hex}")
        await self._table.put({"id": key} | await self._placed(incident, body))
        return key

    async def _head(self, incident: Incident, version: int) -> Item:
        item: Item = {
            "id": key_text("incident", incident.id),
            "status": incident.status.value,
            "created_at": _written(incident.created_at),
            "last_at": _written(_last(incident)),
            "month": f"{_last(incident):%Y-%m}",
            "version": version,
            "writer": uuid4().hex,
        }
        item |= {"place": key_text("place", place_key(incident.place))} if incident.place else {}
        return item | await self._placed(incident, without_findings(incident))

    async def _placed(self, incident: Incident, body: str) -> Item:
        folder = f"incidents/{incident.created_at:year=%Y/month=%m/day=%d}/{incident.id}"
        return await placed(self._archive, folder, body)

    async def _incident(self, item: Item) -> Incident:
        """Without its findings, where somebody deleted those: the incident itself is worth having."""
        for _ in range(_READS):
            if not item.get("findings"):
                return joined(await self._body(item), "")
            if findings := await self._findings(item["findings"]):
                return joined(await self._body(item), findings)
            item = await self._table.get(id=item["id"]) or item  # newer findings have come since
        log.warning("What was found out about %s is no longer there: %s", item["id"], item["findings"])
        return joined(await self._body(item), "")

    async def _findings(self, key: str) -> str:
        item = await self._table.get(id=key)
        return await text_if_kept(self._archive, item) if item else ""

    async def _body(self, item: Item) -> str:
        return await text_of(self._archive, item)


def _same_findings(one: Incident, other: Incident) -> bool:
    return (one.evidence, one.diagnosis) == (other.evidence, other.diagnosis)


def _last(incident: Incident) -> datetime:
    return incident.last_alert_at or incident.created_at


def _written(time: datetime) -> str:
    return time.isoformat(timespec="microseconds")


async def _pause(attempt: int) -> None:
    await asyncio.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 5)))


def _crowded(incident_id: str) -> RetryLater:
    return RetryLater(f"The incident {incident_id} could not be saved: too many others write it; try again.", seconds=1)
