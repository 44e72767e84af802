"""Deduplication: every question "am I the first?" is answered by one conditional write."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from uuid import uuid4

from agent.errors import StoreUnavailable
from agent.models import Alert
from agent.ports import Clock, Sighting
from tools.stores.dynamodb.table import Connection, Item, Table, key_text
from tools.stores.dynamodb.tables import ALERTS

_KEPT_SECONDS = ALERTS.retention_days * 86_400
_ATTEMPTS = 5
"""Rounds of "count one more, or else open a window". A second round is needed only when somebody opened it between."""


class DynamoAlertLedger:
    """A window stays open as long as sightings keep coming less than `window_seconds` apart."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._table = Table(connection, ALERTS)
        self._clock = clock

    async def record(self, alert: Alert, incident_id: str, window_seconds: float = 3600) -> Sighting:
        """The count may be one too high after a lost answer; who is first is exact."""
        now = self._clock().timestamp()
        key = key_text("sighting", alert.fingerprint)
        times = {
            "now": now,
            "closed": now - window_seconds,
            "kept": math.ceil(now + max(window_seconds, _KEPT_SECONDS)),
        }
        opened: Item = {
            "id": key,
            "incident_id": incident_id,
            "occurrences": 1,
            "first_seen": now,
            "last_seen": now,
            "delete_after": times["kept"],
            "opened_by": uuid4().hex,
        }
        for _ in range(_ATTEMPTS):
            counted = await self._table.update(
                {"id": key},
                "SET #last_seen = :now, #delete_after = :kept ADD #occurrences :one",
                "#last_seen > :closed",
                one=1,
                **times,
            )
            if counted:
                return _sighting(counted, first=False)
            free = "attribute_not_exists(#id) OR #last_seen <= :closed OR #opened_by = :own"
            if await self._table.put(opened, free, closed=times["closed"], own=opened["opened_by"]):
                return _sighting(opened, first=True)
        raise StoreUnavailable("The alert could not be recorded: too many others record the same one; try again.")

    async def claim(self, key: str, ttl_seconds: float = 86_400) -> bool:
        now = self._clock().timestamp()
        token = uuid4().hex
        item: Item = {
            "id": key_text("claim", key),
            "expires_at": now + ttl_seconds,
            "delete_after": math.ceil(now + ttl_seconds),
            "claimed_by": token,
        }
        free = "attribute_not_exists(#id) OR #expires_at <= :now OR #claimed_by = :own"
        return await self._table.put(item, free, now=now, own=token)


def _sighting(item: Item, first: bool) -> Sighting:
    return Sighting(
        first=first,
        count=int(item["occurrences"]),
        first_seen=datetime.fromtimestamp(item["first_seen"], UTC),
        last_seen=datetime.fromtimestamp(item["last_seen"], UTC),
        incident_id=item["incident_id"],
    )
