from __future__ import annotations

import asyncio

from slack_app.channel_budget import PROGRESS
from slack_app.handlers.following import shown_while
from tests.slack_app.incident_desk import IncidentDesk


async def draws_so_far(desk: IncidentDesk) -> int:
    """The message's lock gives each who draws a higher token; so does this, once."""
    lease = await desk.deps.locks.acquire(f"living:{desk.id}", "test", 5)
    assert lease is not None
    await desk.deps.locks.release(lease)
    return lease.token


async def test_progress_that_was_refused_is_not_drawn_again_before_there_may_be_room(desk: IncidentDesk) -> None:
    place = desk.post()
    await desk.opened(place=place)
    await desk.living()
    while not await desk.desk.budget.take(place.channel, PROGRESS):
        pass
    before = await draws_so_far(desk)
    async with shown_while(desk.id, desk.desk) as follow:
        for name in ("infra", "logs", "cost", "airflow"):
            await asyncio.sleep(0.05)
            await follow({"kind": "specialist_started", "specialist": name, "title": name})
    assert await draws_so_far(desk) - before - 1 == 1, "asked for room once"
