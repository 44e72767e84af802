"""Lets work begin a moment apart, so that it does not keep in step from then on."""

from __future__ import annotations

import asyncio


class Pace:
    """`await Pace(0.04).next()`: at once when nobody came in the last 40 ms, else 40 ms after whoever came before."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._free_at = 0.0

    async def next(self) -> None:
        """On the event loop's clock. The turn of somebody who is cancelled meanwhile stays empty."""
        now = asyncio.get_running_loop().time()
        begins = max(now, self._free_at)
        self._free_at = begins + self._seconds
        if begins > now:
            await asyncio.sleep(begins - now)
