"""Shows in an incident's message how far its analysis is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from agent.errors import WatchkeeperError
from slack_app.application import Follow
from slack_app.blocks.progress import Progress
from slack_app.channel_budget import PROGRESS
from slack_app.handlers.desk import Desk
from slack_app.handlers.living import draw

log = logging.getLogger(__name__)
SLACK_SECONDS = 5.0


@asynccontextmanager
async def shown_while(incident_id: str, desk: Desk) -> AsyncGenerator[Follow]:
    """The function that the graph reports to; what it reports is seen in the incident's message while it runs."""
    progress, drawing = Progress(), _Drawing(incident_id, desk)
    desk.analyses[incident_id] = progress
    drawing.soon()

    async def follow(part: dict[str, Any]) -> None:
        if progress.follow(part):
            drawing.soon()

    try:
        yield follow
    finally:
        desk.analyses.pop(incident_id, None)
        await drawing.end()


class _Drawing:
    """Draws progress, one edit at a time, as often as the channel's budget allows. A nicety: errors do not matter.

    What was refused is not asked for again before there may be room: in a storm each run asks once.
    """

    def __init__(self, incident_id: str, desk: Desk) -> None:
        self._incident_id = incident_id
        self._desk = desk
        self._again = False
        self._refused_until = 0.0
        self._task: asyncio.Task[None] | None = None

    def soon(self) -> None:
        if asyncio.get_running_loop().time() < self._refused_until:
            return
        self._again = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
            self._desk.drawing.add(self._task)
            self._task.add_done_callback(self._desk.drawing.discard)

    async def end(self) -> None:
        """What is under way is finished, for an edit that is cut off might arrive after the next one.

        Nobody waits long for Slack: the edit goes on by itself then, and the message's lock keeps the order.
        """
        self._again = False
        if self._task is not None:
            await asyncio.wait([self._task], timeout=SLACK_SECONDS)

    async def _run(self) -> None:
        while self._again:
            self._again = False
            try:
                if wait := await draw(self._incident_id, self._desk, PROGRESS):
                    self._refused_until = asyncio.get_running_loop().time() + wait
                    return
            except (WatchkeeperError, SlackApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
                log.info("progress of %s could not be shown (%s)", self._incident_id, type(error).__name__)
