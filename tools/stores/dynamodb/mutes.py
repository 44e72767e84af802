"""Mutes: all of them in one partition, for there are few and they are listed together."""

from __future__ import annotations

import math

from agent.models import Mute
from agent.ports import Clock
from agent.redaction.plain import redacted_json
from tools.stores.dynamodb.table import Connection, Item, Table, key_text
from tools.stores.dynamodb.tables import COORDINATION

_GROUP = "mutes"


class DynamoMuteStore:
    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._table = Table(connection, COORDINATION)
        self._clock = clock

    async def mute(self, mute: Mute) -> None:
        """A second mute of the same place replaces the first."""
        item: Item = {**_key(mute.channel, mute.thread_ts), "at": mute.at.timestamp(), "body": redacted_json(mute)}
        if mute.until:
            item |= {"until": mute.until.timestamp(), "delete_after": math.ceil(mute.until.timestamp())}
        await self._table.put(item)

    async def unmute(self, channel: str, thread_ts: str = "") -> bool:
        active = "attribute_exists(#item) AND (attribute_not_exists(#until) OR #until > :now)"
        return await self._table.delete(_key(channel, thread_ts), active, now=self._clock().timestamp())

    async def active(self, channel: str, thread_ts: str = "") -> Mute | None:
        keys = [_key(channel, thread_ts), _key(channel, "")]
        found = self._mutes(await self._table.get_many(keys if thread_ts else keys[1:]))
        return found[0] if found else None

    async def all(self) -> list[Mute]:
        items = [item async for item in self._table.query("#group = :group", group=_GROUP)]
        return self._mutes(sorted(items, key=lambda item: item["at"], reverse=True))

    def _mutes(self, items: list[Item]) -> list[Mute]:
        now = self._clock().timestamp()
        return [Mute.model_validate_json(item["body"]) for item in items if item.get("until", math.inf) > now]


def _key(channel: str, thread_ts: str) -> dict[str, str]:
    return {"group": _GROUP, "item": key_text("mute", f"{channel}/{thread_ts}")}
