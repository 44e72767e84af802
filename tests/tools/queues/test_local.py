from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import statistics
import time
from pathlib import Path

import pytest

from agent.models import Urgency
from tests.contracts.adapters import SettableClock
from tests.contracts.examples import job
from tools.queues.local import POLL_SECONDS, LocalQueue
from tools.queues.local_rows import AGING_SECONDS, KEPT_SECONDS
from tools.queues.local_schema import MIGRATIONS
from tools.stores.sqlite.database import Database


async def test_a_send_from_another_process_is_noticed_by_polling(tmp_path: Path) -> None:
    """Another LocalQueue on the file stands for the other process: it cannot wake this one's waiters."""
    here, there = (LocalQueue(tmp_path / "queue.db", SettableClock()) for _ in range(2))
    waiting = asyncio.create_task(here.receive(wait_seconds=60))
    await asyncio.sleep(0.05)
    there.send(job())
    sent_at = time.monotonic()
    assert len(await waiting) == 1
    assert time.monotonic() - sent_at < 10 * POLL_SECONDS
    here.close()
    there.close()


async def test_a_send_in_this_process_wakes_the_waiter_before_the_next_poll(tmp_path: Path) -> None:
    queue = LocalQueue(tmp_path / "queue.db", SettableClock())
    late = []
    for n in range(5):
        waiting = asyncio.create_task(queue.receive(wait_seconds=5))
        await asyncio.sleep(0.02)
        sent_at = time.monotonic()
        await asyncio.to_thread(queue.send, job(f"k{n}"))
        await waiting
        late.append(time.monotonic() - sent_at)
    assert min(late) < POLL_SECONDS / 5
    queue.close()


async def test_a_receive_cancelled_while_it_takes_a_job_puts_it_back(tmp_path: Path) -> None:
    queue = LocalQueue(tmp_path / "queue.db", SettableClock())
    queue.send(job())
    holder = sqlite3.connect(tmp_path / "queue.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    receiving = asyncio.create_task(queue.receive())
    await asyncio.sleep(0.1)
    receiving.cancel()
    holder.execute("ROLLBACK")
    holder.close()
    with pytest.raises(asyncio.CancelledError):
        await receiving
    [back] = await queue.receive()
    assert back.attempt == 2
    queue.close()


async def test_a_job_of_another_version_goes_to_the_dead_letters_and_the_next_one_is_served(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    queue = LocalQueue(tmp_path / "queue.db", SettableClock())
    for key in ("from the future", "of today"):
        queue.send(job(key))
    connection = sqlite3.connect(tmp_path / "queue.db")
    connection.execute("UPDATE jobs SET body = '{\"unknown\": 1}' WHERE idempotency_key = 'from the future'")
    connection.commit()
    connection.close()
    with caplog.at_level(logging.WARNING):
        received = await queue.receive(max_jobs=10)
    assert [each.idempotency_key for each in received] == ["of today"]
    assert "from the future" in caplog.text
    assert await queue.depth() == 1
    queue.close()


@pytest.mark.parametrize(
    ("waited", "expected"),
    [
        (AGING_SECONDS - 1, ["critical", "normal", "low"]),
        (AGING_SECONDS, ["critical", "low", "normal"]),
        (2 * AGING_SECONDS, ["low", "critical", "normal"]),
    ],
)
async def test_low_jobs_that_waited_long_overtake_others(tmp_path: Path, waited: float, expected: list[str]) -> None:
    clock = SettableClock()
    queue = LocalQueue(tmp_path / "queue.db", clock)
    queue.send(job("low", urgency=Urgency.low))
    clock.advance(waited)
    queue.send(job("normal"))
    queue.send(job("critical", urgency=Urgency.critical))
    assert await order(queue) == expected
    queue.close()


async def test_what_is_equally_urgent_comes_oldest_first(tmp_path: Path) -> None:
    clock = SettableClock()
    queue = LocalQueue(tmp_path / "queue.db", clock)
    for n in range(6):
        queue.send(job(f"{n}", urgency=Urgency.low if n % 2 else Urgency.critical))
        clock.advance(1)
    assert await order(queue) == ["0", "2", "4", "1", "3", "5"]
    queue.close()


async def test_how_long_the_oldest_job_waits_is_told(tmp_path: Path) -> None:
    clock = SettableClock()
    queue = LocalQueue(tmp_path / "queue.db", clock)
    queue.send(job("k1"))
    clock.advance(30)
    queue.send(job("k2"), delay_seconds=10)
    assert (await queue.waiting()).oldest_seconds == 30
    queue.close()


async def test_a_queue_of_the_version_before_is_taken_over(tmp_path: Path) -> None:
    clock = SettableClock()
    older = Database(tmp_path / "queue.db", MIGRATIONS[:1])
    body = job("waiting").model_dump(mode="json", exclude={"urgency"})
    dead = {**body, "id": "job_dead", "idempotency_key": "dead"}
    insert = "INSERT INTO jobs (idempotency_key, body, state, attempt, visible_at) VALUES (?, ?, ?, ?, ?)"
    for key, row, state, attempt in (("waiting", body, "ready", 0), ("dead", dead, "dead", 3), ("done", "", "done", 1)):
        values = (key, json.dumps(row) if row else "", state, attempt, clock().timestamp())
        older.write(lambda connection, values=values: connection.execute(insert, values))
    older.close()
    queue = LocalQueue(tmp_path / "queue.db", clock)
    assert not queue.send(job("done"))
    [received] = await queue.receive()
    assert (received.idempotency_key, received.urgency) == ("waiting", Urgency.normal)
    assert [letter.job.id for letter in await queue.dead_letters()] == ["job_dead"]
    assert await queue.retry("job_dead")
    queue.close()


async def test_a_key_is_forgotten_two_weeks_after_its_job_was_done(tmp_path: Path) -> None:
    clock = SettableClock()
    queue = LocalQueue(tmp_path / "queue.db", clock)
    for key in ("old", "new"):
        queue.send(job(key))
        clock.advance(KEPT_SECONDS - 1)
        [received] = await queue.receive()
        assert not queue.send(job("old"))
        await queue.delete(received)
        clock.advance(2)
    assert queue.send(job("old"))
    queue.close()


async def test_a_clock_that_is_put_back_hides_nothing(tmp_path: Path) -> None:
    clock = SettableClock()
    queue = LocalQueue(tmp_path / "queue.db", clock)
    queue.send(job("left behind"))
    await queue.receive(lease_seconds=60)
    queue.send(job("ready"))
    queue.send(job("later"), delay_seconds=30)
    clock.advance(-3600)
    assert await order(queue) == ["ready"]
    clock.advance(30)
    assert await order(queue) == ["later"]
    clock.advance(30)
    assert await order(queue) == ["left behind", "ready"], "leases as long as they were"
    queue.close()


async def test_a_clock_that_is_put_back_takes_no_job_from_who_is_at_work(tmp_path: Path) -> None:
    clock = SettableClock()
    queue = LocalQueue(tmp_path / "queue.db", clock)
    queue.send(job())
    [held] = await queue.receive(lease_seconds=60)
    clock.advance(-3600)
    assert await queue.receive() == []
    await queue.extend(held, 60)
    clock.advance(59)
    assert await queue.receive() == []
    await queue.delete(held)
    assert await queue.depth() == 0
    queue.close()


async def order(queue: LocalQueue) -> list[str]:
    return [each.idempotency_key for each in await queue.receive(max_jobs=10)]


def test_sending_stays_far_below_what_an_acknowledgement_may_take(tmp_path: Path) -> None:
    queue = LocalQueue(tmp_path / "queue.db", SettableClock())
    took = []
    for n in range(200):
        began = time.perf_counter()
        queue.send(job(f"k{n}", payload={"text": "x" * 2000}))
        took.append(time.perf_counter() - began)
    assert statistics.median(took) < 0.05
    queue.close()


@pytest.mark.slow
async def test_a_long_queue_is_worked_off_as_fast_as_a_short_one(tmp_path: Path) -> None:
    """Where a statement looked through all jobs, these would take minutes."""
    queue = LocalQueue(tmp_path / "queue.db", SettableClock())
    queue.send_all([job(f"k{n}", urgency=n % 3) for n in range(10_000)])
    began = time.monotonic()
    done = 0
    while received := await queue.receive(max_jobs=10):
        await asyncio.gather(*(queue.delete(each) for each in received))
        done += len(received)
    assert done == 10_000
    assert time.monotonic() - began < 30
    queue.close()


async def test_whatever_a_worker_does_to_a_job_holds_the_file_for_one_statement_only(tmp_path: Path) -> None:
    """Between the statements of a transaction a busy worker waits for its interpreter, and Slack for the file."""
    queue = LocalQueue(tmp_path / "queue.db", SettableClock())
    for key in ("done", "given back", "given up"):
        queue.send(job(key))
    said: list[str] = []
    queue._database._connection.set_trace_callback(said.append)
    done, back, up = await queue.receive(max_jobs=3)
    await queue.extend(done, 60)
    await queue.delete(done)
    await queue.release(back)
    await queue.bury(up, "it cannot be done")
    assert sum(each.startswith(("UPDATE", "DELETE")) for each in said) == 8
    assert not [each for each in said if each.startswith(("BEGIN IMMEDIATE", "SAVEPOINT"))]
    queue.close()
