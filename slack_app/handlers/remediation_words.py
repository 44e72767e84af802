"""What an incident says of its remediation: its status, and one line that the living message shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from agent.incident_changes import turned
from agent.living import last_event
from agent.models import Incident, IncidentStatus, Mark, Remediation, RemediationStatus, Step, TimelineEvent
from agent.ports import Deps
from slack_app.blocks.approval import HEADINGS, NOT_NEEDED, shown_step
from slack_app.handlers.cards import title_of

EVENT = "remediation"
US = "watchkeeper"
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


async def is_news(given: Remediation, deps: Deps) -> bool:
    """Not what a job says that comes again after the incident has got another remediation."""
    newest, *_ = [*await deps.remediations.of_incident(given.incident_id), given]
    return newest.id == given.id or not given.status.over


async def changed_by(given: Remediation, deps: Deps) -> Change:
    """A pure change. Whatever was closed stays closed, and what is over is told once, so that it can be reopened."""
    text, actor = await _words(given, deps)
    now, status = deps.clock(), STATUS.get(given.status)

    def change(incident: Incident, firing: int) -> Incident:
        again = last_event(incident, "refired", "reopened")
        if given.status.over and again is not None and again.at > given.updated_at:
            return incident  # it was told before the incident was opened again
        changed = noted(incident, text, actor, now)
        told = changed is incident
        if incident.status is IncidentStatus.resolved or status is None or (told and given.status.over):
            return changed
        if status is IncidentStatus.resolved:
            return _resolved(changed, text, Mark(by=actor, at=now, note=text.partition(": ")[2] or text))
        changed = changed.model_copy(update={"status": status})
        return turned(changed, firing, incident.title, now) if given.status.over else changed

    return change


def noted(incident: Incident, text: str, actor: str, now: datetime) -> Incident:
    """With one more line of the remediation, unless that was its last since the incident was opened."""
    last, again = last_event(incident, EVENT), last_event(incident, "refired", "reopened")
    same = last is not None and (last.text, last.actor) == (text, actor)
    if not text or (last and same and (again is None or last.at >= again.at)):
        return incident
    line = TimelineEvent(at=now, kind=EVENT, text=text, actor=actor)
    return incident.model_copy(update={"timeline": (*incident.timeline, line), "updated_at": now})


def _resolved(incident: Incident, text: str, mark: Mark) -> Incident:
    """As when a person closes it: what fires from now on is news, and what fired before is not."""
    over = TimelineEvent(at=mark.at, kind="resolved", text=text)
    own = incident.ownership.model_copy(update={"remedied": mark, "snoozed": None, "snoozed_until": None})
    changes = {"status": IncidentStatus.resolved, "ownership": own, "updated_at": mark.at}
    return incident.model_copy(update={**changes, "timeline": (*incident.timeline, over)})


async def _words(given: Remediation, deps: Deps) -> tuple[str, str]:
    """What to say, and who decided; ("", …) while there is nothing to say."""
    step = shown_step(given)
    if step is None:
        return _without_a_step(given), US
    approval = await deps.approvals.get(step.approval_id) if step.approval_id else None
    decided = approval.decided_by if approval and approval.decision in ("approved", "rejected") else ""
    if given.status is RemediationStatus.rejected and decided == US:
        return f"{NOT_NEEDED}: {step.note}", US
    said = WORDS.get(given.status, "")
    if given.status is RemediationStatus.escalated:
        said = f"{_became(step)}, so that people have to look"
    return (f"{said}: {title_of(step, deps)}" if said else ""), decided or US


def _without_a_step(given: Remediation) -> str:
    """Of one that was over before anybody was asked."""
    why = given.learnt[-1] if given.learnt else ""
    if not given.status.over or not why:
        return ""
    return f"No fix is possible, so that people have to look: {why}" if _escalated(given) else f"{NOT_NEEDED}: {why}"


def _escalated(given: Remediation) -> bool:
    return given.status is RemediationStatus.escalated


def _became(step: Step) -> str:
    return HEADINGS[step.status].partition(" ")[2] if step.status in HEADINGS else "Not done"
