"""A durable queue in one SQLite file, with SQS's semantics: leases, receive counts, dead letters.

A job moves through three states. `ready` jobs are waiting while `visible_at` is in the past or near future, and leased
while `leased` is set and `visible_at` (the end of the lease) is ahead. `dead` jobs were received too often. `done` rows
keep nothing but the idempotency key. `attempt` fences a lease: a worker that lost its job to another one holds an older
attempt, and what it does to the job then changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError

from agent.errors import RetryLater
from agent.models import Job
from agent.ports import Clock
from agent.redaction.plain import redacted_json
from tools.stores.sqlite.database import Database

log = logging.getLogger(__name__)

POLL_SECONDS = 0.25
"""How late, at most, a waiting receive notices a job that another process sent or whose lease or delay has ended."""

_MIGRATIONS = (
    """
    CREATE TABLE jobs (
        seq INTEGER PRIMARY KEY, idempotency_key TEXT NOT NULL UNIQUE, body TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'ready', attempt INTEGER NOT NULL DEFAULT 0,
        leased INTEGER NOT NULL DEFAULT 0, visible_at REAL NOT NULL
    );
    CREATE INDEX jobs_by_time ON jobs (visible_at, seq) WHERE state = 'ready';
    CREATE INDEX dead_jobs ON jobs (seq) WHERE state = 'dead';
    """,
)


class LocalQueue:
    """`LocalQueue(path, clock)`. Any number of threads and processes may open the same file.

    A commit here does not wait for the disk's cache, so that `send` stays far below Slack's three seconds on a slow
    disk: jobs survive `kill -9`, but those of the last moment may not survive a power cut.
    """

    def __init__(self, path: Path, clock: Clock, max_receives: int = 3) -> None:
        self._database = Database(path, _MIGRATIONS, synchronous="NORMAL")
        self._clock = clock
        self._max_receives = max_receives
        self._arrivals = _Arrivals()

    def send(self, job: Job, delay_seconds: float = 0) -> bool:
        row = (job.idempotency_key, redacted_json(job), self._after(delay_seconds))
        sql = (
            "INSERT INTO jobs (idempotency_key, body, visible_at) VALUES (?, ?, ?)"
            " ON CONFLICT (idempotency_key) DO NOTHING"
        )
        added = self._database.write(lambda connection: connection.execute(sql, row).rowcount == 1)
        if added:
            self._arrivals.announce()
        return added

    async def receive(self, max_jobs: int = 1, lease_seconds: float = 60, wait_seconds: float = 0) -> list[Job]:
        """Oldest first. Waits up to `wait_seconds` for the first job; a cancelled receive gives its jobs back."""
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
        sql = (
            "UPDATE jobs SET visible_at = ? WHERE idempotency_key = ? AND attempt = ?"
            " AND state = 'ready' AND leased AND visible_at > ?"
        )
        parameters = (self._after(lease_seconds), job.idempotency_key, job.attempt, self._after(0))
        if not await self._database.awrite(lambda connection: connection.execute(sql, parameters).rowcount):
            raise RetryLater(f"The lease on job {job.id} has ended, so another worker may have it.", seconds=0)

    async def delete(self, job: Job) -> None:
        """Done. Nothing happens when another worker has received it since."""
        sql = "UPDATE jobs SET state = 'done', body = '' WHERE idempotency_key = ? AND attempt = ? AND state = 'ready'"
        await self._database.awrite(lambda connection: connection.execute(sql, (job.idempotency_key, job.attempt)))

    async def release(self, job: Job, delay_seconds: float = 0) -> None:
        """Nothing happens when the lease has ended: the job is back already."""
        now = self._after(0)
        sql = (
            "UPDATE jobs SET leased = 0, visible_at = ? WHERE idempotency_key = ? AND attempt = ?"
            " AND state = 'ready' AND leased AND visible_at > ?"
        )
        parameters = (now + delay_seconds, job.idempotency_key, job.attempt, now)
        if await self._database.awrite(lambda connection: connection.execute(sql, parameters).rowcount):
            self._arrivals.announce()

    async def dead_letters(self, limit: int = 50) -> list[Job]:
        """Newest first. A job joins them at the first receive after its last lease ended, as with SQS."""
        sql = "SELECT * FROM jobs WHERE state = 'dead' ORDER BY seq DESC LIMIT ?"
        rows = await self._database.aread(lambda connection: connection.execute(sql, (limit,)).fetchall())
        return [job for row in rows if (job := _job(row))]

    async def depth(self) -> int:
        sql = "SELECT count(*) FROM jobs WHERE state = 'ready'"
        return await self._database.aread(lambda connection: int(connection.execute(sql).fetchone()[0]))

    def close(self) -> None:
        self._database.close()

    def _after(self, seconds: float) -> float:
        return (self._clock() + timedelta(seconds=seconds)).timestamp()

    async def _lease(self, max_jobs: int, lease_seconds: float) -> list[Job]:
        """Look before locking: an idle worker only reads."""
        now = self._after(0)
        if not await self._database.aread(lambda connection: _anything_visible(connection, now)):
            return []
        until = self._after(lease_seconds)
        leasing = asyncio.ensure_future(
            self._database.awrite(lambda connection: _take(connection, max_jobs, self._max_receives, now, until))
        )
        try:
            return await asyncio.shield(leasing)
        except asyncio.CancelledError:
            for job in await leasing:
                await self.release(job)
            raise


def _anything_visible(connection: sqlite3.Connection, now: float) -> bool:
    sql = "SELECT 1 FROM jobs WHERE state = 'ready' AND visible_at <= ? LIMIT 1"
    return connection.execute(sql, (now,)).fetchone() is not None


def _take(connection: sqlite3.Connection, max_jobs: int, max_receives: int, now: float, until: float) -> list[Job]:
    connection.execute(
        "UPDATE jobs SET state = 'dead', leased = 0 WHERE state = 'ready' AND visible_at <= ? AND attempt >= ?",
        (now, max_receives),
    )
    rows = connection.execute(
        "SELECT seq FROM jobs WHERE state = 'ready' AND visible_at <= ? ORDER BY visible_at, seq LIMIT ?",
        (now, max_jobs),
    ).fetchall()
    sql = "UPDATE jobs SET leased = 1, attempt = attempt + 1, visible_at = ? WHERE seq = ? RETURNING *"
    taken = [connection.execute(sql, (until, row["seq"])).fetchone() for row in rows]
    for row in taken:
        if _job(row) is None:
            connection.execute("UPDATE jobs SET state = 'dead', leased = 0 WHERE seq = ?", (row["seq"],))
    return [job for row in taken if (job := _job(row))]


def _job(row: sqlite3.Row) -> Job | None:
    """None for a job that this version cannot read: one such row must not stop all the others."""
    try:
        return Job.model_validate_json(row["body"]).model_copy(update={"attempt": row["attempt"]})
    except ValidationError:
        log.warning("Job %s was written by another version and cannot be read.", row["idempotency_key"])
        return None


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
