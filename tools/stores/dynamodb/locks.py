"""Locks with an expiry. An item outlives its lock by a day, so that the next holder's token is greater."""

from __future__ import annotations

import math

from agent.ports import Clock, Lease
from tools.stores.dynamodb.table import Connection, Item, Table, key_text
from tools.stores.dynamodb.tables import COORDINATION

_KEPT_SECONDS = 86_400


class DynamoLockStore:
    """`owner` is the holder's own: two holders with one name would share the lock.

    A key's first token is the time in milliseconds, so that it is greater than those of items that are long gone.
    """

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._table = Table(connection, COORDINATION)
        self._clock = clock

    async def acquire(self, key: str, owner: str, seconds: float) -> Lease | None:
        now = self._clock().timestamp()
        taken = await self._table.update(
            _key(key),
            "SET #owner = :owner, #expires_at = :until, #delete_after = :kept,"
            " #token = if_not_exists(#token, :first) + :one",
            "attribute_not_exists(#item) OR #expires_at <= :now",
            owner=owner,
            first=int(now * 1000),
            one=1,
            now=now,
            **_times(now + seconds),
        )
        # Also meets an earlier attempt of this very request, whose answer was lost.
        held = taken or await self._set_expiry(key, "#owner = :owner", now, now + seconds, owner=owner)
        return Lease(key=key, owner=owner, token=held["token"]) if held else None

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """A lease that has run out is lost, even when nobody has taken the lock since."""
        now = self._clock().timestamp()
        return await self._still_mine(lease, now, now + seconds) is not None

    async def release(self, lease: Lease) -> None:
        """Nothing happens when the lock has been lost."""
        now = self._clock().timestamp()
        await self._still_mine(lease, now, now)

    async def _still_mine(self, lease: Lease, now: float, until: float) -> Item | None:
        mine = "#owner = :owner AND #token = :token"
        return await self._set_expiry(lease.key, mine, now, until, owner=lease.owner, token=lease.token)

    async def _set_expiry(self, key: str, mine: str, now: float, until: float, **values: str | int) -> Item | None:
        return await self._table.update(
            _key(key),
            "SET #expires_at = :until, #delete_after = :kept",
            f"{mine} AND #expires_at > :now",
            now=now,
            **_times(until),
            **values,
        )


def _key(key: str) -> dict[str, str]:
    return {"group": key_text("lock", key), "item": "lock"}


def _times(until: float) -> dict[str, float]:
    return {"until": until, "kept": math.ceil(until + _KEPT_SECONDS)}
