"""One process of several that use the same store or queue at once.

`python -m tests.contracts.contender ADAPTER FOLDER TASK` prints `ready`, waits for a line on stdin (so that all start
together), does its task from several threads, and prints one JSON document.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from agent.models import Spend
from agent.ports import Sighting
from tests.contracts.adapters import QUEUES, STORES, wall_clock
from tests.contracts.examples import alert, audit_entry, job

THREADS = 4
RECORDS = 5
"""Sightings that each thread records."""


def claim(adapter: str, folder: Path) -> object:
    """How many of this process's claims of one key were the first."""
    stores = STORES[adapter](folder, wall_clock)
    won = _in_threads(lambda _: stores.ledger.claim("the key"))
    stores.close()
    return sum(won)


def record(adapter: str, folder: Path) -> object:
    """[how many sightings were first, the incidents they were told of, the counts]."""
    stores = STORES[adapter](folder, wall_clock)

    async def record_some(thread: int) -> list[Sighting]:
        name = f"{os.getpid()}_{thread}"
        return [await stores.ledger.record(alert(), f"inc_{name}", event_id=f"{name}_{n}") for n in range(RECORDS)]

    seen = [sighting for sightings in _in_threads(record_some) for sighting in sightings]
    stores.close()
    first = sum(sighting.first for sighting in seen)
    return [first, sorted({sighting.incident_id for sighting in seen}), [sighting.count for sighting in seen]]


def use(adapter: str, folder: Path) -> object:
    stores = STORES[adapter](folder, wall_clock)
    won = _in_threads(lambda thread: stores.approvals.claim("apr_1", f"{os.getpid()}_{thread}"))
    stores.close()
    return sum(won)


def tell(adapter: str, folder: Path) -> object:
    """How many lines this process's threads wrote into the audit trail."""
    stores = STORES[adapter](folder, wall_clock)

    async def tell_some(thread: int) -> int:
        for _ in range(RECORDS):
            await stores.audit.append(audit_entry(at=wall_clock(), actor=f"{os.getpid()}_{thread}"))
        return RECORDS

    told = sum(_in_threads(tell_some))
    stores.close()
    return told


def acquire(adapter: str, folder: Path) -> object:
    """The tokens of the leases that this process's threads got of one lock."""
    stores = STORES[adapter](folder, wall_clock)
    leases = _in_threads(lambda thread: stores.locks.acquire("the lock", f"{os.getpid()}/{thread}", seconds=60))
    stores.close()
    return [lease.token for lease in leases if lease]


def take_turns(adapter: str, folder: Path) -> object:
    """[token, what was counted] of each turn: read a counter and write it one higher, always under the lock."""
    stores = STORES[adapter](folder, wall_clock)
    counter = folder / "counter"

    async def turn(thread: int) -> list[int]:
        lease = None
        while lease is None:
            await asyncio.sleep(0.01)
            lease = await stores.locks.acquire("the lock", f"{os.getpid()}/{thread}", seconds=60)
        counted = int(counter.read_text()) + 1 if counter.exists() else 1
        await asyncio.sleep(0.01)
        counter.write_text(str(counted))
        await stores.locks.release(lease)
        return [lease.token, counted]

    turns = _in_threads(turn)
    stores.close()
    return turns


def spend(adapter: str, folder: Path) -> object:
    stores = STORES[adapter](folder, wall_clock)
    _in_threads(lambda thread: stores.spend.add(f"U{thread % 2}", Spend(input_tokens=10, output_tokens=1, usd=0.25)))
    stores.close()
    return None


def send(adapter: str, folder: Path) -> object:
    """How many of this process's sends, all with the same twenty keys, were taken."""
    queue = QUEUES[adapter](folder, wall_clock)
    with ThreadPoolExecutor(THREADS) as threads:
        taken = [*threads.map(lambda index: queue.send(job(f"k{index % 20}")), range(80))]
    queue.close()
    return sum(taken)


def drain(adapter: str, folder: Path) -> object:
    """The keys of the jobs that this process got, deleting each."""
    queue = QUEUES[adapter](folder, wall_clock)

    async def take_all(_: int) -> list[str]:
        keys: list[str] = []
        while jobs := await queue.receive(max_jobs=2):
            for received in jobs:
                keys.append(received.idempotency_key)
                await queue.delete(received)
        return keys

    keys = [key for keys in _in_threads(take_all) for key in keys]
    queue.close()
    return keys


def hold(adapter: str, folder: Path) -> object:
    """Receive one job on a short lease, say so, and never come back (the test kills this process)."""
    queue = QUEUES[adapter](folder, wall_clock)
    [held] = asyncio.run(queue.receive(lease_seconds=2))
    print(json.dumps(held.idempotency_key), flush=True)
    time.sleep(60)
    return None


TASKS: dict[str, Callable[[str, Path], object]] = {
    task.__name__: task for task in (claim, record, use, tell, acquire, take_turns, spend, send, drain, hold)
}


def _in_threads(work: Callable[[int], Coroutine[Any, Any, Any]]) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as threads:
        return [*threads.map(lambda thread: asyncio.run(work(thread)), range(THREADS))]


def start(adapter: str, folder: Path, task: str) -> subprocess.Popen[str]:
    """A contender process that is ready to begin."""
    command = [sys.executable, "-m", "tests.contracts.contender", adapter, str(folder), task]
    root = Path(__file__).parents[2]
    return subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def race(adapter: str, folder: Path, task: str, processes: int = 3) -> list[Any]:
    """What each of several contenders printed, all begun at the same moment."""
    contenders = [start(adapter, folder, task) for _ in range(processes)]
    for contender in contenders:
        assert contender.stdout is not None
        assert contender.stdout.readline() == "ready\n"
    for contender in contenders:
        assert contender.stdin is not None
        contender.stdin.write("go\n")
        contender.stdin.flush()
    return [json.loads(contender.communicate(timeout=60)[0]) for contender in contenders]


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(TASKS[sys.argv[3]](sys.argv[1], Path(sys.argv[2]))), flush=True)
