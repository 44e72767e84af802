"""Stores whose lists lag behind, as those over an index of DynamoDB do: what appeared a moment ago is missing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from agent.models import Incident
from agent.ports import AlertLedger, Clock, IncidentStore, Sighting, Tally

LAG = timedelta(seconds=2)


class LaggingLedger:
    """A window is in its incident's list, and counted there, once it is older than LAG."""

    def __init__(self, ledger: AlertLedger, clock: Clock) -> None:
        self._ledger, self._clock = ledger, clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def of_incident(self, incident_id: str, limit: int = 200) -> list[Sighting]:
        seen = await self._ledger.of_incident(incident_id, limit)
        return [each for each in seen if abs(self._clock() - each.first_seen) >= LAG]

    async def tally(self, incident_id: str) -> Tally:
        seen = await self.of_incident(incident_id, 100_000)
        return Tally(
            alerts=len(seen),
            firing=sum(each.status == "firing" for each in seen),
            count=sum(each.count for each in seen),
            events=sum(each.events for each in seen),
            last_seen=max((each.last_seen for each in seen), default=None),
        )


class LaggingIncidents:
    """An incident is listed once it is older than LAG; by its id it is found at once."""

    def __init__(self, incidents: IncidentStore, clock: Clock) -> None:
        self._incidents, self._clock = incidents, clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._incidents, name)

    async def recent(self, since: datetime, limit: int = 200) -> list[Incident]:
        found = await self._incidents.recent(since, limit)
        return [each for each in found if abs(self._clock() - each.created_at) >= LAG]
