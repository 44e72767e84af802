"""Requests to stop a run: the latest of each thread."""

from __future__ import annotations

import math
from datetime import datetime

from agent.models import SlackPlace
from agent.ports import Clock
from tools.stores.dynamodb.table import Connection, Table, key_text
from tools.stores.dynamodb.tables import COORDINATION
from tools.stores.places import place_key

KEPT_SECONDS = 3600


class DynamoStopRequests:
    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._table = Table(connection, COORDINATION)
        self._clock = clock

    async def request(self, place: SlackPlace, at: datetime, by: str) -> None:
        """One that is older than the one kept (delivered late) changes nothing."""
        await self._table.update(
            _key(place),
            "SET #at = :at, #by = :by, #delete_after = :kept",
            "attribute_not_exists(#item) OR #at < :at",
            at=at.timestamp(),
            by=by,
            kept=math.ceil(at.timestamp() + KEPT_SECONDS),
        )

    async def since(self, place: SlackPlace, began: datetime) -> str:
        item = await self._table.get(**_key(place))
        oldest = self._clock().timestamp() - KEPT_SECONDS
        return item["by"] if item and item["at"] >= began.timestamp() and item["at"] > oldest else ""


def _key(place: SlackPlace) -> dict[str, str]:
    return {"group": key_text("stop", place_key(place)), "item": "stop"}
