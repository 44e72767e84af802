"""One message that is edited while an answer grows."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any

from agent.models import SlackPlace
from slack_app.messenger import SECONDS_BETWEEN_EDITS, Part, SlackMessenger

log = logging.getLogger(__name__)


class LiveMessage:
    """One message edited in place, at most once in 1.2 s; edits in between are merged into the next one.

    `show` returns at once; `finish` sends the last content for certain.
    """

    def __init__(self, messenger: SlackMessenger, place: SlackPlace, ts: str) -> None:
        self.ts = ts
        self._messenger = messenger
        self._place = place
        self._next: Part | None = None
        self._sender: asyncio.Task[None] | None = None
        self._sent_at = time.monotonic()

    def show(self, text: str, blocks: Sequence[dict[str, Any]]) -> None:
        self._next = (text, list(blocks))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send_soon())

    async def finish(self, text: str, blocks: Sequence[dict[str, Any]]) -> list[str]:
        """Returns the ts of the messages that follow where one is too little."""
        self._next = None
        if self._sender is not None:
            await self._sender
        await self._wait()
        pages = await self._messenger.update_all(self._place, self.ts, text, blocks)
        self._sent_at = time.monotonic()
        return pages

    def _take(self) -> Part | None:
        newest, self._next = self._next, None
        return newest

    async def _send_soon(self) -> None:
        """Until there is nothing newer: what is shown while an edit is under way is the next edit."""
        while self._next is not None:
            await self._wait()
            newest = self._take()
            if newest is None:
                return
            try:
                await self._messenger.update(self._place, self.ts, *newest)
            except Exception as error:  # progress is a nicety; only the last edit has to arrive
                log.warning("a progress edit failed: %s", error)
            self._sent_at = time.monotonic()

    async def _wait(self) -> None:
        await asyncio.sleep(max(0.0, SECONDS_BETWEEN_EDITS - (time.monotonic() - self._sent_at)))
