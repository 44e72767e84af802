"""A tick: look for trouble that nobody posted, and queue what was found as alerts like any other."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from agent.detection.alerts import SOURCE
from agent.detection.gaps import GAPS_KEY, noted
from agent.detection.watchlist import WatchList, read_watch_list
from agent.models import Alert, AuditEntry, Job, JobKind, Severity, Urgency, new_id
from agent.ports import Deps
from agent.redaction.plain import redact_plain
from agent.sources.watchkeeper import body_of
from graphs.detection import Found, build_detection, tick_budget, tick_start
from slack_app.handlers.desk import Desk
from tools.detection.catalog import DETECTORS

log = logging.getLogger(__name__)
KNOWN = timedelta(days=1)
LATE_SLOTS = 2
"""A tick that waited for longer than so many slots is left out: a newer one looks at the same."""
LOCK_SECONDS = 300.0
STATE_SECONDS = 30 * 86_400.0


async def handle_tick(job: Job, desk: Desk) -> None:
    """At most one at a time; a tick that comes while another one works has nothing to add."""
    deps, slot = desk.app.deps, datetime.fromisoformat(job.payload["slot"])
    slots = timedelta(minutes=deps.settings.tick_minutes) * LATE_SLOTS
    if deps.clock() - job.created_at > slots:
        log.info("the tick of %s is left out: it waited for too long", slot.isoformat())
        return
    lease = await deps.locks.acquire("tick", job.id, LOCK_SECONDS)
    if lease is None:
        return
    try:
        await run_tick(deps, slot)
    finally:
        await deps.locks.release(lease)


async def run_tick(deps: Deps, slot: datetime) -> Found:
    """Look, queue, remember, in this order: whatever dies in between, the next tick finds the same again."""
    began = time.monotonic()
    found = await look(deps)
    jobs = [alert_job(alert, slot, deps.clock()) for alert in found.alerts]
    if jobs:
        await asyncio.to_thread(deps.queue.send_all, jobs)
    await remember(deps, found)
    await deps.audit.append(_entry(found, slot, deps.clock()))
    deps.metrics.run_ended("detection", "degraded" if found.gaps else "ok", time.monotonic() - began)
    return found


async def look(deps: Deps, watch: WatchList | None = None) -> Found:
    """One run of the detectors, with the settings' watch list if none is given. Nothing is queued or kept."""
    now = deps.clock()
    wanted = watch or await asyncio.to_thread(read_watch_list, deps.settings.watch_list)
    graph = build_detection(DETECTORS, wanted)
    context = replace(deps, budget=tick_budget(deps))
    return Found.of(await graph.ainvoke(tick_start(now, await _known(deps, now)), context=context))


async def remember(deps: Deps, found: Found) -> None:
    """What the detectors learned, and what could not be read: told in the log when it is new, and by the doctor."""
    for key, document in found.documents.items():
        await deps.state.put(key, document, STATE_SECONDS)
    before = await deps.state.get(GAPS_KEY) or {}
    gaps, new = noted(before, found.gaps, deps.clock())
    if gaps != before:
        await deps.state.put(GAPS_KEY, gaps, STATE_SECONDS)
    for gap in new:
        log.warning("detection cannot read everything: %s (`watchkeeper doctor` lists what is missing)", gap)


def alert_job(alert: Alert, slot: datetime, now: datetime) -> Job:
    """The same finding of the same slot is queued once."""
    payload: dict[str, Any] = {"source": SOURCE, "body": body_of(alert), "delivery": ""}
    return Job(
        id=new_id("job"),
        kind=JobKind.alert,
        idempotency_key=f"detected:{alert.fingerprint}:{alert.status}:{slot.isoformat()}",
        payload=redact_plain(payload),
        urgency=Urgency.critical if alert.severity is Severity.critical else Urgency.normal,
        created_at=now,
    )


async def _known(deps: Deps, now: datetime) -> Sequence[Alert]:
    """What was told in the last day, by others or of an alarm: no detector is to tell it again in its own words."""
    incidents = await deps.incidents.recent(now - KNOWN)
    alerts = (alert for incident in incidents for alert in incident.alerts)
    return [alert for alert in alerts if alert.labels.get("detector", "alarms") == "alarms"]


def _entry(found: Found, slot: datetime, now: datetime) -> AuditEntry:
    figures = {item: round(found.total(item), 6) for item in ("api_calls", "bytes_scanned", "usd", "seconds")}
    detail = {"alerts": len(found.alerts), "gaps": found.gaps[:20], "detectors": found.costs, **figures}
    return AuditEntry(at=now, actor="watchkeeper", event="tick.done", subject=slot.isoformat(), detail=detail)
