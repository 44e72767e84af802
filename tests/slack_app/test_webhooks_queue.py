"""Nobody hears that an alert is accepted before it is queued."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import InputError, PartlyQueued, QueueFull
from agent.models import Job
from tests.slack_app.webhook_gate import ALERT, BEARER, Opened, opened

__all__ = ["opened"]


async def test_a_store_that_is_down_makes_the_sender_try_again(opened: Opened, tmp_path: Path) -> None:
    async with opened() as gate:
        held = sqlite3.connect(tmp_path / "queue.db", isolation_level=None)
        held.execute("DROP TABLE jobs")
        async with gate.http.post("/webhooks/datadog", data="{}", headers=BEARER) as reply:
            assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
        held.close()


async def test_a_full_queue_makes_senders_try_again_but_has_room_for_what_is_critical(opened: Opened) -> None:
    async with opened(queue_limit=10) as gate:
        plain = [(await gate.post())[0] for _ in range(11)]
        both = await asyncio.gather(gate.post(), gate.post(body={**ALERT, "severity": "critical"}))

    assert plain == [202] * 10 + [503]
    assert [status for status, _ in both] == [503, 202]


@dataclass
class SlowQueue:
    """A queue whose disk takes its time; it keeps what was written together."""

    groups: list[int] = field(default_factory=list[int])

    def send_all(self, jobs: Sequence[Job]) -> int:
        self.groups.append(len(jobs))
        return len(jobs)


async def test_what_arrives_together_is_written_together(opened: Opened) -> None:
    queue = SlowQueue()
    async with opened(queue=queue) as gate:
        replies = await asyncio.gather(*(gate.post() for _ in range(40)))

    assert {status for status, _ in replies} == {202}
    assert sum(queue.groups) == 40
    assert len(queue.groups) < 20


@dataclass
class FussyQueue(SlowQueue):
    """A queue that cannot write one kind of job."""

    def send_all(self, jobs: Sequence[Job]) -> int:
        if any("odd" in str(job.payload) for job in jobs):
            raise ValueError("this cannot be written")
        return super().send_all(jobs)


async def test_one_job_that_cannot_be_written_does_not_keep_the_others_from_it(opened: Opened) -> None:
    queue = FussyQueue()
    async with opened(queue=queue) as gate:
        replies = await asyncio.gather(*(gate.post(body={"title": "odd" if n == 3 else "fine"}) for n in range(10)))

    assert sorted(status for status, _ in replies) == [202] * 9 + [500]
    assert sum(queue.groups) == 9


class NarrowQueue(SlowQueue):
    """A queue that takes no job of one kind, whenever it comes."""

    def send_all(self, jobs: Sequence[Job]) -> int:
        if any("odd" in str(job.payload) for job in jobs):
            raise InputError("It takes 300 KB and the queue at most 256.")
        return super().send_all(jobs)


async def test_what_never_fits_is_not_asked_to_come_again(opened: Opened) -> None:
    queue = NarrowQueue()
    async with opened(queue=queue) as gate:
        replies = await asyncio.gather(*(gate.post(body={"title": "odd" if n == 3 else "fine"}) for n in range(10)))

    assert sorted(status for status, _ in replies) == [202] * 9 + [413]
    assert sum(queue.groups) == 9


class HalfQueue(SlowQueue):
    """A queue that fails after the first job of a group."""

    def send_all(self, jobs: Sequence[Job]) -> int:
        super().send_all(jobs)
        raise PartlyQueued("The rest is not queued.", frozenset(job.idempotency_key for job in jobs[1:]))


async def test_who_was_queued_hears_so_though_others_were_not(opened: Opened) -> None:
    queue = HalfQueue()
    async with opened(queue=queue) as gate:
        replies = await asyncio.gather(*(gate.post() for _ in range(10)))

    assert sorted(status for status, _ in replies) == [202] * len(queue.groups) + [503] * (10 - len(queue.groups))


class FullQueue:
    def send_all(self, jobs: Sequence[Job]) -> int:
        raise QueueFull("Too much is waiting.")


async def test_nobody_is_told_that_a_job_is_queued_which_is_not(opened: Opened) -> None:
    async with opened(queue=FullQueue()) as gate:
        replies = await asyncio.gather(*(gate.post() for _ in range(5)))

    assert {status for status, _ in replies} == {503}
