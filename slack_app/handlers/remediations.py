"""Leads a remediation on, one process at a time, and tells of it: on its card, in its incident, and to who is on call.

All of it may be repeated: the graph goes on from what is stored, card and incident are drawn from that, and what was
said once is found by its mark. A delayed job looks again when an approval expires or the signal is to be read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import aiohttp
from slack_sdk.errors import SlackApiError

from agent.errors import RetryLater
from agent.living import last_event, state_of
from agent.models import (
    Incident,
    Job,
    JobKind,
    Remediation,
    RemediationStatus,
    Urgency,
    digest,
    new_id,
)
from agent.ports import Deps
from agent.safety.policy import policy_of
from graphs.remediation_consent import Consent
from graphs.remediation_plan import proposals
from slack_app.handlers.cards import show_card
from slack_app.handlers.desk import Desk
from slack_app.handlers.held import held
from slack_app.handlers.living import redraw
from slack_app.handlers.redraws import MAX_DELAY_SECONDS
from slack_app.handlers.remediation_endings import close_incident, free_resources, tell_on_call
from slack_app.handlers.remediation_words import changed_by, noted
from slack_app.incoming_webhook import WebhookMessenger

LOCK_TRIES, LOCK_POLL_SECONDS = 40, 0.25
BUSY_SECONDS = 2.0
OVER = "The incident is over, so that nothing has to be changed any more."
NOBODY = "A fix is known, but nobody may approve it: name people in WATCHKEEPER_APPROVERS or in the action policy."
NO_POLICY = "A fix is known, but the action policy cannot be read; `watchkeeper policy check` says why."
NO_ROLE = "A fix is known, but no role may make changes: set WATCHKEEPER_EXECUTOR_ROLE_ARN."


async def begin_remediation(incident_id: str, desk: Desk) -> None:
    """Where the cause is known and a runbook has a remedy: once for each time that the incident fires."""
    deps, remediator = desk.app.deps, desk.app.remediator
    incident = await deps.incidents.get(incident_id)
    if remediator is None or incident is None or not deps.settings.remediate or not _is_told(incident, desk):
        return
    if await _was_tried(incident, deps) or not proposals(incident, remediator.executor):
        return
    if lacking := _lacking(deps):
        await deps.incidents.change(incident_id, lambda kept: noted(kept, lacking, "watchkeeper", deps.clock()))
        await redraw(incident_id, desk)
        return
    now, name = deps.clock(), f"rem_{digest(incident.id, str(incident.diagnosed_at))}"
    made = Remediation(id=name, incident_id=incident.id, place=incident.place, created_at=now, updated_at=now)
    await deps.remediations.create(made)
    await ask_to_go_on(deps, name, unique="begin")


async def handle_verify(job: Job, desk: Desk) -> None:
    """Goes on with `remediation`. RetryLater while another process is at it."""
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
    deps, remediator = desk.app.deps, desk.app.remediator
    given = await deps.remediations.get(remediation_id)
    incident = await deps.incidents.get(given.incident_id) if given else None
    if remediator is None or given is None or incident is None:
        return
    if incident.ownership.resolved is not None and not given.status.over:
        await Consent(remediator).withdraw(given, OVER)
    with suppress(SlackApiError, aiohttp.ClientError, OSError, TimeoutError):  # nobody's fix waits for Slack
        await show_card(given, incident, desk, only_edit=True)
    until = await desk.app.remediate(remediation_id)
    if until is not None:
        await ask_to_go_on(deps, remediation_id, until=until)
    given = await deps.remediations.get(remediation_id) or given
    await _tell(given, incident, desk)


async def _tell(given: Remediation, incident: Incident, desk: Desk) -> None:
    deps = desk.app.deps
    tally, change = await deps.ledger.tally(incident.id), await changed_by(given, deps)
    incident = await deps.incidents.change(incident.id, lambda kept: change(kept, tally.firing)) or incident
    await show_card(given, incident, desk)
    if given.status.over:
        await free_resources(given, deps)
    if given.status is RemediationStatus.succeeded:
        await close_incident(given, incident, desk)
    if given.status is RemediationStatus.escalated:
        await tell_on_call(given, incident, desk)
    await redraw(incident.id, desk)


async def ask_to_go_on(deps: Deps, remediation_id: str, *, until: datetime | None = None, unique: str = "") -> None:
    """A job that goes on with it, at once or at a time; SQS delays by a quarter of an hour, after which it is asked
    for again."""
    now = deps.clock()
    delay = min(max(0.0, (until - now).total_seconds()), MAX_DELAY_SECONDS) if until else 0.0
    job = Job(
        id=new_id("job"),
        kind=JobKind.verify,
        idempotency_key=f"verify:{remediation_id}:{unique or f'{now.timestamp() + delay:.3f}'}",
        payload={"remediation": remediation_id},
        urgency=Urgency.critical,
        created_at=now,
    )
    await asyncio.to_thread(deps.queue.send, job, delay)


async def go_on_after_a_start(deps: Deps) -> None:
    """What an earlier process left: its jobs come back by themselves, unless they were lost with the queue."""
    for given in await deps.remediations.open():
        await ask_to_go_on(deps, given.id)


def _is_told(incident: Incident, desk: Desk) -> bool:
    """Open, looked into just now, and shown where people can press buttons."""
    told = bool(incident.place and incident.place.thread_ts) and not isinstance(desk.messenger, WebhookMessenger)
    fresh = incident.diagnosis is not None and not incident.same_as and incident.diagnosed_at is not None
    return told and fresh and state_of(incident) == "diagnosed"


async def _was_tried(incident: Incident, deps: Deps) -> bool:
    """One at a time; and what people or the account said no to is not proposed again before it fires anew."""
    again = last_event(incident, "refired", "reopened")
    earlier = await deps.remediations.of_incident(incident.id)
    return any(not each.status.over or again is None or each.created_at > again.at for each in earlier)


def _lacking(deps: Deps) -> str:
    """Why nobody is asked; "" when somebody can be."""
    settings, policy = deps.settings, policy_of(deps.settings)
    if policy.broken:
        return NO_POLICY
    if not policy.document.approvers and not policy.document.by_itself:
        return NOBODY
    roles = settings.executor_role_arn or any(account.executor_role for account in settings.aws_accounts)
    return "" if roles else NO_ROLE
