"""Asks for a remediation to be gone on with: by whoever decided about it, or saw that its incident is over."""

from __future__ import annotations

import asyncio
from datetime import datetime

from agent.models import Job, JobKind, Urgency, new_id
from agent.ports import Deps
from slack_app.handlers.redraws import MAX_DELAY_SECONDS


async def ask_to_go_on(deps: Deps, remediation_id: str, *, until: datetime | None = None, unique: str = "") -> None:
    """A job that goes on with it, at once or at a time; SQS delays by a quarter of an hour, after which it is asked
    for again."""
    now = deps.clock()
    delay = min(max(0.0, (until - now).total_seconds()), MAX_DELAY_SECONDS) if until else 0.0
    job = Job(
        id=new_id("job"),
        kind=JobKind.verify,
        idempotency_key=f"verify:{remediation_id}:{unique or f'{now.timestamp() + delay:.3f}'}",
        payload={"remediation": remediation_id},
        urgency=Urgency.critical,
        created_at=now,
    )
    await asyncio.to_thread(deps.queue.send, job, delay)


async def ask_about(deps: Deps, incident_id: str) -> None:
    """Goes on with all that is open of an incident: perhaps nothing has to be changed any more."""
    for given in await deps.remediations.of_incident(incident_id):
        if not given.status.over:
            await ask_to_go_on(deps, given.id)


async def go_on_after_a_start(deps: Deps) -> None:
    """What an earlier process left: its jobs come back by themselves, unless they were lost with the queue."""
    for given in await deps.remediations.open():
        await ask_to_go_on(deps, given.id)
