"""An alert: one message in its thread that first shows the checking and then becomes the summary."""

from __future__ import annotations

from typing import Any

from agent.models import (
    Alert,
    AlertStatus,
    AuditEntry,
    ChatMessage,
    Incident,
    IncidentStatus,
    Job,
    SlackPlace,
    TimelineEvent,
    digest,
)
from agent.sources.slack_post import parse
from slack_app.application import Application
from slack_app.blocks.progress import Progress, progress_blocks
from slack_app.blocks.summary import resolved_blocks, summary_blocks, summary_text
from slack_app.blocks.text import escape
from slack_app.messenger import LiveMessage, SlackMessenger

TITLE = "Looking into this alert"


async def handle_alert(job: Job, app: Application, messenger: SlackMessenger) -> None:
    """Analyse a firing alert once; tell the thread when it is resolved; take an edit as an update."""
    event: dict[str, Any] = job.payload["event"]
    place = SlackPlace(channel=job.payload["channel"], thread_ts=str(event["ts"]))
    alert = parse(event, app.deps.clock())
    incident = await _incident(alert, place, app)
    if alert.status is AlertStatus.resolved:
        await _resolve(incident, alert, app, messenger)
    elif incident.diagnosis is None:
        await _analyse(incident, alert, job, app, messenger)


async def _incident(alert: Alert, place: SlackPlace, app: Application) -> Incident:
    """The incident of this message, made once: its id derives from where the message is."""
    incident_id = f"inc_{digest(place.channel, place.thread_ts)}"
    known = await app.deps.incidents.get(incident_id)
    if known is not None:
        return known
    now = app.deps.clock()
    await app.deps.ledger.record(alert, incident_id)
    incident = Incident(id=incident_id, title=alert.title, alerts=(alert,), place=place, created_at=now, updated_at=now)
    await app.deps.incidents.save(incident)
    return incident


async def _analyse(incident: Incident, alert: Alert, job: Job, app: Application, messenger: SlackMessenger) -> None:
    assert incident.place is not None
    place, progress = incident.place, Progress()
    ts = incident.summary_ts
    if not ts and job.attempt > 1:
        ts = await messenger.find_own(place, place.thread_ts)
    ts = ts or await messenger.post(place, TITLE)
    incident = await _save(app, incident, "investigating", {"summary_ts": ts, "status": IncidentStatus.investigating})
    live = LiveMessage(messenger, place, ts)

    async def follow(part: dict[str, Any]) -> None:
        if progress.follow(part):
            live.show(TITLE, progress_blocks(progress, TITLE))

    diagnosis, evidence = await app.analyse(alert, f"{incident.id}:{job.id}", follow)
    await live.finish(summary_text(diagnosis), summary_blocks(alert, diagnosis, evidence))
    # The message is final before the store says so: a crash in between repeats an edit, never a post.
    await _save(app, incident, "diagnosed", {"diagnosis": diagnosis, "evidence": tuple(evidence)})
    told = ChatMessage(
        role="assistant",
        text=summary_text(diagnosis),
        ts=ts,
        message_ts=ts,
        at=app.deps.clock(),
        evidence=tuple(evidence),
    )
    await app.deps.conversations.append(place, told)


async def _resolve(incident: Incident, alert: Alert, app: Application, messenger: SlackMessenger) -> None:
    """Only an alert that was analysed here is worth a word when it is over."""
    if incident.place is None or incident.diagnosis is None or incident.status is IncidentStatus.resolved:
        return
    await messenger.post(incident.place, escape(f"Resolved: {alert.title}"), resolved_blocks(alert))
    await _save(app, incident, "resolved", {"status": IncidentStatus.resolved})


async def _save(app: Application, incident: Incident, event: str, changes: dict[str, Any]) -> Incident:
    now = app.deps.clock()
    timeline = (*incident.timeline, TimelineEvent(at=now, kind=event, text=incident.title))
    changed = incident.model_copy(update={**changes, "timeline": timeline, "updated_at": now})
    await app.deps.incidents.save(changed)
    await app.deps.audit.append(AuditEntry(at=now, actor="watchkeeper", event=f"incident.{event}", subject=incident.id))
    return changed
