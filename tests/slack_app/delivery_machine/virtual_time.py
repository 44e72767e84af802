"""An event loop in which sleeping takes no time: when nothing else is to be done, its clock goes on to the next timer.

What runs in threads elsewhere runs at once here, so that a run depends on nothing but what it is told to do.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class MachineClock:
    """What a machine believes that the time is; `true` is the time that everybody else has."""

    def __init__(self) -> None:
        self.true = START
        self.wrong_by = timedelta()

    def __call__(self) -> datetime:
        return self.true + self.wrong_by

    def pass_by(self, seconds: float) -> None:
        self.true += timedelta(seconds=seconds)


class VirtualLoop(asyncio.SelectorEventLoop):
    """`passes(seconds)` is told how far time went on."""

    def __init__(self, passes: Callable[[float], None]) -> None:
        self._now = 0.0
        self._passes = passes
        super().__init__(_Impatient(self.skip))
        self.set_default_executor(AtOnce())

    def time(self) -> float:
        return self._now

    async def shutdown_default_executor(self, *_: Any) -> None:
        """Asyncio's own waits for a true thread, and here nobody waits for what is not done by itself."""

    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """There is one thread, which need not be woken."""
        return self.call_soon(callback, *args, context=context)

    def skip(self, seconds: float) -> None:
        self._now += seconds
        self._passes(seconds)


class _Impatient(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Waits for nothing."""

    def __init__(self, skip: Callable[[float], None]) -> None:
        super().__init__()
        self._skip = skip

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Of the loop's own pipe alone, nothing is to be expected: the system is not asked."""
        ready = super().select(0) if len(self.get_map()) > 1 else []
        if not ready and timeout is None:
            raise AssertionError("Everything waits, and nothing will ever happen.")
        if not ready and timeout:
            self._skip(timeout)
        return ready


class AtOnce(ThreadPoolExecutor):
    """Does in the calling thread what it is given."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done
