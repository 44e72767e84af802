"""What Slack shows around an answer while it is made: the line under the thread, and the session's stop button."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from agent.models import SlackPlace
from slack_app.blocks.text import cut
from slack_app.handlers.desk import nicely
from slack_app.messenger import SlackMessenger
from slack_app.streaming import STATUS

REFRESH_SECONDS = 90.0
"""Slack drops a status after two minutes."""
TITLE_LIMIT = 80


@asynccontextmanager
async def at_work(
    messenger: SlackMessenger, place: SlackPlace, title: str, visible: Callable[[], bool]
) -> AsyncGenerator[None]:
    """Busy while the context is open; whatever happens in it, nothing is left turning afterwards.

    The status is renewed until the answer itself is `visible`.
    """

    async def show() -> None:
        await _session(messenger, place, "processing", title)
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            if not visible():
                await nicely(messenger.set_status(place, STATUS))

    showing = asyncio.create_task(show())
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
        await at_rest(messenger, place)


async def at_rest(messenger: SlackMessenger, place: SlackPlace) -> None:
    """No status, no stop button."""
    await asyncio.gather(nicely(messenger.set_status(place, "")), _session(messenger, place, "active"))


async def _session(messenger: SlackMessenger, place: SlackPlace, status: str, title: str = "") -> None:
    await nicely(
        messenger.client.agents_sessions_setStatus(
            channel_id=place.channel,
            thread_ts=place.thread_ts,
            status=status,
            title=cut(" ".join(title.split()), TITLE_LIMIT) or None,
        )
    )
