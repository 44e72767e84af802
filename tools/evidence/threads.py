"""Threads that wait for AWS. They are daemons: one that hangs keeps neither a run nor the process from ending."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """What `work`, which may not raise, gives back; in a thread of its own, with the caller's context."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T) -> None:
        if not done.done():
            done.set_result(result)

    def run() -> None:
        result = work()
        with suppress(RuntimeError):  # the loop is gone: nobody waits any more
            loop.call_soon_threadsafe(settle, result)

    Thread(target=contextvars.copy_context().run, args=(run,), name="look", daemon=True).start()
    return await done


def side_by_side(reads: Mapping[str, Callable[[], T]], workers: int) -> dict[str, Future[T]]:
    """A future for each read, at most so many under way at a time, each with the caller's context."""
    futures: dict[str, Future[T]] = {name: Future() for name in reads}
    waiting: SimpleQueue[tuple[Future[T], Callable[[], T], contextvars.Context]] = SimpleQueue()
    for name, read in reads.items():
        waiting.put((futures[name], read, contextvars.copy_context()))

    def work() -> None:
        while True:
            try:
                future, read, context = waiting.get_nowait()
            except Empty:
                return
            try:
                future.set_result(context.run(read))
            except BaseException as error:  # whoever asks for the result gets it
                future.set_exception(error)

    for number in range(min(workers, len(reads))):
        Thread(target=work, name=f"read-{number}", daemon=True).start()
    return futures
