"""Leads a remediation on, one process at a time, and tells of it: on its card, in its incident, and to who is on call.

All of it may be repeated: the graph goes on from what is stored, card and incident are drawn from that, and what was
said once is found by its mark. A delayed job looks again when an approval expires or the signal is to be read.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial

import aiohttp
from slack_sdk.errors import SlackApiError

from agent.errors import RetryLater
from agent.models import Incident, Job, Remediation, RemediationStatus
from agent.ports import Deps
from agent.remediation_order import has_gone_on, unless_gone_on
from slack_app.handlers.broken_glass import tell_of_broken_glass
from slack_app.handlers.cards import show_card
from slack_app.handlers.desk import Desk
from slack_app.handlers.fixes import handle_fix
from slack_app.handlers.held import held
from slack_app.handlers.living import redraw
from slack_app.handlers.remediation_endings import close_incident, end_what_is_needless, free_resources, tell_on_call
from slack_app.handlers.remediation_jobs import ask_to_go_on
from slack_app.handlers.remediation_words import changed_by, is_news

LOCK_TRIES, LOCK_POLL_SECONDS = 20, 0.5
BUSY_SECONDS = 2.0
OTHER = "Another fix of the same incident is being decided."


async def handle_verify(job: Job, desk: Desk) -> None:
    """Goes on with `remediation`, or begins the `fix` of an incident. RetryLater while another process is at it."""
    if "fix" in job.payload:
        await handle_fix(job, desk)
        return
    async with its_turn(str(job.payload["remediation"]), desk):
        await go_on(str(job.payload["remediation"]), desk)


@asynccontextmanager
async def its_turn(remediation_id: str, desk: Desk) -> AsyncGenerator[None]:
    """One process at a time. RetryLater while another one has it for long."""
    async with held(desk.app.deps, f"remediation:{remediation_id}", LOCK_TRIES, LOCK_POLL_SECONDS) as lease:
        if lease is None:
            raise RetryLater("Somebody is at work on this remediation.", BUSY_SECONDS)
        yield


async def go_on(remediation_id: str, desk: Desk) -> None:
    """As far as it goes now; whoever calls it has its turn."""
    deps = desk.app.deps
    given = await deps.remediations.get(remediation_id)
    incident = await deps.incidents.get(given.incident_id) if given else None
    if given is None or incident is None or OTHER in given.learnt:
        return
    if not given.status.over:
        if desk.app.remediator is None or not await _is_its_turn(given, incident, deps):
            return
        await _advance(given, incident, desk)
        given = await deps.remediations.get(remediation_id) or given
    await _tell(given, incident, desk)
    if has_gone_on(await deps.remediations.get(remediation_id) or given, given):
        raise RetryLater("It has gone on while it was told: it is told again.", 1.0)


async def _is_its_turn(given: Remediation, incident: Incident, deps: Deps) -> bool:
    """Whether it is the incident's own. One that was begun while another one was open is ended without a word.

    Two can begin at once where the store's list of an incident's remediations lags behind.
    """
    while incident.remediation != given.id:
        other = await deps.remediations.get(incident.remediation) if incident.remediation else None
        if other is not None and not other.status.over:
            await deps.remediations.change(given.id, unless_gone_on(given, partial(_needless, now=deps.clock())))
            return False
        change = partial(_given_to, seen=incident.remediation, now=given.id)
        incident = await deps.incidents.change(incident.id, change) or incident
    return True


def _needless(given: Remediation, now: datetime) -> Remediation:
    over = {"status": RemediationStatus.rejected, "learnt": (*given.learnt, OTHER), "updated_at": now}
    return given.model_copy(update=over)


def _given_to(incident: Incident, seen: str, now: str) -> Incident:
    """It is this remediation's now, unless it has been given to another one meanwhile."""
    return incident.model_copy(update={"remediation": now}) if incident.remediation == seen else incident


async def _advance(given: Remediation, incident: Incident, desk: Desk) -> None:
    """What the incident's end makes needless is ended before and after: it may have come in between."""
    await end_what_is_needless(given, desk)
    with suppress(SlackApiError, aiohttp.ClientError, OSError, TimeoutError, RetryLater):  # no fix waits for Slack
        await show_card(given, incident, desk, only_edit=True)
    until = await desk.app.remediate(given.id)
    if await end_what_is_needless(given, desk):
        until = await desk.app.remediate(given.id)
    if until is not None:
        await ask_to_go_on(desk.app.deps, given.id, until=until)


async def _tell(given: Remediation, incident: Incident, desk: Desk) -> None:
    """First what others wait for, then the card: a Slack that is slow holds up no ticket and no page."""
    deps = desk.app.deps
    if await is_news(given, deps):
        tally, change = await deps.ledger.tally(incident.id), await changed_by(given, deps)
        incident = await deps.incidents.change(incident.id, lambda kept: change(kept, tally.firing)) or incident
    if given.status.over:
        await free_resources(given, deps)
    if given.status is RemediationStatus.succeeded:
        await close_incident(given, incident, desk)
    if given.status is RemediationStatus.escalated:
        await tell_on_call(given, incident, desk)
    await tell_of_broken_glass(given, desk)
    await show_card(given, incident, desk)
    await redraw(incident.id, desk)
