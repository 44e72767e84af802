"""Which job comes first, how many may wait, and many sent at once."""

from __future__ import annotations

import asyncio

import pytest

from agent.errors import QueueFull
from agent.models import JobKind, Urgency
from agent.ports import Waiting
from tests.contracts.adapters import LIMIT, ClosableQueue, SettableClock
from tests.contracts.examples import job


async def drained(queue: ClosableQueue) -> list[str]:
    keys: list[str] = []
    while received := await queue.receive(max_jobs=1):
        keys += [each.idempotency_key for each in received]
        await queue.delete(received[0])
    return keys


async def test_critical_jobs_come_first(queue: ClosableQueue, clock: SettableClock) -> None:
    for n in range(3):
        queue.send(job(f"normal {n}"))
        clock.advance(1)
    queue.send(job("critical", urgency=Urgency.critical))
    assert (await drained(queue))[0] == "critical"


async def test_many_are_sent_at_once_each_key_once(queue: ClosableQueue) -> None:
    assert queue.send(job("k3"))
    jobs = [job(f"k{n}", urgency=n % 3) for n in range(25)]
    assert queue.send_all([*jobs, job("k0")]) == 24
    assert queue.send_all(jobs) == 0
    assert queue.send_all([]) == 0
    received = [each for _ in range(4) for each in await queue.receive(max_jobs=10)]
    assert sorted(each.idempotency_key for each in received) == sorted(f"k{n}" for n in range(25))


async def test_jobs_sent_together_keep_their_payload(queue: ClosableQueue) -> None:
    sent = job(payload={"channel": "C1", "nested": {"n": [1, 2]}}, urgency=Urgency.critical)
    queue.send_all([sent])
    assert await queue.receive() == [sent.model_copy(update={"attempt": 1})]


async def test_a_waiting_receive_returns_soon_after_many_are_sent(queue: ClosableQueue) -> None:
    waiting = asyncio.create_task(queue.receive(wait_seconds=10))
    await asyncio.sleep(0.05)
    await asyncio.to_thread(queue.send_all, [job("k1")])
    assert len(await asyncio.wait_for(waiting, 5)) == 1


async def test_what_waits_is_counted_by_state(queue: ClosableQueue) -> None:
    for n in range(3):
        queue.send(job(f"k{n}"))
    queue.send(job("later", urgency=Urgency.critical), delay_seconds=60)
    [held] = await queue.receive()
    found = await queue.waiting()
    assert (found.ready, found.delayed, found.leased, found.dead) == (2, 1, 1, 0)
    await queue.bury(held, "cannot be done")
    found = await queue.waiting()
    assert (found.ready, found.delayed, found.leased, found.dead) == (2, 1, 0, 1)


async def test_an_empty_queue_has_nothing_waiting(queue: ClosableQueue) -> None:
    assert await queue.waiting() == Waiting(0, 0, 0, 0)


async def test_a_full_queue_refuses_alerts_but_critical_ones_up_to_a_reserve(limited: ClosableQueue) -> None:
    for n in range(LIMIT):
        assert limited.send(job(f"k{n}"))
    with pytest.raises(QueueFull, match=f"{LIMIT} jobs are waiting, and {LIMIT} may; send it again in a minute"):
        limited.send(job("one too many"))
    for n in range(LIMIT // 5):
        assert limited.send(job(f"critical {n}", urgency=Urgency.critical))
    with pytest.raises(QueueFull):
        limited.send(job("critical, too many", urgency=Urgency.critical))


async def test_a_full_queue_takes_what_people_ask_and_what_follows_from_its_own_work(limited: ClosableQueue) -> None:
    limited.send_all([job(f"k{n}") for n in range(LIMIT)])
    for kind in (JobKind.mention, JobKind.ownership, JobKind.living, JobKind.analysis):
        assert limited.send(job(kind.value, kind=kind))


async def test_many_that_do_not_fit_are_refused_together(limited: ClosableQueue) -> None:
    with pytest.raises(QueueFull):
        limited.send_all([job(f"k{n}") for n in range(LIMIT + 1)])
    assert await limited.depth() == 0
    assert limited.send(job("k0")), "a key that was refused may be sent again"


async def test_a_queue_that_was_full_takes_alerts_again_when_some_are_done(limited: ClosableQueue) -> None:
    limited.send_all([job(f"k{n}") for n in range(LIMIT)])
    [received] = await limited.receive()
    await limited.delete(received)
    assert limited.send(job("fits"))
