"""What happens by the clock: a tick and a sweep every few minutes, and digests that are due.

Every worker process runs this. A job's idempotency key names its slot, so that of several workers' jobs one is queued.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from agent.errors import WatchkeeperError
from agent.models import Job, JobKind, Urgency, new_id
from agent.ports import Deps
from slack_app.handlers import digests
from slack_app.handlers.sweeps import sweep_of

log = logging.getLogger(__name__)
POLL_SECONDS = 30.0
FIRST_SECONDS = 60.0
"""The first minute of a process belongs to people's questions."""
OFFSET = timedelta(minutes=2, seconds=30)
"""A tick runs so long after its slot began: then the points of the five minutes before have arrived."""


async def schedule(deps: Deps) -> NoReturn:
    """Until cancelled. What fails, such as a queue that is down, is tried again a little later."""
    await asyncio.sleep(FIRST_SECONDS)
    while True:
        try:
            await queue_what_is_due(deps)
        except WatchkeeperError as error:
            log.warning("what is due could not be queued: %s", error)
        except Exception:
            log.exception("what is due could not be queued")
        await asyncio.sleep(POLL_SECONDS)


async def queue_what_is_due(deps: Deps) -> int:
    """Queue the tick and the sweep of the present slots, if none were, and digests; returns how many jobs are new."""
    now = deps.clock()
    jobs = [*digests.due(deps, now), sweep_of(now)]
    if tick := tick_of(now, deps.settings.tick_minutes):
        jobs.append(tick)
    return await asyncio.to_thread(deps.queue.send_all, jobs)


def tick_of(now: datetime, minutes: float) -> Job | None:
    """The tick of the slot in which `now` lies; None when there are to be none."""
    if not minutes:
        return None
    seconds = minutes * 60
    slot = datetime.fromtimestamp((now - OFFSET).timestamp() // seconds * seconds, UTC)
    return Job(
        id=new_id("job"),
        kind=JobKind.tick,
        idempotency_key=f"tick:{slot.isoformat()}",
        payload={"slot": slot.isoformat()},
        urgency=Urgency.low,
        created_at=now,
    )
