"""How foreign servers are reached by HTTP. No response is read beyond a few megabytes, which are held in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

MAX_RESPONSE_BYTES = 16_000_000


def client_for(headers: dict[str, str], seconds: float) -> httpx.AsyncClient:
    """A client that follows no redirects: its headers carry a secret, which is meant for one address only."""
    return httpx.AsyncClient(
        headers=headers,
        timeout=httpx.Timeout(seconds),
        follow_redirects=False,
        event_hooks={"response": [_bound]},
    )


async def _bound(response: httpx.Response) -> None:
    """Reading more raises httpx.ReadError, as if the connection had broken."""
    if isinstance(response.stream, httpx.AsyncByteStream):
        response.stream = _Bounded(response.stream)


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, whole: httpx.AsyncByteStream) -> None:
        self._whole = whole

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for piece in self._whole:
            read += len(piece)
            if read > MAX_RESPONSE_BYTES:
                raise httpx.ReadError(f"the response is longer than {MAX_RESPONSE_BYTES:,} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._whole.aclose()
