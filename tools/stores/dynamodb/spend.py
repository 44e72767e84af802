"""What models took: one item a user in each day's partition (UTC)."""

from __future__ import annotations

import math
from datetime import timedelta

from agent.models import Spend
from agent.ports import Clock
from tools.stores.dynamodb.table import Connection, Item, Table, key_text
from tools.stores.dynamodb.tables import COORDINATION

KEPT = timedelta(days=40)


class DynamoSpendLedger:
    """Sums may be a little too high after a lost answer, never too low."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._table = Table(connection, COORDINATION)
        self._clock = clock

    async def add(self, user: str, spend: Spend) -> None:
        await self._table.update(
            {"group": self._today(), "item": key_text("user", user)},
            f"SET #delete_after = :delete_after ADD {', '.join(f'#{item} :{item}' for item in Spend.model_fields)}",
            delete_after=math.ceil((self._clock() + KEPT).timestamp()),
            **spend.model_dump(),
        )

    async def today(self, user: str = "") -> Spend:
        if user:
            return _sum(
                [item] if (item := await self._table.get(group=self._today(), item=key_text("user", user))) else []
            )
        return _sum([item async for item in self._table.query("#group = :group", group=self._today())])

    def _today(self) -> str:
        return key_text("spend", self._clock().date().isoformat())


def _sum(items: list[Item]) -> Spend:
    """Items of an older version lack what it did not count."""
    return Spend(**{name: sum(item.get(name, 0) for item in items) for name in Spend.model_fields})
