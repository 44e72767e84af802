"""Until when the present tool call may work. Threads that a tool starts know it too, through a context variable."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_DEADLINE: ContextVar[float] = ContextVar("evidence_deadline", default=math.inf)


@contextmanager
def within(seconds: float) -> Generator[None]:
    """What runs inside has so many seconds from now."""
    token = _DEADLINE.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def seconds_left() -> float:
    """Never negative; infinite where nobody set a deadline."""
    return max(_DEADLINE.get() - time.monotonic(), 0.0)


def check() -> None:
    """TimeoutError when there is no time left."""
    if seconds_left() <= 0:
        raise TimeoutError("the deadline of this look has passed")
