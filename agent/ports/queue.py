"""Work that waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from agent.models import Job


@dataclass(frozen=True)
class DeadLetter:
    """A job that was given up, and why."""

    job: Job
    reason: str
    at: datetime


@dataclass(frozen=True)
class Waiting:
    """What is in a queue: jobs that may be taken now, or later (a delay), are being worked on, were given up."""

    ready: int
    delayed: int
    leased: int
    dead: int
    oldest_seconds: float = 0.0
    """Since the oldest ready job was made; 0 when none waits, or where the queue cannot say."""


class Queue(Protocol):
    """At-least-once delivery with leases, as SQS: what is not deleted before its lease ends comes back.

    More urgent jobs are received first. `send` is synchronous because listeners are; the rest is for the worker.
    """

    def send(self, job: Job, delay_seconds: float = 0) -> bool:
        """False when a job with this idempotency key was queued before. QueueFull when there are too many."""
        ...

    def send_all(self, jobs: Sequence[Job]) -> int:
        """All of them or, when an error is raised, none; returns how many are new.

        PartlyQueued, which SQS may raise, names those that are not queued.
        """
        ...

    async def receive(self, max_jobs: int = 1, lease_seconds: float = 60, wait_seconds: float = 0) -> list[Job]:
        """Leased jobs; `attempt` counts receives, from 1. A job received too often moves to the dead letters."""
        ...

    async def extend(self, job: Job, lease_seconds: float) -> None: ...
    async def delete(self, job: Job) -> None: ...
    async def release(self, job: Job, delay_seconds: float = 0, reason: str = "") -> None:
        """Give up the lease now; the job comes back after the delay. The reason is kept for the dead letters."""
        ...

    async def put_back(self, job: Job, again: Job, delay_seconds: float = 0) -> None:
        """`again` takes a leased job's place, however full the queue is; under a key of its own its attempts are new.

        Nothing happens when another worker has received the job since. SQS delays it by a quarter of an hour at most.
        """
        ...

    async def bury(self, job: Job, reason: str) -> None:
        """To the dead letters at once: trying again would not help."""
        ...

    async def dead_letters(self, limit: int = 50) -> list[DeadLetter]:
        """Newest first."""
        ...

    async def retry(self, job_id: str) -> bool:
        """Put a dead letter back with all its attempts and `retried_at`; False when there is none with this id."""
        ...

    async def waiting(self) -> Waiting: ...
    async def depth(self) -> int:
        """Jobs that are waiting or leased."""
        ...
