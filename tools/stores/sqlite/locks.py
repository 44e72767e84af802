"""Locks with an expiry. A row outlives its lock by a day, so that the next holder's token is greater."""

from __future__ import annotations

import sqlite3

from agent.ports import Clock, Lease
from tools.stores.sqlite.database import Database

_KEPT_SECONDS = 86_400


class SqliteLockStore:
    """`owner` is the holder's own: two holders with one name would share the lock.

    A key's first token is the time in milliseconds, so that it is greater than those of rows that are long gone.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def acquire(self, key: str, owner: str, seconds: float) -> Lease | None:
        now = self._clock().timestamp()
        return await self._database.awrite(lambda connection: _acquire(connection, key, owner, now, seconds))

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """A lease that has run out is lost, even when nobody has taken the lock since."""
        now = self._clock().timestamp()
        return await self._set_expiry(lease, now, now + seconds)

    async def release(self, lease: Lease) -> None:
        """Nothing happens when the lock has been lost."""
        now = self._clock().timestamp()
        await self._set_expiry(lease, now, now)

    async def _set_expiry(self, lease: Lease, now: float, expires_at: float) -> bool:
        sql = "UPDATE locks SET expires_at = ? WHERE key = ? AND owner = ? AND token = ? AND expires_at > ?"
        parameters = (expires_at, lease.key, lease.owner, lease.token, now)
        return await self._database.awrite(lambda connection: connection.execute(sql, parameters).rowcount == 1)


def _acquire(connection: sqlite3.Connection, key: str, owner: str, now: float, seconds: float) -> Lease | None:
    connection.execute("DELETE FROM locks WHERE expires_at <= ?", (now - _KEPT_SECONDS,))
    row = connection.execute(
        "INSERT INTO locks (key, owner, token, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
        " token = locks.token + (locks.expires_at <= ?), owner = excluded.owner, expires_at = excluded.expires_at"
        " WHERE locks.expires_at <= ? OR locks.owner = excluded.owner RETURNING token",
        (key, owner, int(now * 1000), now + seconds, now, now),
    ).fetchone()
    return Lease(key=key, owner=owner, token=row["token"]) if row else None
