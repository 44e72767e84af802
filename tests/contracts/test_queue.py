from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from agent.errors import RetryLater
from agent.models import Job
from tests.contracts.adapters import MAX_RECEIVES, QUEUES, ClosableQueue, SettableClock, wall_clock
from tests.contracts.contender import race, start
from tests.contracts.examples import job
from tests.contracts.parameters import queue_slow_over_emulators


def keys(jobs: list[Job]) -> list[str]:
    return [each.idempotency_key for each in jobs]


async def receive_one(queue: ClosableQueue, lease_seconds: float = 60) -> Job:
    [received] = await queue.receive(lease_seconds=lease_seconds)
    return received


async def test_a_sent_job_is_received_on_its_first_attempt(queue: ClosableQueue) -> None:
    sent = job(payload={"channel": "C1", "nested": {"n": [1, 2]}})
    assert queue.send(sent)
    assert await queue.receive() == [sent.model_copy(update={"attempt": 1})]


async def test_an_empty_queue_gives_nothing(queue: ClosableQueue) -> None:
    assert await queue.receive() == []
    assert await queue.depth() == 0


async def test_jobs_come_oldest_first_and_no_more_than_asked(queue: ClosableQueue, clock: SettableClock) -> None:
    for key in ("k1", "k2", "k3"):
        queue.send(job(key))
        clock.advance(1)
    assert keys(await queue.receive(max_jobs=2)) == ["k1", "k2"]


async def test_the_same_key_is_never_queued_twice(queue: ClosableQueue) -> None:
    assert queue.send(job("k1"))
    assert not queue.send(job("k1"))
    await queue.delete(await receive_one(queue))
    assert not queue.send(job("k1"))
    assert await queue.depth() == 0


async def test_a_leased_job_is_hidden_until_its_lease_ends(queue: ClosableQueue, clock: SettableClock) -> None:
    queue.send(job())
    await receive_one(queue, lease_seconds=30)
    clock.advance(25)
    assert await queue.receive() == []
    clock.advance(5)
    assert (await receive_one(queue)).attempt == 2


async def test_a_deleted_job_does_not_come_back(queue: ClosableQueue, clock: SettableClock) -> None:
    queue.send(job())
    await queue.delete(await receive_one(queue))
    clock.advance(3600)
    assert await queue.receive() == []


async def test_a_delayed_job_is_hidden_until_then(queue: ClosableQueue, clock: SettableClock) -> None:
    queue.send(job(), delay_seconds=10)
    clock.advance(5)
    assert await queue.receive() == []
    clock.advance(5)
    assert keys(await queue.receive()) == ["k1"]


async def test_an_extended_lease_ends_later(queue: ClosableQueue, clock: SettableClock) -> None:
    queue.send(job())
    received = await receive_one(queue, lease_seconds=30)
    clock.advance(20)
    await queue.extend(received, 30)
    clock.advance(25)
    assert await queue.receive() == []
    clock.advance(5)
    assert (await receive_one(queue)).attempt == 2


async def test_a_lease_that_has_ended_cannot_be_extended(queue: ClosableQueue, clock: SettableClock) -> None:
    queue.send(job())
    received = await receive_one(queue, lease_seconds=30)
    clock.advance(30)
    with pytest.raises(RetryLater, match=received.id):
        await queue.extend(received, 30)


async def test_a_released_job_comes_back_at_once_or_after_its_delay(queue: ClosableQueue, clock: SettableClock) -> None:
    queue.send(job())
    await queue.release(await receive_one(queue))
    again = await receive_one(queue)
    assert again.attempt == 2
    await queue.release(again, delay_seconds=10)
    assert await queue.receive() == []
    clock.advance(10)
    assert (await receive_one(queue)).attempt == 3


async def test_a_released_job_has_no_lease_to_extend(queue: ClosableQueue) -> None:
    queue.send(job())
    received = await receive_one(queue)
    await queue.release(received, delay_seconds=10)
    with pytest.raises(RetryLater):
        await queue.extend(received, 30)


async def test_a_worker_that_lost_its_lease_cannot_disturb_the_next_one(
    queue: ClosableQueue, clock: SettableClock
) -> None:
    queue.send(job())
    slow = await receive_one(queue, lease_seconds=30)
    clock.advance(30)
    current = await receive_one(queue, lease_seconds=30)
    await queue.delete(slow)
    await queue.release(slow)
    with pytest.raises(RetryLater):
        await queue.extend(slow, 600)
    assert await queue.receive() == []
    await queue.extend(current, 30)
    assert await queue.depth() == 1


async def test_a_job_received_too_often_moves_to_the_dead_letters(queue: ClosableQueue, clock: SettableClock) -> None:
    queue.send(job())
    for attempt in range(1, MAX_RECEIVES + 1):
        assert (await receive_one(queue, lease_seconds=30)).attempt == attempt
        assert await queue.dead_letters() == []
        clock.advance(30)
    assert await queue.receive() == []
    assert [dead.job.idempotency_key for dead in await queue.dead_letters()] == ["k1"]
    assert await queue.depth() == 0
    assert not queue.send(job())


async def test_a_poison_job_does_not_hold_up_the_others(queue: ClosableQueue) -> None:
    queue.send(job("poison"))
    for _ in range(MAX_RECEIVES):
        await queue.release(await receive_one(queue))
    queue.send(job("good"))
    assert keys(await queue.receive(max_jobs=10)) == ["good"]


async def test_depth_counts_what_waits_what_is_delayed_and_what_is_leased(queue: ClosableQueue) -> None:
    for key in ("k1", "k2"):
        queue.send(job(key))
    queue.send(job("k3"), delay_seconds=60)
    await receive_one(queue)
    assert await queue.depth() == 3


async def test_a_waiting_receive_returns_soon_after_a_send(queue: ClosableQueue) -> None:
    waiting = asyncio.create_task(queue.receive(wait_seconds=10))
    await asyncio.sleep(0.05)
    sent_at = time.monotonic()
    await asyncio.to_thread(queue.send, job())
    assert keys(await waiting) == ["k1"]
    assert time.monotonic() - sent_at < 5


async def test_a_waiting_receive_gives_up_after_its_wait(queue: ClosableQueue) -> None:
    began = time.monotonic()
    assert await queue.receive(wait_seconds=0.1) == []
    assert 0.1 <= time.monotonic() - began < 5


async def test_a_cancelled_receive_keeps_no_job(queue: ClosableQueue) -> None:
    waiting = asyncio.create_task(queue.receive(wait_seconds=10))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    queue.send(job())
    assert keys(await queue.receive()) == ["k1"]


async def test_concurrent_receives_share_the_jobs_out(queue: ClosableQueue) -> None:
    for n in range(30):
        queue.send(job(f"k{n}"))
    batches = await asyncio.gather(*(queue.receive(max_jobs=3) for _ in range(10)))
    assert sorted(keys([each for batch in batches for each in batch])) == sorted(f"k{n}" for n in range(30))


def test_a_job_sent_before_a_restart_is_received_after_it(
    queue_adapter: str, tmp_path: Path, clock: SettableClock
) -> None:
    before = QUEUES[queue_adapter](tmp_path, clock)
    before.send(job())
    before.close()
    after = QUEUES[queue_adapter](tmp_path, clock)
    assert keys(asyncio.run(after.receive())) == ["k1"]
    after.close()


@pytest.mark.slow
@queue_slow_over_emulators
def test_processes_that_send_the_same_keys_queue_each_once(queue_adapter: str, tmp_path: Path) -> None:
    assert sum(race(queue_adapter, tmp_path, "send")) == 20


@pytest.mark.slow
@queue_slow_over_emulators
def test_processes_that_receive_at_once_get_each_job_once(queue_adapter: str, tmp_path: Path) -> None:
    queue = QUEUES[queue_adapter](tmp_path, wall_clock)
    for n in range(60):
        queue.send(job(f"k{n}"))
    received = [key for keys_of_one in race(queue_adapter, tmp_path, "drain") for key in keys_of_one]
    assert sorted(received) == sorted(f"k{n}" for n in range(60))
    assert asyncio.run(queue.depth()) == 0
    queue.close()


@pytest.mark.slow
@queue_slow_over_emulators
def test_a_job_whose_worker_was_killed_comes_back_once(queue_adapter: str, tmp_path: Path) -> None:
    queue = QUEUES[queue_adapter](tmp_path, wall_clock)
    queue.send(job())
    worker = start(queue_adapter, tmp_path, "hold")
    worker.stdin.write("go\n")
    worker.stdin.flush()
    assert worker.stdout.readline() == "ready\n"
    assert worker.stdout.readline() == '"k1"\n'
    worker.kill()
    worker.communicate()

    assert asyncio.run(queue.receive()) == [], "the lease outlives the worker"
    [back] = asyncio.run(queue.receive(wait_seconds=10))
    assert (back.idempotency_key, back.attempt) == ("k1", 2)
    assert asyncio.run(queue.receive(wait_seconds=0.3)) == []
    queue.close()
