from __future__ import annotations

import asyncio
import time

from deploy.local.workspace.background import RunningWorkspace
from slack_app.handlers.presence import at_work
from slack_app.messenger import SlackMessenger
from tests.slack_app.conftest import Thread

SLOW = 0.3
"""Seconds that Slack takes for each reply."""


async def test_an_answer_that_takes_no_time_leaves_nothing_turning(
    ws: RunningWorkspace, messenger: SlackMessenger, thread: Thread
) -> None:
    """The end is told when Slack has taken in the beginning, or else the two could overtake each other."""
    ws.faults.reply_delay = SLOW
    began = time.monotonic()

    async with at_work(messenger, thread.place, "what can you do?", lambda: True):
        await asyncio.sleep(0.05)

    assert time.monotonic() - began >= 2 * SLOW
    assert [call.args["status"] for call in ws.api_calls("agents.sessions.setStatus")] == ["processing", "active"]


async def test_a_run_that_is_cancelled_is_at_rest_too(
    ws: RunningWorkspace, messenger: SlackMessenger, thread: Thread
) -> None:
    async def work() -> None:
        async with at_work(messenger, thread.place, "why?", lambda: True):
            await asyncio.sleep(60)

    running = asyncio.create_task(work())
    await asyncio.sleep(0.2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert ws.api_calls("agents.sessions.setStatus")[-1].args["status"] == "active"
