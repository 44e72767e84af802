"""What people say about an incident with its buttons: who, what and when, kept before it is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from agent.errors import RetryLater
from agent.headings import incident_heading
from agent.living import last_event
from agent.models import (
    AlertStatus,
    AuditEntry,
    Incident,
    IncidentStatus,
    Job,
    Mark,
    SlackPlace,
    TimelineEvent,
)
from slack_app.blocks.ownership import ACKNOWLEDGE, ASSIGN, ESCALATE, REOPEN, RESOLVE, SNOOZE, person, snooze_end
from slack_app.blocks.text import cut, escape
from slack_app.channel_budget import PERSON
from slack_app.handlers.desk import Desk, place_of
from slack_app.handlers.living import redraw
from slack_app.handlers.origins import What, ask_origins
from slack_app.handlers.redraws import ask_analysis, ask_redraw
from slack_app.handlers.remediation_jobs import ask_about
from slack_app.handlers.tickets import ask_ticket
from slack_app.intake import slack_time

OVER = "This incident is resolved; press Reopen first."
OPEN = "This incident is open already."
SAID_BY_US = {"status": AlertStatus.resolved, "said_at": None, "item_id": "", "update": False}
MAX_SETTLED = 1000
GONE = "I do not know this incident any more."
NOBODY = "Nobody was called: WATCHKEEPER_ONCALL_GROUP, which names the on-call group, is not set."
UNKNOWN = "Nobody was called: Slack shows me no {group}; correct WATCHKEEPER_ONCALL_GROUP, or the rule."
EVENTS = {
    ACKNOWLEDGE: "acknowledged",
    ASSIGN: "assigned",
    SNOOZE: "snoozed",
    ESCALATE: "escalated",
    RESOLVE: "resolved",
    REOPEN: "reopened",
}
AT_THE_SOURCE: dict[str, What] = {SNOOZE: "silence", RESOLVE: "resolve", REOPEN: "lift"}


async def handle_ownership(job: Job, desk: Desk) -> None:
    """One click: `incident`, `action`, `value` (a person, or how long), `user`, `at` (Slack's clock). Repeatable."""
    clicked, deps = job.payload, desk.app.deps
    incident = await deps.incidents.get(str(clicked["incident"]))
    place, user, action = place_of(job), str(clicked["user"]), str(clicked["action"])
    if incident is None or incident.place is None or incident.place.channel != place.channel:
        await desk.whisper(place, user, GONE)
        return
    at = slack_time(str(clicked["at"]))
    if not _was_done(incident, action, user, at):
        if refusal := _refusal(incident, action):
            await desk.whisper(place, user, refusal)
            return
        if action == ESCALATE and (lacking := await _nobody_to_call(incident, desk)):
            await desk.whisper(place, user, lacking)
            return
        zone = (await desk.people.asker(user)).zone
        done = Click(action, user, at, str(clicked.get("value", "")), zone)
        incident = await deps.incidents.change(incident.id, done.apply) or incident
        entry = AuditEntry(at=deps.clock(), actor=user, event=f"incident.{EVENTS[action]}", subject=incident.id)
        await deps.audit.append(entry)
    await _follow_up(incident, action, user, desk)
    await _tell_others(incident, action, user, at, desk)
    await redraw(incident.id, desk)
    if action == ASSIGN:
        await _tell_assignee(incident, user, desk)


class Click:
    """A person's click, as a pure change of the incident."""

    def __init__(self, action: str, user: str, at: datetime, value: str = "", zone: str = "UTC") -> None:
        self._action = action
        self._mark = Mark(by=user, at=at, note=value)
        self._zone = zone

    def apply(self, incident: Incident) -> Incident:
        """The incident after it; unchanged when somebody closed or opened it meanwhile, or it was applied before."""
        if _refusal(incident, self._action) or _was_done(incident, self._action, self._mark.by, self._mark.at):
            return incident
        changes: dict[str, Callable[[Incident], Incident]] = {
            ACKNOWLEDGE: lambda i: self._owned(i, acknowledged=self._mark),
            ASSIGN: lambda i: self._owned(i, assigned=self._mark),
            SNOOZE: self._snoozed,
            ESCALATE: lambda i: self._owned(i, escalated=self._mark),
            RESOLVE: self._resolved,
            REOPEN: self._reopened,
        }
        event = TimelineEvent(
            at=self._mark.at, kind=EVENTS[self._action], text=self._mark.note or incident.title, actor=self._mark.by
        )
        changed = changes[self._action](incident)
        update = {"timeline": (*changed.timeline, event), "updated_at": max(changed.updated_at, self._mark.at)}
        return changed.model_copy(update=update)

    def _owned(self, incident: Incident, **marks: object) -> Incident:
        return incident.model_copy(update={"ownership": incident.ownership.model_copy(update=marks)})

    def _snoozed(self, incident: Incident) -> Incident:
        """Whoever snoozes has seen it."""
        until = snooze_end(self._mark.note, self._mark.at, self._zone)
        seen = incident.ownership.acknowledged or self._mark
        owned = self._owned(incident, snoozed=self._mark, snoozed_until=until, acknowledged=seen)
        return owned.model_copy(update={"snoozed_severity": incident.severity})

    def _resolved(self, incident: Incident) -> Incident:
        """Nothing is left to be quiet about: when it comes back, it is news."""
        over = incident.model_copy(update={"status": IncidentStatus.resolved})
        return self._owned(over, resolved=self._mark, snoozed=None, snoozed_until=None)

    def _reopened(self, incident: Incident) -> Incident:
        """Whoever had it has it still. Its end and its quiet are over, and it can be escalated anew."""
        over = dict.fromkeys(("resolved", "remedied", "snoozed", "snoozed_until", "escalated"))
        return self._owned(incident.model_copy(update={"status": IncidentStatus.open}), **over)


def _refusal(incident: Incident, action: str) -> str:
    over = incident.status is IncidentStatus.resolved
    if action == REOPEN:
        return "" if over else OPEN
    return OVER if over else ""


def _was_done(incident: Incident, action: str, user: str, at: datetime) -> bool:
    kind = EVENTS[action]
    return any((event.kind, event.actor, event.at) == (kind, user, at) for event in incident.timeline)


async def _follow_up(incident: Incident, action: str, user: str, desk: Desk) -> None:
    deps = desk.app.deps
    if action == SNOOZE and incident.ownership.snoozed_until:
        left = (incident.ownership.snoozed_until - deps.clock()).total_seconds()
        await ask_redraw(deps, incident.id, seconds=max(left, 0.0), wake=True)
    if action == ESCALATE:
        await _escalate(incident, user, desk)
    if action == RESOLVE and incident.ownership.resolved:
        await settle(incident, incident.ownership.resolved.at, desk)
        await ask_about(deps, incident.id)
    if action == REOPEN and incident.diagnosis is None:  # it was over before anybody looked into it
        again = last_event(incident, "reopened")
        await ask_analysis(deps, incident.id, "changed", unique=f"reopened:{again.at.timestamp() if again else 0}")


async def _tell_others(incident: Incident, action: str, user: str, at: datetime, desk: Desk) -> None:
    """Its ticket, and the tools that its alerts came from."""
    await ask_ticket(desk.app.deps, incident.id, "close" if action == RESOLVE else "update")
    if action in AT_THE_SOURCE:
        await ask_origins(desk.app.deps, incident.id, AT_THE_SOURCE[action], user, at)


async def settle(incident: Incident, at: datetime, desk: Desk) -> None:
    """What still fired when it was closed counts as over from then on: only what fires anew opens it again."""
    deps = desk.app.deps
    window = deps.settings.alert_window_seconds
    for sighting in await deps.ledger.of_incident(incident.id, MAX_SETTLED):
        if sighting.status is not AlertStatus.firing:
            continue
        now = await deps.ledger.open(sighting.alert.fingerprint, window)
        if now is not None and now.incident_id == incident.id:  # else its window is over, or a later incident has it
            over = sighting.alert.model_copy(update={**SAID_BY_US, "ended_at": at, "received_at": at})
            await deps.ledger.record(over, incident.id, window, f"closed:{at.timestamp()}")


def on_call(incident: Incident, desk: Desk) -> str:
    return (incident.decision.escalate_to if incident.decision else "") or desk.app.deps.settings.oncall_group


async def _nobody_to_call(incident: Incident, desk: Desk) -> str:
    """Why a click on Escalate would call nobody; "" when it calls somebody."""
    group = on_call(incident, desk)
    if not group:
        return NOBODY
    called = await desk.people.mention(group)
    return "" if called.startswith("<") else UNKNOWN.format(group=called)


async def _escalate(incident: Incident, user: str, desk: Desk) -> None:
    """One post in the thread that notifies who is on call."""
    escalated = incident.ownership.escalated
    if escalated is None:
        return
    mark = f"{incident.id}:escalated:{escalated.at.timestamp()}"
    called = await desk.people.mention(on_call(incident, desk))
    if incident.place is not None and not await was_said(incident, incident.place, mark, desk):
        text = f"{called} {person(user)} escalates: {escape(cut(incident.title, 200))}"
        await desk.messenger.post_marked(incident.place, mark, text)


async def _tell_assignee(incident: Incident, user: str, desk: Desk) -> None:
    """Once for each assignment: an edit of the message notifies nobody. RetryLater while the channel is busy."""
    assigned, place = incident.ownership.assigned, incident.place
    if assigned is None or place is None or assigned.note == user:
        return
    mark = f"{incident.id}:assigned:{assigned.at.timestamp()}"
    if await was_said(incident, place, mark, desk):
        return
    if wait := await desk.budget.take(place.channel, PERSON):
        raise RetryLater("So much is told in this channel that the assignee has to wait.", wait)
    text = f"{person(assigned.note)}, {person(assigned.by)} assigned this to you: {escape(incident_heading(incident))}"
    await desk.messenger.post_marked(place, mark, text)


async def was_said(incident: Incident, place: SlackPlace, mark: str, desk: Desk) -> bool:
    """Only who comes second has to look: perhaps the first one crashed before it posted."""
    if await desk.app.deps.ledger.claim(mark):
        return False
    return bool(await desk.messenger.find_marked(place, mark, incident.created_at.timestamp()))
