"""Jobs that were given up: why, since when, and how they come back."""

from __future__ import annotations

from agent.models import Urgency
from tests.contracts.adapters import MAX_RECEIVES, ClosableQueue, SettableClock
from tests.contracts.examples import job


async def failed_for_good(queue: ClosableQueue, clock: SettableClock, reason: str) -> None:
    """Received as often as may be, released each time, and asked for once more."""
    for _ in range(MAX_RECEIVES):
        [received] = await queue.receive(lease_seconds=30)
        await queue.release(received, reason=reason)
    assert await queue.receive() == []


async def test_a_job_that_failed_too_often_is_dead_for_its_last_reason(
    queue: ClosableQueue, clock: SettableClock
) -> None:
    sent = job()
    queue.send(sent)
    await failed_for_good(queue, clock, "Slack answers channel_not_found")
    [dead] = await queue.dead_letters()
    assert (dead.job.id, dead.reason, dead.at) == (sent.id, "Slack answers channel_not_found", clock())


async def test_a_job_whose_workers_vanished_says_so(queue: ClosableQueue, clock: SettableClock) -> None:
    queue.send(job())
    for _ in range(MAX_RECEIVES):
        await queue.receive(lease_seconds=30)
        clock.advance(30)
    assert await queue.receive() == []
    [dead] = await queue.dead_letters()
    assert "its worker stopped or took too long" in dead.reason


async def test_a_buried_job_is_dead_at_once(queue: ClosableQueue, clock: SettableClock) -> None:
    queue.send(job("hopeless"))
    queue.send(job("good"))
    for _ in range(2):
        [received] = await queue.receive()
        if received.idempotency_key == "hopeless":
            await queue.bury(received, "it is no alert: password=hunter2secret")
        else:
            await queue.delete(received)
    [dead] = await queue.dead_letters()
    assert dead.job.idempotency_key == "hopeless"
    assert dead.reason.startswith("it is no alert")
    assert "hunter2secret" not in dead.reason
    clock.advance(3600)
    assert await queue.receive() == []
    assert await queue.depth() == 0
    assert not queue.send(job("hopeless"))


async def test_a_worker_that_lost_its_lease_buries_nothing(queue: ClosableQueue, clock: SettableClock) -> None:
    queue.send(job())
    [slow] = await queue.receive(lease_seconds=30)
    clock.advance(30)
    [current] = await queue.receive(lease_seconds=30)
    await queue.bury(slow, "too late")
    assert await queue.dead_letters() == []
    await queue.delete(current)
    assert await queue.depth() == 0


async def test_a_dead_job_comes_back_as_if_it_had_never_been_tried(queue: ClosableQueue, clock: SettableClock) -> None:
    sent = job(urgency=Urgency.critical)
    queue.send(sent)
    await failed_for_good(queue, clock, "no reason")
    assert await queue.retry(sent.id)
    assert await queue.dead_letters() == []
    [back] = await queue.receive()
    assert (back.id, back.attempt) == (sent.id, 1)
    await queue.delete(back)
    assert await queue.depth() == 0


async def test_a_job_that_dies_again_is_dead_for_its_new_reason(queue: ClosableQueue, clock: SettableClock) -> None:
    sent = job()
    queue.send(sent)
    for reason in ("first", "second"):
        [received] = await queue.receive()
        await queue.bury(received, reason)
        assert [dead.reason for dead in await queue.dead_letters()] == [reason]
        await queue.retry(sent.id)


async def test_only_dead_jobs_are_retried_and_only_the_one_that_is_named(
    queue: ClosableQueue, clock: SettableClock
) -> None:
    alive, *dead = sent = [job(f"k{n}") for n in range(3)]
    for each in sent:
        queue.send(each)
    for received in [each for _ in range(3) for each in await queue.receive()]:
        if received.id != alive.id:
            await queue.bury(received, "no reason")
        else:
            await queue.release(received, delay_seconds=60)
    assert not await queue.retry(alive.id)
    assert not await queue.retry("job_unknown")
    assert await queue.retry(dead[0].id)
    assert [letter.job.id for letter in await queue.dead_letters()] == [dead[1].id]


async def test_dead_letters_come_newest_first_and_no_more_than_asked(
    queue: ClosableQueue, clock: SettableClock
) -> None:
    for n in range(3):
        queue.send(job(f"k{n}"))
        [received] = await queue.receive()
        await queue.bury(received, f"reason {n}")
        clock.advance(60)
    assert [dead.reason for dead in await queue.dead_letters()] == ["reason 2", "reason 1", "reason 0"]
    assert [dead.reason for dead in await queue.dead_letters(limit=2)] == ["reason 2", "reason 1"]
