from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from pathlib import Path

import pytest

from tests.contracts.adapters import SettableClock
from tests.contracts.examples import job
from tools.queues.local import POLL_SECONDS, LocalQueue


async def test_a_send_from_another_process_is_noticed_by_polling(tmp_path: Path) -> None:
    """Another LocalQueue on the file stands for the other process: it cannot wake this one's waiters."""
    here, there = (LocalQueue(tmp_path / "queue.db", SettableClock()) for _ in range(2))
    waiting = asyncio.create_task(here.receive(wait_seconds=5))
    await asyncio.sleep(0.05)
    there.send(job())
    sent_at = time.monotonic()
    assert len(await waiting) == 1
    assert time.monotonic() - sent_at < POLL_SECONDS + 0.5
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


def test_sending_stays_far_below_what_an_acknowledgement_may_take(tmp_path: Path) -> None:
    queue = LocalQueue(tmp_path / "queue.db", SettableClock())
    took = []
    for n in range(200):
        began = time.perf_counter()
        queue.send(job(f"k{n}", payload={"text": "x" * 2000}))
        took.append(time.perf_counter() - began)
    assert sorted(took)[-10] < 0.05
    queue.close()
