"""An alert: one message in its thread that first shows the checking and then becomes the summary."""

from __future__ import annotations

from typing import Any

from agent.models import (
    Alert,
    AlertStatus,
    Answer,
    AuditEntry,
    ChatMessage,
    Diagnosis,
    Evidence,
    Incident,
    IncidentStatus,
    Job,
    SlackPlace,
    TimelineEvent,
    digest,
)
from agent.sources.slack_post import parse
from slack_app.application import Application
from slack_app.blocks.answers import answer_blocks, answer_text
from slack_app.blocks.progress import Progress, progress_blocks
from slack_app.blocks.summary import resolved_blocks, summary_blocks, summary_text
from slack_app.blocks.text import escape
from slack_app.handlers.desk import Desk, place_of
from slack_app.handlers.stopping import Found, Stopped, stopped_answer, until_stopped
from slack_app.intake import slack_time
from slack_app.messenger import LiveMessage, SlackMessenger
from slack_app.turns import unless

TITLE = "Looking into this alert"


async def handle_alert(job: Job, desk: Desk) -> None:
    """Analyse a firing alert once; tell the thread when it is resolved; take an edit as an update.

    Nothing is said where somebody muted Watchkeeper, and nothing more where somebody stopped it.
    """
    event: dict[str, Any] = job.payload["event"]
    place, app = place_of(job), desk.app
    if await app.deps.mutes.active(place.channel, place.thread_ts):
        await _audit(app, "alert.muted", f"{place.channel}:{place.thread_ts}")
        return
    alert = parse(event, app.deps.clock())
    incident = await _incident(alert, place, app)
    if alert.status is AlertStatus.resolved:
        await _resolve(incident, alert, app, desk.messenger)
    elif incident.diagnosis is None and not await app.deps.stops.since(place, slack_time(place.thread_ts)):
        await _analyse(incident, alert, job, desk)


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


async def _analyse(incident: Incident, alert: Alert, job: Job, desk: Desk) -> None:
    assert incident.place is not None
    app, messenger, place, progress = desk.app, desk.messenger, incident.place, Progress()
    ts = incident.summary_ts
    if not ts and job.attempt > 1:
        ts = await messenger.find_own(place, place.thread_ts)
    ts = ts or await messenger.post(place, TITLE)
    incident = await _save(app, incident, "investigating", {"summary_ts": ts, "status": IncidentStatus.investigating})
    live = LiveMessage(messenger, place, ts)

    async def follow(part: dict[str, Any]) -> None:
        if progress.follow(part):
            live.show(TITLE, progress_blocks(progress, TITLE))

    run_id, found = f"{incident.id}:{job.id}", Found(follow)
    guard = until_stopped(app.deps.stops, place, slack_time(place.thread_ts))
    try:
        diagnosis, evidence = await unless(app.analyse(alert, run_id, found.follow), guard)
    except Stopped as stop:
        told = stopped_answer(await desk.people.name(stop.by), found.evidence, run_id)
        await live.finish(answer_text(told), answer_blocks(told, found.evidence, place.thread_ts))
        await _save(app, incident, "stopped", {"status": IncidentStatus.open})
        await _remember(app, place, ts, told, found.evidence)
        return
    await live.finish(summary_text(diagnosis), summary_blocks(alert, diagnosis, evidence))
    # The message is final before the store says so: a crash in between repeats an edit, never a post.
    await _save(app, incident, "diagnosed", {"diagnosis": diagnosis, "evidence": tuple(evidence)})
    await _remember(app, place, ts, _as_answer(diagnosis), evidence, summary_text(diagnosis))


def _as_answer(diagnosis: Diagnosis) -> Answer:
    """An analysis as the answer to "what is wrong here?", for the thread's memory and the evidence view."""
    return Answer(
        headline=diagnosis.summary,
        claims=diagnosis.claims,
        gaps=diagnosis.gaps,
        next_steps=diagnosis.next_steps,
        confidence=diagnosis.confidence,
        provenance=diagnosis.provenance,
    )


async def _remember(
    app: Application, place: SlackPlace, ts: str, answer: Answer, evidence: list[Evidence], text: str = ""
) -> None:
    told = ChatMessage(
        role="assistant",
        text=text or answer_text(answer),
        answer=answer,
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
    await _audit(app, f"incident.{event}", incident.id)
    return changed


async def _audit(app: Application, event: str, subject: str) -> None:
    await app.deps.audit.append(AuditEntry(at=app.deps.clock(), actor="watchkeeper", event=event, subject=subject))
