"""Who works on a thread, and when: one at a time, in order of arrival, and at most so long as nothing forbids it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

Result = TypeVar("Result")


class Turns:
    """One at a time for each key, in the order in which they lined up."""

    def __init__(self) -> None:
        self._last: dict[str, asyncio.Future[None]] = {}

    @contextmanager
    def line_up(self, key: str) -> Generator[Callable[[], Awaitable[None]]]:
        """The place in the line is taken at once; the function that it gives waits for those ahead."""
        ahead = self._last.get(key)
        mine = self._last[key] = asyncio.get_running_loop().create_future()

        async def my_turn() -> None:
            if ahead is not None:
                await asyncio.shield(ahead)

        def leave(_: object = None) -> None:
            mine.set_result(None)
            if self._last.get(key) is mine:
                del self._last[key]

        try:
            yield my_turn
        finally:
            if ahead is None or ahead.done():
                leave()
            else:  # who leaves the line early lets nobody pass those ahead
                ahead.add_done_callback(leave)


async def unless(work: Coroutine[Any, Any, Result], guard: Coroutine[Any, Any, NoReturn]) -> Result:
    """What `work` gives; when `guard` raises first, `work` is cancelled and the guard's exception raised."""
    working, guarding = asyncio.create_task(work), asyncio.create_task(guard)
    try:
        await asyncio.wait({working, guarding}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else guarding.result()
    finally:
        working.cancel()
        guarding.cancel()
        await asyncio.gather(working, guarding, return_exceptions=True)
