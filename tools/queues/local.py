"""A durable queue in one SQLite file, with SQS's semantics: leases, receive counts, dead letters.

A job moves through three states. `ready` jobs are waiting while `visible_at` is in the past or near future, and leased
while `leased` is set and `visible_at` (the end of the lease) is ahead; when the clock is put back, delays and leases
begin again. `dead` jobs were received too often or given up. `done` rows keep nothing but the idempotency key, for two
weeks. `attempt` fences a lease: a worker that lost its job to another one holds an older attempt, and what it does to
the job then changes nothing.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from agent.errors import RetryLater
from agent.models import Job
from agent.ports import Clock, DeadLetter, Waiting
from agent.redaction import redact
from tools.queues import local_rows as rows
from tools.queues.limits import Headroom
from tools.queues.local_schema import MIGRATIONS
from tools.stores.sqlite.database import Database, Statement

POLL_SECONDS = 0.25
"""How late, at most, a waiting receive notices a job that another process sent or whose lease or delay has ended."""


class LocalQueue:
    """`LocalQueue(path, clock)`. Any number of threads and processes may open the same file.

    A commit here does not wait for the disk's cache, so that `send` stays far below Slack's three seconds on a slow
    disk: jobs survive `kill -9`, but those of the last moment may not survive a power cut. `limit` is how many jobs may
    be there before QueueFull; 0 for any number.
    """

    def __init__(self, path: Path, clock: Clock, max_receives: int = 3, limit: int = 0) -> None:
        self._database = Database(path, MIGRATIONS, synchronous="NORMAL")
        self._clock = clock
        self._max_receives = max_receives
        self._headroom = Headroom(limit, lambda: self._database.read(rows.count))
        self._arrivals = _Arrivals()

    def send(self, job: Job, delay_seconds: float = 0) -> bool:
        return self._add([job], delay_seconds) == 1

    def send_all(self, jobs: Sequence[Job]) -> int:
        return self._add(jobs, 0)

    async def receive(self, max_jobs: int = 1, lease_seconds: float = 60, wait_seconds: float = 0) -> list[Job]:
        """Waits up to `wait_seconds` for the first job; a cancelled receive gives its jobs back."""
        deadline = time.monotonic() + wait_seconds
        with self._arrivals.listener() as arrived:
            while True:
                arrived.clear()
                jobs = await self._lease(max_jobs, lease_seconds)
                remaining = deadline - time.monotonic()
                if jobs or remaining <= 0:
                    return jobs
                await _wait(arrived, min(remaining, POLL_SECONDS))

    async def extend(self, job: Job, lease_seconds: float) -> None:
        """Renew the lease from now on. RetryLater when it has ended: somebody else may have the job, so stop."""
        now, until = self._after(0), self._after(lease_seconds)
        if not await self._alone(rows.extending(job, now, until)):
            raise RetryLater(f"The lease on job {job.id} has ended, so another worker may have it.", seconds=0)

    async def delete(self, job: Job) -> None:
        """Done. Nothing happens when another worker has received it since."""
        now = self._after(0)
        await self._alone(rows.finishing(job, now), rows.purging(now))

    async def release(self, job: Job, delay_seconds: float = 0, reason: str = "") -> None:
        """Nothing happens when the lease has ended: the job is back already."""
        now, why = self._after(0), redact(reason)
        if await self._alone(rows.releasing(job, now, now + delay_seconds, why)):
            self._arrivals.announce()

    async def put_back(self, job: Job, again: Job, delay_seconds: float = 0) -> None:
        """In one transaction."""
        now = self._after(0)
        row = await asyncio.to_thread(rows.prepared, again, now, delay_seconds)
        if await self._database.awrite(lambda connection: rows.put_back(connection, job, row, now)):
            self._arrivals.announce()

    async def bury(self, job: Job, reason: str) -> None:
        """Nothing happens when the lease has ended: somebody else decides."""
        now, why = self._after(0), redact(reason)
        await self._alone(rows.burying(job, now, why))

    async def dead_letters(self, limit: int = 50) -> list[DeadLetter]:
        """A job joins them at the first receive after its last lease ended, as with SQS."""
        return await self._database.aread(lambda connection: rows.dead_letters(connection, limit))

    async def retry(self, job_id: str) -> bool:
        now = self._after(0)
        found = await self._database.awrite(lambda connection: rows.revive(connection, job_id, now))
        if found:
            self._arrivals.announce()
        return found

    async def waiting(self) -> Waiting:
        now = self._after(0)
        return await self._database.aread(lambda connection: rows.waiting(connection, now))

    async def depth(self) -> int:
        return await self._database.aread(rows.count)

    def close(self) -> None:
        self._database.close()

    def _add(self, jobs: Sequence[Job], delay_seconds: float) -> int:
        self._headroom.admit(jobs)
        now = self._after(0)
        prepared = [rows.prepared(job, now, delay_seconds) for job in jobs]
        if len(prepared) == 1:
            added = self._database.statement(*rows.adding(prepared[0]))
        else:
            added = self._database.write(lambda connection: rows.add(connection, prepared))
        if added:
            self._arrivals.announce()
        return added

    def _after(self, seconds: float) -> float:
        return (self._clock() + timedelta(seconds=seconds)).timestamp()

    async def _lease(self, max_jobs: int, lease_seconds: float) -> list[Job]:
        """Look before locking: an idle worker only reads."""
        while True:
            now, until = self._after(0), self._after(lease_seconds)
            found = await self._database.aread(
                lambda connection, now=now: rows.look(connection, max_jobs, self._max_receives, now)
            )
            if found.repairs:
                await self._alone(*found.repairs)
                continue
            leasing = asyncio.ensure_future(self._take(found.jobs, now, until))
            try:
                taken = await asyncio.shield(leasing)
            except asyncio.CancelledError:
                for job in await leasing:
                    await self.release(job)
                raise
            if taken or not found.jobs:  # another worker was faster: there may be more
                return taken

    async def _take(self, found: Sequence[sqlite3.Row], now: float, until: float) -> list[Job]:
        changed = await self._database.astatements([rows.taking(row, now, until) for row in found])
        ours = [(row, rows.taken(row)) for row, took in zip(found, changed, strict=True) if took]
        await self._alone(*(rows.setting_aside(row, now) for row, job in ours if job is None))
        return [job for _, job in ours if job]

    async def _alone(self, *statements: Statement) -> bool:
        """Whether the first one changed anything. Each is its own transaction, too short to keep `send` waiting."""
        return bool(statements) and (await self._database.astatements(statements))[0] > 0


class _Arrivals:
    """Wakes the receives that wait in this process, on whatever loop they run; `announce` may come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def announce(self) -> None:
        with self._lock:
            for loop, arrived in self._waiting:
                with suppress(RuntimeError):  # its loop was closed under it: nobody is left to wake
                    loop.call_soon_threadsafe(arrived.set)

    @contextmanager
    def listener(self) -> Generator[asyncio.Event]:
        waiting = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._waiting.add(waiting)
        try:
            yield waiting[1]
        finally:
            with self._lock:
                self._waiting.discard(waiting)


async def _wait(arrived: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await arrived.wait()
