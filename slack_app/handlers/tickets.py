"""Keeps an incident's ticket as the incident is: opened with its diagnosis, told what changes, closed and reopened.

A job looks at the incident as it is stored, so their order does not matter and each may be repeated: a ticket is found
again by the incident's id, a comment by its words, and `TicketRef.told` says what the ticket has been told.
"""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import asdict
from typing import Literal

from agent.errors import InputError, RetryLater, SettingsError
from agent.living import last_run
from agent.models import AuditEntry, Incident, IncidentStatus, Job, JobKind, Severity, TicketRef, Urgency, new_id
from agent.ports import Deps, Page, Pager, TicketSystem
from agent.ticket_text import end_text, facts_of, news, people_in, told, told_before
from slack_app.handlers.desk import Desk
from slack_app.handlers.held import held
from slack_app.handlers.origins import WHATS, handle_origin
from slack_app.handlers.redraws import MAX_DELAY_SECONDS, ask_redraw
from slack_app.handlers.remarks import remark
from slack_app.incoming_webhook import WebhookMessenger

log = logging.getLogger(__name__)
What = Literal["open", "update", "close"]
BUCKET_SECONDS = 5.0
"""What changes within it is one comment."""
BUSY_SECONDS = 3.0
LINK_TRIES, LINK_SECONDS = 3, 10.0
"""The ticket leads to the message in Slack, so that has to be there; but not for ever."""
SERIOUS = (Severity.critical, Severity.error)
OURSELVES = "watchkeeper"
PAGE = "page"
IN_THE_BODY = ("diagnosis", "severity")
"""What a new ticket says by itself."""


async def ask_ticket(
    deps: Deps, incident_id: str, what: What, seconds: float = 0.0, tried: int = 0, wanted: str = ""
) -> None:
    """Within five seconds, together with all other changes until then. Nothing where no ticket system is set.

    `wanted`: the system that a rule names; if it is not set up that is told.
    """
    if not deps.tickets and not wanted:
        return
    now = deps.clock()
    due = now.timestamp() + min(seconds, MAX_DELAY_SECONDS)
    bucket = math.floor(due / BUCKET_SECONDS) + 1
    job = Job(
        id=new_id("job"),
        kind=JobKind.ticket,
        idempotency_key=f"ticket:{incident_id}:{bucket}",
        payload={"incident": incident_id, "what": what, "tried": tried},
        created_at=now,
    )
    delay = min(bucket * BUCKET_SECONDS - now.timestamp(), MAX_DELAY_SECONDS)
    await asyncio.to_thread(deps.queue.send, job, delay)


async def ask_page(deps: Deps, incident_id: str, page: Page) -> None:
    """A job, once for each key of a page, where there is a system that pages."""
    if not any(isinstance(system, Pager) for system in deps.tickets):
        return
    job = Job(
        id=new_id("job"),
        kind=JobKind.ticket,
        idempotency_key=f"page:{incident_id}:{page.key}",
        payload={"incident": incident_id, "what": PAGE, "page": asdict(page)},
        urgency=Urgency.critical,
        created_at=deps.clock(),
    )
    await asyncio.to_thread(deps.queue.send, job)


async def handle_ticket(job: Job, desk: Desk) -> None:
    """Bring the incident's tickets up to date. RetryLater while a system is busy or somebody else is at them."""
    if job.payload["what"] in WHATS:
        await handle_origin(job, desk)
        return
    deps, incident_id = desk.app.deps, str(job.payload["incident"])
    async with held(deps, f"ticket:{incident_id}") as lease:
        if lease is None:
            raise RetryLater("The incident's ticket is being worked on.", BUSY_SECONDS)
        incident = await deps.incidents.get(incident_id)
        if incident is None:
            return
        if job.payload["what"] == PAGE:
            await _page(incident, Page(**job.payload["page"]), desk)
            return
        await _tell_what_lacks(incident, desk)
        for system in deps.tickets:
            ref = next((ticket for ticket in incident.tickets if ticket.system == system.name), None)
            if ref is None and not _wants_ticket(incident, system, deps):
                continue
            if ref is None and await _waits_for_its_message(job, incident, desk):
                return
            await _bring_up_to_date(incident, system, ref, desk)


async def _page(incident: Incident, page: Page, desk: Desk) -> None:
    """By an alert of its own, which is acknowledged and resolved together with the incident's ticket."""
    if incident.status is IncidentStatus.resolved:
        return
    for system in desk.app.deps.tickets:
        if not isinstance(system, Pager):
            continue
        known = next((ticket for ticket in incident.tickets if ticket.system == system.name), None)
        ref = TicketRef(system=system.name, id=incident.id) if known is None or known.closed else known
        if page.key in ref.pages:
            continue
        try:
            ref = await system.page(ref, incident, await _link(incident, desk), page)
        except (SettingsError, InputError) as error:
            await _audit(desk.app.deps, incident, "ticket.page_failed", system, str(error))
            await remark(incident, desk, f"Nobody could be paged: {error}")
            raise
        await _save(incident, ref, desk)
        await system.comment(ref, f"{page.title}.\n{page.text}")
        await _audit(desk.app.deps, incident, "ticket.paged", system, page.key)


def _wants_ticket(incident: Incident, system: TicketSystem, deps: Deps) -> bool:
    """Analysed and not over, as a rule or the settings say; but not where all of its alerts came from."""
    run = last_run(incident)
    known = incident.diagnosis is not None or (run is not None and run.kind == "failed")
    if not known or incident.status is IncidentStatus.resolved:
        return False
    if incident.alerts and all(alert.source == system.name for alert in incident.alerts):
        return False
    by_rule = incident.decision.ticket if incident.decision else ""
    by_default = deps.settings.tickets if incident.severity in SERIOUS else ""
    return (by_rule or by_default) == system.name


async def _tell_what_lacks(incident: Incident, desk: Desk) -> None:
    """A rule wants a ticket where none can be opened: said once, in the thread and in the log."""
    deps, decision = desk.app.deps, incident.decision
    wanted = decision.ticket if decision else ""
    if decision is None or wanted in ["", *(system.name for system in deps.tickets)]:
        return
    if await deps.ledger.claim(f"ticket-lacks:{incident.id}"):
        log.error("the rule “%s” wants tickets in %s, which is not set up", decision.rule, wanted)
        await remark(incident, desk, f"There is no ticket: an alert rule wants one in {wanted}, which is not set up.")


async def _waits_for_its_message(job: Job, incident: Incident, desk: Desk) -> bool:
    tried = int(job.payload.get("tried", 0))
    never = incident.place is None or isinstance(desk.messenger, WebhookMessenger)
    if incident.summary_ts or never or tried >= LINK_TRIES:
        return False
    await ask_ticket(desk.app.deps, incident.id, "open", LINK_SECONDS, tried + 1)
    return True


async def _bring_up_to_date(incident: Incident, system: TicketSystem, ref: TicketRef | None, desk: Desk) -> None:
    over = incident.status is IncidentStatus.resolved
    try:
        if ref is None or (ref.closed and not over):
            ref = await _open(incident, system, ref, desk)
        if not ref.closed:
            ref = await _tell(incident, system, ref, desk)
        if over and not ref.closed:
            await _close(incident, system, ref, desk)
    except (SettingsError, InputError) as error:
        await _audit(desk.app.deps, incident, "ticket.failed", system, str(error))
        await remark(incident, desk, f"The ticket is not up to date: {error}")
        raise


async def _open(incident: Incident, system: TicketSystem, before: TicketRef | None, desk: Desk) -> TicketRef:
    ref = await system.open(incident, await _link(incident, desk))
    facts = facts_of(incident)
    known = told({name: facts[name] for name in IN_THE_BODY})
    same = before is not None and before.id == ref.id
    ref = ref.model_copy(update={"told": before.told if before and same else known})
    await _save(incident, ref, desk)
    await _audit(desk.app.deps, incident, "ticket.reopened" if same else "ticket.opened", system, ref.id)
    return ref


async def _link(incident: Incident, desk: Desk) -> str:
    """To the incident's message; "" without one."""
    if incident.place is None or not incident.summary_ts:
        return ""
    return await desk.messenger.permalink(incident.place.channel, incident.summary_ts)


async def _tell(incident: Incident, system: TicketSystem, ref: TicketRef, desk: Desk) -> TicketRef:
    """What changed since the ticket was told last, as one comment."""
    own, facts = incident.ownership, facts_of(incident)
    names = {user: await desk.people.name(user) for user in people_in(own)}
    text = news(incident, ref.told, names)
    if own.acknowledged and facts["acknowledged"] != told_before(ref.told).get("acknowledged"):
        await system.acknowledge(ref)
    if text:
        await system.comment(ref, text)
        await _audit(desk.app.deps, incident, "ticket.commented", system, ref.id)
    if told(facts) != ref.told:
        ref = ref.model_copy(update={"told": told(facts)})
        await _save(incident, ref, desk)
    return ref


async def _close(incident: Incident, system: TicketSystem, ref: TicketRef, desk: Desk) -> None:
    mark = incident.ownership.closed
    by = await desk.people.name(mark.by) if mark and mark.by != OURSELVES else ""
    await system.close(ref, end_text(incident, by))
    await _save(incident, ref.model_copy(update={"closed": True}), desk)
    await _audit(desk.app.deps, incident, "ticket.closed", system, ref.id)


async def _save(incident: Incident, ref: TicketRef, desk: Desk) -> None:
    """In the incident, and soon in its message."""

    def change(current: Incident) -> Incident:
        others = tuple(ticket for ticket in current.tickets if ticket.system != ref.system)
        return current.model_copy(update={"tickets": (*others, ref)})

    await desk.app.deps.incidents.change(incident.id, change)
    await ask_redraw(desk.app.deps, incident.id)


async def _audit(deps: Deps, incident: Incident, event: str, system: TicketSystem, detail: str) -> None:
    said = {"system": system.name, "ticket": detail[:300]}
    await deps.audit.append(
        AuditEntry(at=deps.clock(), actor="watchkeeper", event=event, subject=incident.id, detail=said)
    )
