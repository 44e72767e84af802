"""Asks for an incident's message to be drawn again, and for its analysis."""

from __future__ import annotations

import asyncio
import math
from typing import Any

from agent.models import Job, JobKind, Urgency, digest, new_id
from agent.ports import Deps

BUCKET_SECONDS = 3.0
MAX_DELAY_SECONDS = 900.0
"""What SQS delays by at most."""


async def ask_redraw(
    deps: Deps,
    incident_id: str,
    *,
    urgency: Urgency = Urgency.normal,
    seconds: float = 0.0,
    first: bool = False,
    **payload: Any,
) -> None:
    """Within three seconds, together with all other changes until then. A new incident's first message waits for none.

    The key names the end of its three seconds, and the job runs after it: no change is swallowed by a job that has
    already run. The loop's own time stands in it too, because a clock that is set back comes by the same seconds again.
    """
    now = deps.clock()
    due = now.timestamp() + min(seconds, MAX_DELAY_SECONDS)
    bucket = math.floor(due / BUCKET_SECONDS) + 1
    delay = 0.0 if first else min(bucket * BUCKET_SECONDS - now.timestamp(), MAX_DELAY_SECONDS)
    turn = math.floor((asyncio.get_running_loop().time() + seconds) / BUCKET_SECONDS)
    key = f"living:{incident_id}:" + ("first" if first else f"{bucket}:{turn}")
    key += f":{digest(payload)}" if payload else ""
    job = Job(
        id=new_id("job"),
        kind=JobKind.living,
        idempotency_key=key,
        payload={"incident": incident_id, **payload},
        urgency=urgency,
        created_at=now,
    )
    await asyncio.to_thread(deps.queue.send, job, delay)


async def ask_analysis(
    deps: Deps,
    incident_id: str,
    why: str,
    *,
    urgency: Urgency = Urgency.normal,
    seconds: float = 0.0,
    unique: str = "",
) -> None:
    """One for each `unique` (or `why`). Asking once too often costs one look into the stores."""
    job = Job(
        id=new_id("job"),
        kind=JobKind.analysis,
        idempotency_key=f"analysis:{incident_id}:{unique or why}",
        payload={"incident": incident_id, "why": why},
        urgency=urgency,
        created_at=deps.clock(),
    )
    await asyncio.to_thread(deps.queue.send, job, min(seconds, MAX_DELAY_SECONDS))
