"""Small JSON documents by key: one item each, with a version that keeps writers apart."""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import Callable
from typing import Any

from agent.errors import RetryLater
from agent.ports import Clock
from agent.redaction.plain import redact_plain
from tools.stores.dynamodb.table import Connection, Item, Table, key_text
from tools.stores.dynamodb.tables import COORDINATION
from tools.stores.dynamodb.turns import Turns

_ATTEMPTS = 20


class DynamoStateStore:
    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._table = Table(connection, COORDINATION)
        self._clock = clock
        self._turns = Turns()

    async def get(self, key: str) -> dict[str, Any] | None:
        item = await self._table.get(**_key(key))
        return json.loads(item["body"]) if item else None

    async def put(self, key: str, value: dict[str, Any], ttl_seconds: float = 2_592_000) -> None:
        await self.change(key, lambda _: value, ttl_seconds)

    async def change(
        self, key: str, change: Callable[[dict[str, Any]], dict[str, Any]], ttl_seconds: float = 2_592_000
    ) -> dict[str, Any]:
        async with self._turns.of(key):
            for attempt in range(_ATTEMPTS):
                stored = await self._table.get(**_key(key))
                value = redact_plain(change(json.loads(stored["body"]) if stored else {}))
                if await self._put(key, value, stored, ttl_seconds):
                    return value
                await asyncio.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 5)))
        raise RetryLater(f"{key} could not be saved: too many others write it; try again.", seconds=1)

    async def _put(self, key: str, value: dict[str, Any], stored: Item | None, ttl_seconds: float) -> bool:
        """False when somebody else wrote it meanwhile. What has expired counts as gone, deleted yet or not."""
        now = self._clock().timestamp()
        item: Item = {
            **_key(key),
            "version": int(stored["version"]) + 1 if stored else 1,
            "delete_after": math.ceil(now + ttl_seconds),
            "body": json.dumps(value, ensure_ascii=False),
        }
        if stored:
            return await self._table.put(item, "#version = :seen", seen=stored["version"])
        return await self._table.put(item, "attribute_not_exists(#item) OR #delete_after <= :now", now=now)


def _key(key: str) -> dict[str, str]:
    return {"group": key_text("state", key), "item": "state"}
