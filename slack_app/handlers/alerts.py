"""An alert: one message in its thread that first shows the checking and then becomes the summary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.errors import RetryLater
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
from slack_app.alert_channels import is_watched
from slack_app.application import Application
from slack_app.blocks.answers import answer_blocks, answer_text
from slack_app.blocks.progress import Progress, progress_blocks
from slack_app.blocks.summary import resolved_blocks, summary_blocks, summary_text
from slack_app.blocks.text import escape
from slack_app.handlers.desk import Desk, place_of
from slack_app.handlers.stopping import Found, Stopped, stopped_answer, until_stopped
from slack_app.handlers.waiting import own_messages
from slack_app.intake import slack_time
from slack_app.messenger import LiveMessage
from slack_app.turns import unless

TITLE = "Looking into this alert"
OLD_AFTER_AN_ALERT = ("answer|", "evidence|")
"""What is kept of the account: analysed or not, an alert says that it has changed."""
LOOKUP_RETRY_SECONDS = 20.0


async def handle_alert(job: Job, desk: Desk) -> None:
    """Analyse a firing alert once; tell the thread when it is resolved; take an edit as an update.

    Nothing is said where somebody muted Watchkeeper, and nothing more where somebody stopped it.
    """
    event: dict[str, Any] = job.payload["event"]
    place, app = place_of(job), desk.app
    if job.payload["unsure"] and not await _is_watched(place.channel, desk):
        return
    for what in OLD_AFTER_AN_ALERT:
        app.deps.cache.forget(what)
    if await app.deps.mutes.active(place.channel, place.thread_ts):
        await _audit(app, "alert.muted", f"{place.channel}:{place.thread_ts}")
        return
    alert = parse(event, app.deps.clock())
    incident = await _incident(alert, place, app)
    if alert.status is AlertStatus.resolved:
        await _resolve(incident, alert, job, desk)
    elif incident.diagnosis is None and not await app.deps.stops.since(place, slack_time(place.thread_ts)):
        await _analyse(incident, alert, job, desk)


async def _is_watched(channel: str, desk: Desk) -> bool:
    """Asked here when Slack did not tell whoever heard the post. RetryLater when it does not tell now either."""
    watched = await is_watched(desk.messenger.client, channel, desk.app.deps.settings.alert_channels)
    if watched is None:
        raise RetryLater("Slack does not say which channel an alert is in.", LOOKUP_RETRY_SECONDS)
    return watched


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
        ts = await messenger.find_own(place, place.thread_ts, await _known(app, place))
    ts = ts or await messenger.post(place, TITLE)
    incident = await _save(app, incident, "investigating", {"summary_ts": ts, "status": IncidentStatus.investigating})
    live = LiveMessage(messenger, place, ts)

    async def follow(part: dict[str, Any]) -> None:
        if progress.follow(part):
            live.show(TITLE, progress_blocks(progress, TITLE))

    run_id, found = f"{incident.id}:{job.id}", Found(follow)
    guard = until_stopped(app.deps.stops, (place, slack_time(place.thread_ts)))
    try:
        diagnosis, evidence = await unless(app.analyse(alert, run_id, found.follow), guard)
    except Stopped as stop:
        told = stopped_answer(await desk.people.name(stop.by), found.evidence, run_id)
        pages = await live.finish(answer_text(told), answer_blocks(told, found.evidence, place.thread_ts))
        await _save(app, incident, "stopped", {"status": IncidentStatus.open})
        await _remember(app, place, [ts, *pages], answer_text(told), told, found.evidence)
        return
    pages = await live.finish(summary_text(diagnosis), summary_blocks(alert, diagnosis, evidence))
    # The message is final before the store says so: a crash in between repeats an edit, never a post.
    await _save(app, incident, "diagnosed", {"diagnosis": diagnosis, "evidence": tuple(evidence)})
    await _remember(app, place, [ts, *pages], summary_text(diagnosis), _as_answer(diagnosis), evidence)


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
    app: Application,
    place: SlackPlace,
    messages: Sequence[str],
    text: str,
    answer: Answer | None = None,
    evidence: Sequence[Evidence] = (),
) -> None:
    """What was told in the thread, and in which Slack messages."""
    first, *pages = messages
    told = ChatMessage(
        role="assistant",
        text=text,
        answer=answer,
        ts=first,
        message_ts=first,
        pages=tuple(pages),
        at=app.deps.clock(),
        evidence=tuple(evidence),
    )
    await app.deps.conversations.append(place, told)


async def _known(app: Application, place: SlackPlace) -> set[str]:
    return own_messages(await app.deps.conversations.get(place))


async def _resolve(incident: Incident, alert: Alert, job: Job, desk: Desk) -> None:
    """Only an alert that was analysed here is worth a word when it is over."""
    if incident.place is None or incident.diagnosis is None or incident.status is IncidentStatus.resolved:
        return
    app, place, messenger = desk.app, incident.place, desk.messenger
    known = {incident.summary_ts, *await _known(app, place)}
    ts = await messenger.find_own(place, incident.summary_ts, known) if job.attempt > 1 else ""
    text = f"Resolved: {alert.title}"
    ts = ts or await messenger.post(place, escape(text), resolved_blocks(alert))
    await _remember(app, place, [ts], text)
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
