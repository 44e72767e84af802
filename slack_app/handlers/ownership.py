"""What people say about an incident with its buttons: who, what and when, kept before it is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from agent.models import (
    AlertStatus,
    AuditEntry,
    Incident,
    IncidentStatus,
    Job,
    Mark,
    Ownership,
    SlackPlace,
    TimelineEvent,
)
from slack_app.blocks.ownership import ACKNOWLEDGE, ASSIGN, ESCALATE, REOPEN, RESOLVE, SNOOZE, person, snooze_end
from slack_app.blocks.text import cut, escape
from slack_app.handlers.desk import Desk, place_of
from slack_app.handlers.living import redraw
from slack_app.handlers.origins import What, ask_origins
from slack_app.handlers.redraws import ask_redraw
from slack_app.handlers.tickets import ask_ticket
from slack_app.intake import slack_time

OVER = "This incident is resolved; press Reopen first."
OPEN = "This incident is open already."
SAID_BY_US = {"status": AlertStatus.resolved, "said_at": None, "item_id": "", "update": False}
MAX_SETTLED = 1000
GONE = "I do not know this incident any more."
NOBODY = "Nobody to escalate to is set: WATCHKEEPER_ONCALL_GROUP names the on-call group. It is marked as escalated."
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
        zone = (await desk.people.asker(user)).zone
        done = Click(action, user, at, str(clicked.get("value", "")), zone)
        incident = await deps.incidents.change(incident.id, done.apply) or incident
        entry = AuditEntry(at=deps.clock(), actor=user, event=f"incident.{EVENTS[action]}", subject=incident.id)
        await deps.audit.append(entry)
    await _follow_up(incident, action, user, place, desk)
    await _tell_others(incident, action, user, at, desk)
    await redraw(incident.id, desk)


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
        """Nobody has it yet."""
        return incident.model_copy(update={"status": IncidentStatus.open, "ownership": Ownership()})


def _refusal(incident: Incident, action: str) -> str:
    over = incident.status is IncidentStatus.resolved
    if action == REOPEN:
        return "" if over else OPEN
    return OVER if over else ""


def _was_done(incident: Incident, action: str, user: str, at: datetime) -> bool:
    kind = EVENTS[action]
    return any((event.kind, event.actor, event.at) == (kind, user, at) for event in incident.timeline)


async def _follow_up(incident: Incident, action: str, user: str, place: SlackPlace, desk: Desk) -> None:
    deps = desk.app.deps
    if action == SNOOZE and incident.ownership.snoozed_until:
        left = (incident.ownership.snoozed_until - deps.clock()).total_seconds()
        await ask_redraw(deps, incident.id, seconds=max(left, 0.0), wake=True)
    if action == ESCALATE:
        await _escalate(incident, user, place, desk)
    if action == RESOLVE:
        await _settle(incident, desk)


async def _tell_others(incident: Incident, action: str, user: str, at: datetime, desk: Desk) -> None:
    """Its ticket, and the tools that its alerts came from."""
    await ask_ticket(desk.app.deps, incident.id, "close" if action == RESOLVE else "update")
    if action in AT_THE_SOURCE:
        await ask_origins(desk.app.deps, incident.id, AT_THE_SOURCE[action], user, at)


async def _settle(incident: Incident, desk: Desk) -> None:
    """What still fired when a person closed it counts as over from then on: only what fires anew opens it again."""
    deps, mark = desk.app.deps, incident.ownership.resolved
    if mark is None:
        return
    window = deps.settings.alert_window_seconds
    for sighting in await deps.ledger.of_incident(incident.id, MAX_SETTLED):
        if sighting.status is not AlertStatus.firing:
            continue
        now = await deps.ledger.open(sighting.alert.fingerprint, window)
        if now is not None and now.incident_id == incident.id:  # else its window is over, or a later incident has it
            over = sighting.alert.model_copy(update={**SAID_BY_US, "ended_at": mark.at, "received_at": mark.at})
            await deps.ledger.record(over, incident.id, window, f"closed:{mark.at.timestamp()}")


async def _escalate(incident: Incident, user: str, place: SlackPlace, desk: Desk) -> None:
    """One post in the thread that notifies who is on call, found again by its mark after a crash."""
    deps, messenger = desk.app.deps, desk.messenger
    group = (incident.decision.escalate_to if incident.decision else "") or deps.settings.oncall_group
    if incident.place is None or incident.ownership.escalated is None:
        return
    mark = f"{incident.id}:escalated:{incident.ownership.escalated.at.timestamp()}"
    if not await deps.ledger.claim(mark) and await messenger.find_marked(
        incident.place, mark, incident.created_at.timestamp()
    ):
        return
    called = await desk.people.mention(group) if group else ""
    text = f"{called} {person(user)} escalates: {escape(cut(incident.title, 200))}".strip()
    await messenger.post_marked(incident.place, mark, text)
    if not group:
        await desk.whisper(place, user, NOBODY)
