"""Analyses an incident, one run at a time, and keeps what was found before anybody is shown it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NoReturn

from agent.errors import StoreUnavailable, WatchkeeperError
from agent.living import MAX_RELATED, Seen, last_event, last_run, most_telling, needs_analysis, wait_before
from agent.models import (
    Alert,
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
)
from agent.ports import Deps
from slack_app.blocks.summary import summary_text
from slack_app.handlers.desk import Desk
from slack_app.handlers.fixes import begin_remediation
from slack_app.handlers.following import shown_while
from slack_app.handlers.living import redraw
from slack_app.handlers.places import is_muted
from slack_app.handlers.redraws import ask_analysis
from slack_app.handlers.same_cause import tie
from slack_app.handlers.sightings import look
from slack_app.handlers.stopping import Found, Stopped, stopped_answer, until_stopped
from slack_app.handlers.tickets import ask_ticket
from slack_app.intake import slack_time
from slack_app.turns import unless

ASKED = "asked"
UNTOLD_POLL_SECONDS = 2.0
"""How often is looked whether an incident has a thread by now, where its analysis could be stopped."""
REMEMBERED = timedelta(days=14)
"""How long an earlier incident's diagnosis is worth showing."""


async def handle_analysis(job: Job, desk: Desk) -> None:
    """Find out what is wrong, unless that is known already. `why` is `new`, `changed` or `asked`."""
    deps, incident_id = desk.app.deps, str(job.payload["incident"])
    incident = await deps.incidents.get(incident_id)
    if incident is None:
        return
    if job.payload["why"] != ASKED and not _is_cut_off(incident) and await is_muted(incident, desk):
        return  # nobody would be told; when what fires goes on after the mute, it is asked for again
    incident = await _with_earlier(incident, deps)
    seen = await look(deps, incident)
    why = _wanted(job, incident, seen, deps)
    if not why:
        await _tell(incident_id, desk)
        return
    if job.payload["why"] != ASKED and (wait := wait_before(incident, deps.clock())):
        assert incident.diagnosed_at is not None
        due = f"after:{incident.diagnosed_at.timestamp():.0f}"
        await ask_analysis(deps, incident_id, "changed", urgency=job.urgency, seconds=wait + 1, unique=due)
        await redraw(incident_id, desk)
        return
    await _analyse(job, desk, incident, seen, why)


def _wanted(job: Job, incident: Incident, seen: Seen, deps: Deps) -> str:
    """Why it is analysed now. Whoever asked before the last diagnosis was there has got it."""
    at = incident.diagnosed_at
    if _is_cut_off(incident):
        return "it was interrupted"
    if job.payload["why"] == ASKED:
        served = at is not None and not incident.same_as and at >= job.created_at
        return "" if served else "somebody asked"
    return needs_analysis(incident, seen, deps.clock(), deps.settings.alert_window_seconds)


def _is_cut_off(incident: Incident) -> bool:
    """An analysis began, and nobody is at it, or this would not be our turn."""
    run = last_run(incident)
    return run is not None and run.kind == "analysing"


async def _with_earlier(incident: Incident, deps: Deps) -> Incident:
    """The incident with the diagnosis of an earlier one of the same alert, if it has none itself."""
    if incident.diagnosis or not incident.alerts:
        return incident
    since = deps.clock() - REMEMBERED
    for episode in await deps.ledger.earlier(incident.alerts[0].fingerprint):
        if episode.incident_id in ("", incident.id) or episode.at < since:
            continue
        earlier = await deps.incidents.get(episode.incident_id)
        if earlier is not None and earlier.diagnosis and _is_whole(earlier):
            return await _change(deps, incident, "recalled", f"as {earlier.id}", **_taken_from(earlier))
    return incident


def _is_whole(incident: Incident) -> bool:
    """Not what had been found when somebody stopped it."""
    run = last_event(incident, "diagnosed", "stopped", "recalled")
    return run is None or run.kind != "stopped"


def _taken_from(earlier: Incident) -> dict[str, Any]:
    return {
        "same_as": earlier.same_as or earlier.id,
        "diagnosis": earlier.diagnosis,
        "diagnosed_at": earlier.diagnosed_at,
        "diagnosed": earlier.diagnosed,
        "diagnosed_severity": earlier.diagnosed_severity,
        "evidence": earlier.evidence,
    }


async def _analyse(job: Job, desk: Desk, incident: Incident, seen: Seen, why: str) -> None:
    deps, run_id = desk.app.deps, f"{incident.id}:{job.id}"
    alert, *others = most_telling(incident, seen.sightings)
    incident = await _change(deps, incident, "analysing", why, status=IncidentStatus.investigating)
    async with shown_while(incident.id, desk) as follow:
        found = Found(follow)
        run = desk.app.analyse(alert, run_id, found.follow, others[:MAX_RELATED])
        try:
            diagnosis, evidence = await unless(run, _until_stopped(incident, deps))
        except Stopped as stop:
            await _stopped(stop.by, incident, found.evidence, run_id, desk)
        else:
            about = [sighting.alert for sighting in seen.sightings] or [alert]
            await keep_diagnosis(incident, diagnosis, evidence, about, deps, status=IncidentStatus.open)
    await _tell(incident.id, desk)


async def _tell(incident_id: str, desk: Desk) -> None:
    """Show what is kept, and remember it for questions in the thread. Doing it again changes nothing."""
    found = await desk.app.deps.incidents.get(incident_id)
    placed = found is not None and found.place is not None and bool(found.place.thread_ts)
    if found is not None:
        await tie(found, desk.app.deps)
    if placed:  # before the message is drawn, which says what is done about it
        await begin_remediation(incident_id, desk)
    await redraw(incident_id, desk)
    incident = await desk.app.deps.incidents.get(incident_id)
    if incident is not None:
        await remember(incident, desk.app.deps)
        if not placed:
            await begin_remediation(incident_id, desk)


async def _until_stopped(incident: Incident, deps: Deps) -> NoReturn:
    """Raises Stopped. Somebody can say so as soon as the incident has a thread."""
    while True:
        with suppress(StoreUnavailable):
            newest = await deps.incidents.get(incident.id) or incident
            if places := _stops(newest):
                await until_stopped(deps.stops, *places)
        await asyncio.sleep(UNTOLD_POLL_SECONDS)


def _stops(incident: Incident) -> list[tuple[SlackPlace, datetime]]:
    """Where and since when somebody may have stopped it: a first analysis since the alert, on Slack's own clock."""
    place, runs = incident.place, [event for event in incident.timeline if event.kind == "analysing"]
    if place is None or not place.thread_ts:
        return []
    ended = last_event(incident, "diagnosed", "stopped")
    return [(place, runs[-1].at if ended else slack_time(place.thread_ts))]


async def keep_diagnosis(
    incident: Incident,
    diagnosis: Diagnosis,
    evidence: list[Evidence],
    about: list[Alert],
    deps: Deps,
    **changes: Any,
) -> Incident:
    """Kept before anything is shown."""
    return await _change(
        deps,
        incident,
        "diagnosed",
        diagnosis.root_cause or diagnosis.summary,
        diagnosis=diagnosis,
        evidence=tuple(evidence),
        same_as="",
        **_known(incident, about, deps),
        **changes,
    )


def _known(incident: Incident, about: list[Alert], deps: Deps) -> dict[str, Any]:
    """What the diagnosis is of, to see later what is new."""
    fingerprints = dict.fromkeys(alert.fingerprint for alert in (*about, *incident.alerts))
    now, severity = deps.clock(), incident.severity
    return {"diagnosed_at": now, "diagnosed": tuple(fingerprints), "diagnosed_severity": severity}


async def _stopped(by: str, incident: Incident, evidence: list[Evidence], run_id: str, desk: Desk) -> None:
    """What had been found is kept as what it is: no diagnosis that others could be shown."""
    deps = desk.app.deps
    told = stopped_answer(await desk.people.name(by), evidence, run_id)
    partial = Diagnosis(summary=told.headline, claims=told.claims, provenance=told.provenance)
    kept: dict[str, Any] = {} if incident.diagnosis else {"diagnosis": partial, "evidence": tuple(evidence)}
    kept |= _known(incident, [], deps)
    await _change(deps, incident, "stopped", "", by, status=IncidentStatus.open, **kept)


async def give_up_analysis(job: Job, desk: Desk, reason: str) -> None:
    """After the last attempt: the message says that it failed, and why. `reason` is a sentence for people."""
    with suppress(WatchkeeperError):
        incident = await desk.app.deps.incidents.get(str(job.payload["incident"]))
        if incident is not None:
            await give_up_incident(incident, desk, f"{reason} Reference {job.id}.")


async def give_up_incident(incident: Incident, desk: Desk, text: str) -> None:
    """Its message says that it could not be analysed, and it gets its ticket all the same."""
    await _change(desk.app.deps, incident, "failed", text, status=IncidentStatus.open)
    await redraw(incident.id, desk)


async def remember(incident: Incident, deps: Deps) -> None:
    """The turn that the thread's questions and the evidence view read. A later analysis is a further turn."""
    found, place = incident.diagnosis, incident.place
    if found is None or place is None or not place.thread_ts:
        return
    runs = sum(event.kind in ("diagnosed", "stopped") for event in incident.timeline)
    ts = incident.summary_ts or place.thread_ts
    turn = ChatMessage(
        role="assistant",
        text=summary_text(found),
        answer=_as_answer(found),
        ts=ts if runs <= 1 else f"{ts}:{runs}",
        message_ts=incident.summary_ts,
        at=incident.diagnosed_at or deps.clock(),
        evidence=incident.evidence,
    )
    await deps.conversations.append(place, turn)


def _as_answer(found: Diagnosis) -> Answer:
    """A diagnosis as the answer to "what is wrong here?"."""
    return Answer(
        headline=found.summary,
        claims=found.claims,
        gaps=found.gaps,
        next_steps=found.next_steps,
        confidence=found.confidence,
        provenance=found.provenance,
    )


async def _change(
    deps: Deps, incident: Incident, event: str, text: str, actor: str = "watchkeeper", **changes: Any
) -> Incident:
    """The incident after the change, and what happened in its timeline and the audit trail.

    Whatever was resolved meanwhile stays so.
    """
    now = deps.clock()
    line = TimelineEvent(at=now, kind=event, text=text or incident.title, actor=actor)

    def change(current: Incident) -> Incident:
        fields = {**changes, "timeline": (*current.timeline, line), "updated_at": now}
        if current.status is IncidentStatus.resolved:
            fields.pop("status", None)
        return current.model_copy(update=fields)

    changed = await deps.incidents.change(incident.id, change)
    took = changes["diagnosis"].provenance.audited if event == "diagnosed" else {}
    await deps.audit.append(
        AuditEntry(at=now, actor=actor, event=f"incident.{event}", subject=incident.id, detail=took)
    )
    if event != "analysing":
        await ask_ticket(deps, incident.id, "open", wanted=incident.decision.ticket if incident.decision else "")
    return changed or incident
