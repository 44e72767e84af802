"""What is done when a remediation is over: the incident is closed everywhere, or people are called."""

from __future__ import annotations

from contextlib import suppress

import aiohttp
from slack_sdk.errors import SlackApiError

from agent.living import last_event
from agent.models import Incident, IncidentStatus, Remediation, Step
from agent.ports import Deps
from slack_app.blocks.approval import HEADINGS, shown_step
from slack_app.blocks.ownership import person
from slack_app.blocks.text import cut, escape
from slack_app.handlers.cards import title_of
from slack_app.handlers.desk import Desk
from slack_app.handlers.origins import ask_origins
from slack_app.handlers.ownership import on_call, settle, was_said
from slack_app.handlers.tickets import ask_ticket
from tools.executor import resource_key

MOMENT_SECONDS = 1.0
LINE_CHARS = 400


async def free_resources(given: Remediation, deps: Deps) -> None:
    """Others need not wait until its locks expire."""
    for step in given.steps:
        lease = await deps.locks.acquire(resource_key(step), given.id, MOMENT_SECONDS) if step.intended_at else None
        if lease is not None:
            await deps.locks.release(lease)


async def close_incident(given: Remediation, incident: Incident, desk: Desk) -> None:
    """As if somebody had pressed Resolve: in the ledger, in its ticket, and where its alerts came from."""
    deps, over = desk.app.deps, last_event(incident, "resolved")
    if incident.status is not IncidentStatus.resolved or over is None:
        return
    step = shown_step(given)
    approval = await deps.approvals.get(step.approval_id) if step and step.approval_id else None
    await settle(incident, over.at, desk)
    await ask_ticket(deps, incident.id, "close")
    by = approval.decided_by if approval else "watchkeeper"
    await ask_origins(deps, incident.id, "resolve", by, over.at)


async def tell_on_call(given: Remediation, incident: Incident, desk: Desk) -> None:
    """One post in the thread with everything that was tried, which notifies who is on call."""
    deps, place, step = desk.app.deps, incident.place, shown_step(given)
    if step is None or place is None:
        return
    await ask_ticket(deps, incident.id, "update")
    mark = f"{given.id}:escalated"
    if await was_said(incident, place, mark, desk):
        return
    group = on_call(incident, desk)
    called = f"{await desk.people.mention(group)} " if group else ""
    lines = [f"{called}I could not fix this, so that a person has to look: {escape(cut(incident.title, 200))}"]
    lines += [f"• {_line(each, deps)}" for each in given.steps]
    await desk.messenger.post_marked(place, mark, "\n".join(lines))


async def tell_of_broken_glass(given: Remediation, user: str, reason: str, desk: Desk) -> None:
    """One post in the thread, which notifies who is on call. What Slack does not take is in the audit trail."""
    incident = await desk.app.deps.incidents.get(given.incident_id)
    if incident is None or incident.place is None:
        return
    mark = f"{given.id}:glass:{user}"
    with suppress(SlackApiError, aiohttp.ClientError, OSError, TimeoutError):
        if not await was_said(incident, incident.place, mark, desk):
            group = on_call(incident, desk)
            called = f"{await desk.people.mention(group)} " if group else ""
            why = escape(cut(reason, LINE_CHARS))
            text = f"{called}{person(user)} broke the glass, so that nobody else is asked: {why}"
            await desk.messenger.post_marked(incident.place, mark, text)


def _line(step: Step, deps: Deps) -> str:
    became = HEADINGS.get(step.status, "").partition(" ")[2] or step.status.value
    seen = step.note or step.verification.seen or (step.result.message if step.result else "")
    return escape(cut(f"{title_of(step, deps)}: {became}" + (f" ({seen})" if seen else ""), LINE_CHARS))
