"""What a worker cannot do now goes back into the queue, whatever is in there, and costs no attempt."""

from __future__ import annotations

import pytest

from agent.errors import QueueFull
from agent.models import Job
from tests.contracts.adapters import LIMIT, ClosableQueue, SettableClock
from tests.contracts.examples import job


def renamed(received: Job, key: str = "k0#1") -> Job:
    return received.model_copy(update={"idempotency_key": key})


async def test_an_alert_is_put_back_into_a_queue_that_takes_no_further_ones(limited: ClosableQueue) -> None:
    limited.send_all([job(f"k{n}") for n in range(LIMIT)])
    for received in await limited.receive(max_jobs=10):
        await limited.put_back(received, renamed(received, f"{received.idempotency_key}#1"))
    assert await limited.depth() == LIMIT
    with pytest.raises(QueueFull):
        limited.send(job("one too many"))


async def test_what_is_put_back_comes_after_the_delay_with_all_its_attempts(
    queue: ClosableQueue, clock: SettableClock
) -> None:
    queue.send(job("k0"))
    [received] = await queue.receive()
    await queue.put_back(received, renamed(received), 60)
    assert await queue.receive() == []
    clock.advance(60)
    assert await queue.receive() == [renamed(received)]
    assert not queue.send(job("k0")), "it was queued, and is still known"


async def test_a_delay_of_any_length_is_good_enough(queue: ClosableQueue, clock: SettableClock) -> None:
    queue.send(job("k0"))
    [received] = await queue.receive()
    await queue.put_back(received, renamed(received), 4000)
    assert await queue.depth() == 1
    clock.advance(4000)
    assert len(await queue.receive()) == 1


async def test_a_worker_that_lost_its_job_puts_nothing_back(queue: ClosableQueue, clock: SettableClock) -> None:
    queue.send(job("k0"))
    [lost] = await queue.receive(lease_seconds=30)
    clock.advance(30)
    [held] = await queue.receive(lease_seconds=30)
    await queue.put_back(lost, renamed(lost))
    assert await queue.depth() == 1
    await queue.delete(held)
    assert await queue.depth() == 0


async def test_posts_in_slack_get_into_a_full_queue(limited: ClosableQueue) -> None:
    limited.send_all([job(f"k{n}") for n in range(LIMIT)])
    assert limited.send(job("post", payload={"event": {"ts": "1.0"}}))


async def test_a_dead_letter_that_is_tried_again_says_since_when(queue: ClosableQueue, clock: SettableClock) -> None:
    sent = job()
    queue.send(sent)
    [received] = await queue.receive()
    await queue.bury(received, "given up")
    clock.advance(3600)
    assert await queue.retry(sent.id)
    assert await queue.receive() == [sent.model_copy(update={"attempt": 1, "retried_at": clock()})]
