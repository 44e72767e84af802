"""Request bodies, of which only so much is held at once: nobody who may not send can fill the memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import web

MAX_BODY_BYTES = 1_000_000
SMALL_BYTES = 32 * 1024
"""A body up to this length is always read: an ordinary alert gets in, whoever sends large ones meanwhile."""
MAX_HELD_BYTES = 64_000_000
READ_SECONDS = 10.0


class NotRead(Exception):
    """`status` says why: 408 too slow, 413 too large, 503 too many at once."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.status = status


class Reading:
    """`async with reading.body(request) as body`: its bytes count as held while the context is open."""

    def __init__(self, most: int = MAX_HELD_BYTES) -> None:
        self._most = most
        self._held = 0

    @asynccontextmanager
    async def body(self, request: web.Request) -> AsyncGenerator[bytes]:
        read = bytearray()
        try:
            await self._read(request, read)
            yield bytes(read)
        finally:
            self._held -= len(read)

    async def _read(self, request: web.Request, read: bytearray) -> None:
        if (request.content_length or 0) > MAX_BODY_BYTES:
            raise NotRead("the body is too large", 413)
        try:
            async with asyncio.timeout(READ_SECONDS):
                async for chunk in request.content.iter_any():
                    read += chunk
                    self._held += len(chunk)
                    if len(read) > MAX_BODY_BYTES:
                        raise NotRead("the body is too large", 413)
                    if len(read) > SMALL_BYTES and self._held > self._most:
                        raise NotRead("too much is being read at once", 503)
        except TimeoutError:
            raise NotRead("the body does not come", 408) from None


def first_headers(request: web.Request) -> dict[str, str]:
    """Names in lower case; of several with one name, the first: whoever checks one and uses it reads the same."""
    return {name.lower(): value for name, value in reversed(list(request.headers.items()))}
