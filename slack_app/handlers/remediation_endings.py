"""What is done when a remediation is over: the incident is closed everywhere, or people are called."""

from __future__ import annotations

import logging

from slack_sdk.errors import SlackApiError

from agent.audit_events import AuditEvent, audit_entry
from agent.errors import RetryLater
from agent.living import last_event
from agent.models import (
    Incident,
    IncidentStatus,
    Remediation,
    RemediationStatus,
    Severity,
    SlackPlace,
    Step,
    StepStatus,
)
from agent.ports import Deps, Page, Pager
from agent.remediation_order import active_step, unless_gone_on
from graphs.remediation_consent import Consent
from slack_app.blocks.approval import HEADINGS
from slack_app.blocks.text import cut, escape
from slack_app.channel_budget import PERSON
from slack_app.handlers.cards import title_of
from slack_app.handlers.desk import Desk
from slack_app.handlers.living import redraw
from slack_app.handlers.origins import ask_origins
from slack_app.handlers.ownership import on_call, settle, was_said
from slack_app.handlers.tickets import ask_page, ask_ticket
from tools.executor import resource_key

log = logging.getLogger(__name__)
MOMENT_SECONDS = 1.0
LINE_CHARS = 300
MAX_LINES = 10
GONE = ("thread_not_found", "channel_not_found", "not_in_channel", "is_archived", "message_not_found")
MOVED_SECONDS = 60.0
BEGUN = (StepStatus.approved, StepStatus.executing, StepStatus.executed)
"""Somebody said yes to it, or it is done: what follows from that is seen through."""
WAKING = (Severity.critical, Severity.error)
RECOVERED = "It recovered by itself."
CLOSED = "Somebody closed the incident."
NO_GROUP = "Nobody is called in Slack: WATCHKEEPER_ONCALL_GROUP is not set."
NO_SUCH_GROUP = "Nobody is called in Slack, which shows me no {group}: correct WATCHKEEPER_ONCALL_GROUP, or the rule."
NO_PAGER = "Nobody is paged: PagerDuty is not set up (WATCHKEEPER_PAGERDUTY_ROUTING_KEY)."
PAGED = "PagerDuty pages, too."


async def end_what_is_needless(given: Remediation, desk: Desk) -> bool:
    """Whether nothing has to be changed any more: then nobody is asked, and what was asked is withdrawn."""
    deps, remediator = desk.app.deps, desk.app.remediator
    given = await deps.remediations.get(given.id) or given
    step = active_step(given)
    if remediator is None or given.status.over or (step is not None and step.status in BEGUN):
        return False
    why = await _why_needless(given, deps)
    if not why:
        return False
    if step is not None and step.status is StepStatus.awaiting:
        await Consent(remediator).withdraw(given, why)
        return True
    over = {"status": RemediationStatus.rejected, "learnt": (*given.learnt, why), "updated_at": deps.clock()}
    await deps.remediations.change(given.id, unless_gone_on(given, lambda kept: kept.model_copy(update=over)))
    return True


async def _why_needless(given: Remediation, deps: Deps) -> str:
    """Somebody closed the incident, or none of its alerts fires any more; "" while neither is so."""
    incident = await deps.incidents.get(given.incident_id)
    if incident is None:
        return ""
    if incident.status is IncidentStatus.resolved:
        return CLOSED if incident.ownership.resolved else RECOVERED
    last = last_event(incident, "reopened", "refired", "resolved")
    if last is not None and last.kind == "reopened":
        return ""  # a person says that it is not over, whatever its alerts say
    tally = await deps.ledger.tally(incident.id)
    return RECOVERED if tally.alerts and not tally.firing else ""


async def free_resources(given: Remediation, deps: Deps) -> None:
    """Others need not wait until its locks expire."""
    for step in given.steps:
        lease = await deps.locks.acquire(resource_key(step), given.id, MOMENT_SECONDS) if step.intended_at else None
        if lease is not None:
            await deps.locks.release(lease)


async def close_incident(given: Remediation, incident: Incident, desk: Desk) -> None:
    """As if somebody had pressed Resolve: in the ledger, in its ticket, and where its alerts came from."""
    deps, closed = desk.app.deps, incident.ownership.remedied
    if incident.status is not IncidentStatus.resolved or closed is None:
        return
    await settle(incident, closed.at, desk)
    await ask_ticket(deps, incident.id, "close")
    await ask_origins(deps, incident.id, "resolve", closed.by, closed.at)


async def tell_on_call(given: Remediation, incident: Incident, desk: Desk) -> None:
    """A page, and one post in the thread that notifies who is on call: each with all that was tried, and each once.

    Neither waits for the other. Nobody is called for an incident that is over; for a mere warning to which nothing was
    done the thread is told, and nobody is woken.
    """
    deps, place = desk.app.deps, incident.place
    if incident.status is IncidentStatus.resolved:
        return
    await _audit(given, deps)
    tried = _tried(given, deps)
    wakes = incident.severity in WAKING or any(step.intended_at for step in given.steps)
    pages = any(isinstance(system, Pager) for system in deps.tickets)
    if wakes:
        page = Page(given.id, "Watchkeeper could not fix this", "\n".join(f"- {line}" for line in tried))
        await ask_page(deps, incident.id, page)
    await ask_ticket(deps, incident.id, "update")
    if place is None:
        return
    called, lacking = await _called(incident, desk) if wakes else ("", "")
    title = escape(cut(incident.title, 200))
    lines = [f"{called}I could not fix this, so a person has to look: {title}".strip()]
    lines += [f"• {escape(line)}" for line in tried]
    lines += [lacking, PAGED if pages else NO_PAGER] if wakes else []
    text = "\n".join(line for line in lines if line)
    try:
        await _say_once(incident, place, f"{given.id}:escalated", text, desk)
    except SlackApiError as error:
        if error.response.get("error") not in GONE:
            raise
        log.warning("the thread of %s is gone: it is told where its message goes", incident.id)
        await redraw(incident.id, desk)
        raise RetryLater("The incident's thread is gone, and it has no other yet.", MOVED_SECONDS) from None


async def _say_once(incident: Incident, place: SlackPlace, mark: str, text: str, desk: Desk) -> None:
    if await was_said(incident, place, mark, desk):
        return
    if wait := await desk.budget.take(place.channel, PERSON):
        raise RetryLater("So much is told in this channel that who is on call has to wait.", wait)
    await desk.messenger.post_marked(place, mark, text)


async def _called(incident: Incident, desk: Desk) -> tuple[str, str]:
    """Who is called, and why nobody is. RetryLater while Slack does not say who a group is."""
    group = on_call(incident, desk)
    if not group:
        return "", NO_GROUP
    called = await desk.people.mention(group, patient=True)
    return (f"{called} ", "") if called.startswith("<") else ("", NO_SUCH_GROUP.format(group=called))


async def _audit(given: Remediation, deps: Deps) -> None:
    """That people are called, and why: one line."""
    said = await deps.audit.read(given.incident_id)
    ours = (entry.detail.get("remediation_id") for entry in said if entry.event == AuditEvent.escalated)
    if given.id not in ours:
        why = given.learnt[-1] if given.learnt else ""
        await deps.audit.append(audit_entry(AuditEvent.escalated, "watchkeeper", deps.clock(), given, why=why))


def _tried(given: Remediation, deps: Deps) -> list[str]:
    """What each step came to, in a line; where there was none, why."""
    return [_line(step, deps) for step in given.steps[-MAX_LINES:]] or list(given.learnt[-MAX_LINES:])


def _line(step: Step, deps: Deps) -> str:
    became = HEADINGS.get(step.status, "").partition(" ")[2] or step.status.value
    seen = step.note or step.verification.seen or (step.result.message if step.result else "")
    return cut(f"{title_of(step, deps)}: {became}" + (f" ({seen})" if seen else ""), LINE_CHARS)
