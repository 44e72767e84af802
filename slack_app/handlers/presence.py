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
SLACK_SECONDS = 5.0
TITLE_LIMIT = 80
NO_MARKUP = str.maketrans("<>", "‹›")
"""The question as it was typed has Slack's own tokens in it, and no title is the place for a mention."""


@asynccontextmanager
async def at_work(
    messenger: SlackMessenger, place: SlackPlace, title: str, visible: Callable[[], bool]
) -> AsyncGenerator[None]:
    """Busy while the context is open; whatever happens in it, nothing is left turning afterwards.

    The status is renewed until the answer itself is `visible`.
    """

    async def renew() -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            if not visible():
                await nicely(messenger.set_status(place, STATUS))

    begun = asyncio.create_task(_session(messenger, place, "processing", title))
    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.wait([begun, renewing], timeout=SLACK_SECONDS)  # or "processing" might reach Slack after "active"
        await at_rest(messenger, place)


async def at_rest(messenger: SlackMessenger, place: SlackPlace) -> None:
    """No status, no stop button."""
    await asyncio.gather(_without_status(messenger, place), _session(messenger, place, "active"))


async def _without_status(messenger: SlackMessenger, place: SlackPlace) -> None:
    await nicely(messenger.set_status(place, ""))


async def _session(messenger: SlackMessenger, place: SlackPlace, status: str, title: str = "") -> None:
    await nicely(
        messenger.client.agents_sessions_setStatus(
            channel_id=place.channel,
            thread_ts=place.thread_ts,
            status=status,
            title=cut(" ".join(title.translate(NO_MARKUP).split()), TITLE_LIMIT) or None,
        )
    )
