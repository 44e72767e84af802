"""What waits for a database's thread together is done together: one way there, one transaction, one way back.

Waking a thread takes longer than a small read, and waiting for the disk longer than fifty writes. So what has gathered
by the time the thread is free is run at once: first the reads, which see one state and wait for no disk, then the
writes, each undone alone if it fails. What SQLite itself refuses is run again, each for itself.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from agent.errors import StoreUnavailable

Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Result]
Transact = Callable[[Work[Any]], Any]
"""Runs work in a transaction of its own."""

MOST = 100
"""How much is done in one transaction."""


@dataclass(frozen=True)
class _Waiting:
    work: Work[Any]
    writes: bool
    done: asyncio.Future[Any]
    """Only its own event loop may touch it, except to see whether nobody waits any more."""


@dataclass(frozen=True)
class _Outcome:
    result: Any
    error: Exception | None = None


class Together:
    """`await Together(read, write, thread).add(work, writes=True)`; any number of event loops may add."""

    def __init__(self, read: Transact, write: Transact, thread: Executor) -> None:
        self._read = read
        self._write = write
        self._thread = thread
        self._waiting: deque[_Waiting] = deque()
        self._called = False

    def add(self, work: Work[Result], writes: bool) -> asyncio.Future[Result]:
        """What the work returns, or raises. RuntimeError when the thread has ended."""
        waiting = _Waiting(work, writes, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if not self._called:
            self._called = True  # before it is: the thread may be done with everything by the time `submit` returns
            try:
                self._thread.submit(self._work_off)
            except RuntimeError:
                self._called = False
                raise
        return waiting.done

    def _work_off(self) -> None:
        self._called = False  # before looking: whoever comes after the look calls again
        while taken := self._taken():
            wanted = [each for each in taken if not each.done.cancelled()]
            self._do([each for each in wanted if not each.writes], self._read, _looked)
            self._do([each for each in wanted if each.writes], self._write, _attempted)

    def _taken(self) -> list[_Waiting]:
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST))]

    def _do(self, those: Sequence[_Waiting], transact: Transact, run: Callable[..., _Outcome]) -> None:
        if len(those) > 1:
            with suppress(StoreUnavailable):
                _settle(those, transact(lambda connection: [run(connection, each.work) for each in those]))
                return
        for each in those:
            _settle([each], [_alone(transact, each.work)])


def _alone(transact: Transact, work: Work[Any]) -> _Outcome:
    try:
        return _Outcome(transact(work))
    except Exception as error:
        return _Outcome(None, error)


def _looked(connection: sqlite3.Connection, work: Work[Any]) -> _Outcome:
    """Of a read. What SQLite reports is raised: then each is run by itself."""
    try:
        return _Outcome(work(connection))
    except sqlite3.Error:
        raise
    except Exception as error:
        return _Outcome(None, error)


def _attempted(connection: sqlite3.Connection, work: Work[Any]) -> _Outcome:
    """Of a write, undone alone."""
    connection.execute("SAVEPOINT attempt")
    outcome = _looked(connection, work)
    if outcome.error:
        connection.execute("ROLLBACK TO attempt")
    connection.execute("RELEASE attempt")
    return outcome


def _settle(those: Sequence[_Waiting], outcomes: Sequence[_Outcome]) -> None:
    """Wakes each loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], _Outcome]]] = defaultdict(list)
    for each, outcome in zip(those, outcomes, strict=True):
        by_loop[each.done.get_loop()].append((each.done, outcome))
    for loop, settled in by_loop.items():
        with suppress(RuntimeError):  # it was closed meanwhile: nobody waits any more
            loop.call_soon_threadsafe(_tell, settled)


def _tell(settled: Sequence[tuple[asyncio.Future[Any], _Outcome]]) -> None:
    for done, outcome in settled:
        if done.done():  # whoever waited was cancelled
            continue
        if outcome.error:
            done.set_exception(outcome.error)
        else:
            done.set_result(outcome.result)
