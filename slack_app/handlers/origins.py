"""Tells the tools that alerts came from what people did: a snooze silences there, too, and a resolve resolves.

Everything here may be repeated. What fails is said in the thread and in the audit trail, and is nobody else's problem.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from agent.errors import InputError, RetryLater, SettingsError
from agent.models import Alert, AuditEntry, Incident, IncidentStatus, Job, JobKind, new_id
from agent.ports import AlertOrigin, Deps
from slack_app.handlers.desk import Desk
from slack_app.handlers.remarks import remark

What = Literal["silence", "resolve", "lift"]
WHATS: tuple[What, ...] = ("silence", "resolve", "lift")
NAMES = {"alertmanager": "Alertmanager", "datadog": "Datadog", "pagerduty": "PagerDuty"}
DONE = {"silence": "silenced", "resolve": "resolved", "lift": "heard again"}
MAX_ALERTS = 50
MAX_TRIES = 5


async def ask_origins(deps: Deps, incident_id: str, what: What, by: str, at: datetime) -> None:
    """A job, where there is a tool to be told; the same click asks once."""
    if not deps.origins:
        return
    job = Job(
        id=new_id("job"),
        kind=JobKind.ticket,
        idempotency_key=f"origin:{incident_id}:{what}:{at.timestamp()}",
        payload={"incident": incident_id, "what": what, "by": by},
        created_at=deps.clock(),
    )
    await asyncio.to_thread(deps.queue.send, job)


async def handle_origin(job: Job, desk: Desk) -> None:
    """`what`, unless people changed their minds meanwhile."""
    deps, what = desk.app.deps, _what(job)
    incident = await deps.incidents.get(str(job.payload["incident"]))
    if incident is None or not _still_wanted(what, incident, deps.clock()):
        return
    user = str(job.payload["by"])
    by = "Watchkeeper" if user == "watchkeeper" else await desk.people.name(user)
    for origin in deps.origins:
        alerts = await _alerts(incident, origin, deps)
        try:
            done = await _tell(what, origin, alerts, incident, by, deps)
        except (SettingsError, InputError, RetryLater) as error:
            if isinstance(error, RetryLater) and job.attempt < MAX_TRIES:
                raise
            await _audit(deps, incident, user, f"source.{what}_failed", origin, str(error))
            name = NAMES[origin.source]
            await remark(incident, desk, f"{name} was not told that this is {DONE[what]}: {error}")
            continue
        if done:
            await _audit(deps, incident, user, f"source.{what}", origin, ", ".join(done))


def _what(job: Job) -> What:
    return next(what for what in WHATS if what == job.payload["what"])


def _still_wanted(what: What, incident: Incident, now: datetime) -> bool:
    until = incident.ownership.snoozed_until
    snoozed = until is not None and until > now
    over = incident.status is IncidentStatus.resolved
    return {"silence": snoozed, "resolve": over, "lift": not over and not snoozed}[what]


async def _alerts(incident: Incident, origin: AlertOrigin, deps: Deps) -> list[Alert]:
    sightings = await deps.ledger.of_incident(incident.id, MAX_ALERTS)
    return [sighting.alert for sighting in sightings if sighting.alert.source == origin.source]


async def _tell(
    what: What, origin: AlertOrigin, alerts: Sequence[Alert], incident: Incident, by: str, deps: Deps
) -> list[str]:
    """The titles of those that the tool knew. Only silences of ours are lifted: others may have reasons for theirs."""
    reason, until = f"{incident.title} ({incident.id})", incident.ownership.snoozed_until
    ours, done = f"silenced:{incident.id}:{origin.source}", list[str]()
    silenced = bool((await deps.state.get(ours) or {}).get("silenced")) if alerts else False
    if what == "silence" and alerts:
        await deps.state.put(ours, {"silenced": True})
    for alert in alerts:
        if what == "silence" and until is not None:
            known = await origin.silence(alert, until, by, reason)
        else:
            known = await origin.lift(alert) if silenced else False
        if what == "resolve":
            known = await origin.resolve(alert, by, reason) or known
        done += [alert.title] if known else []
    if what != "silence" and silenced:
        await deps.state.put(ours, {"silenced": False})
    return done


async def _audit(deps: Deps, incident: Incident, user: str, event: str, origin: AlertOrigin, detail: str) -> None:
    entry = AuditEntry(
        at=deps.clock(),
        actor=user,
        event=event,
        subject=incident.id,
        detail={"source": origin.source, "what": detail[:1000]},
    )
    await deps.audit.append(entry)
