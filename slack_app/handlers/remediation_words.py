"""What an incident says of its remediation: its status, and one line that the living message shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from agent.incident_changes import turned
from agent.living import last_event
from agent.models import Incident, IncidentStatus, Remediation, RemediationStatus, TimelineEvent
from agent.ports import Deps
from slack_app.blocks.approval import HEADINGS, shown_step
from slack_app.handlers.cards import title_of

EVENT = "remediation"
STATUS = {
    RemediationStatus.awaiting_approval: IncidentStatus.awaiting_approval,
    RemediationStatus.executing: IncidentStatus.remediating,
    RemediationStatus.verifying: IncidentStatus.verifying,
    RemediationStatus.succeeded: IncidentStatus.resolved,
    RemediationStatus.rejected: IncidentStatus.open,
    RemediationStatus.escalated: IncidentStatus.escalated,
}
WORDS = {
    RemediationStatus.awaiting_approval: "Waits for approval",
    RemediationStatus.executing: "Being done",
    RemediationStatus.verifying: "Done, and being watched",
    RemediationStatus.succeeded: "It helped",
    RemediationStatus.rejected: "Rejected",
}

Change = Callable[[Incident, int], Incident]
"""An incident, and how many of its alerts fire, to the incident after it."""


async def changed_by(given: Remediation, deps: Deps) -> Change:
    """A pure change. Whatever was closed stays closed, and what is over is told once, so that it can be reopened."""
    text, actor = await _words(given, deps)
    now, status = deps.clock(), STATUS.get(given.status)
    if given.status is RemediationStatus.escalated and shown_step(given) is None:
        status = IncidentStatus.open  # nobody was asked anything

    def change(incident: Incident, firing: int) -> Incident:
        changed = noted(incident, text, actor, now)
        told = changed is incident
        if incident.status is IncidentStatus.resolved or status is None or (told and given.status.over):
            return changed
        if status is IncidentStatus.resolved:
            return _resolved(changed, text, now)
        changed = changed.model_copy(update={"status": status})
        return turned(changed, firing, incident.title, now) if given.status.over else changed

    return change


def noted(incident: Incident, text: str, actor: str, now: datetime) -> Incident:
    """With one more line of the remediation, unless that was its last."""
    last = last_event(incident, EVENT)
    if not text or (last and (last.text, last.actor) == (text, actor)):
        return incident
    line = TimelineEvent(at=now, kind=EVENT, text=text, actor=actor)
    return incident.model_copy(update={"timeline": (*incident.timeline, line), "updated_at": now})


def _resolved(incident: Incident, text: str, now: datetime) -> Incident:
    over = TimelineEvent(at=now, kind="resolved", text=text)
    changes = {"status": IncidentStatus.resolved, "timeline": (*incident.timeline, over), "updated_at": now}
    return incident.model_copy(update=changes)


async def _words(given: Remediation, deps: Deps) -> tuple[str, str]:
    """What to say, and who decided; ("", …) while there is nothing to say."""
    step = shown_step(given)
    if step is None:
        why = given.learnt[-1] if given.learnt else ""
        return (f"No fix is proposed: {why}" if given.status.over and why else ""), "watchkeeper"
    said = WORDS.get(given.status, "")
    if given.status is RemediationStatus.escalated:
        said = f"{HEADINGS[step.status].partition(' ')[2] or 'Not done'}, so that people have to look"
    approval = await deps.approvals.get(step.approval_id) if step.approval_id else None
    decided = approval.decided_by if approval and approval.decision in ("approved", "rejected") else ""
    return (f"{said}: {title_of(step, deps)}" if said else ""), decided or "watchkeeper"
