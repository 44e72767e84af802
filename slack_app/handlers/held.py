"""A lock that is kept for as long as its work takes, however slow whoever is asked in between may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from agent.errors import WatchkeeperError
from agent.ports import Deps, Lease

RENEWALS_PER_LEASE = 4


@asynccontextmanager
async def held(deps: Deps, key: str, tries: int = 1, poll_seconds: float = 0.0) -> AsyncGenerator[Lease | None]:
    """One at a time, in whichever process, for a job's lease at a time; None while somebody else has the lock."""
    owner, seconds = uuid4().hex, deps.settings.job_lease_seconds
    lease = await deps.locks.acquire(key, owner, seconds)
    for _ in range(tries - 1):
        if lease is not None:
            break
        await asyncio.sleep(poll_seconds)
        lease = await deps.locks.acquire(key, owner, seconds)
    if lease is None:
        yield None
        return
    renewing = asyncio.create_task(_renew(lease, deps, seconds))
    try:
        yield lease
    finally:
        renewing.cancel()
        with suppress(WatchkeeperError):
            await deps.locks.release(lease)


async def _renew(lease: Lease, deps: Deps, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds / RENEWALS_PER_LEASE)
        with suppress(WatchkeeperError):
            await deps.locks.renew(lease, seconds)
