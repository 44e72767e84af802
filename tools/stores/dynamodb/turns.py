"""One writer of a key at a time within this process, so that its writers do not refuse each other's conditions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0


class Turns:
    """Each event loop has its own line; those of other loops and processes are kept apart by the conditions alone."""

    def __init__(self) -> None:
        self._lines: dict[tuple[asyncio.AbstractEventLoop, str], _Line] = {}

    @asynccontextmanager
    async def of(self, key: str) -> AsyncGenerator[None]:
        here = (asyncio.get_running_loop(), key)
        line = self._lines.setdefault(here, _Line())
        line.length += 1
        try:
            async with line.lock:
                yield
        finally:
            line.length -= 1
            if not line.length:
                del self._lines[here]
