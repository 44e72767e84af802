"""A worker's desk at which remediations are told and ended, with nobody's account behind it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from agent.knowledge import KnowledgeBase, Runbook, Signal
from agent.models import (
    Action,
    Approval,
    Check,
    Confidence,
    Diagnosis,
    Incident,
    Job,
    JobKind,
    Preview,
    Remediation,
    RemediationStatus,
    Resource,
    Risk,
    Step,
    StepStatus,
)
from agent.ports import Deps
from agent.ports.writing import Permission, WriteSession
from agent.remedies import Remedy
from agent.settings import Settings
from deploy.local.workspace.background import RunningWorkspace
from graphs.remediation import Remediator, build_remediation
from slack_app.bootstrap import build_deps
from slack_app.handlers.cards import show_card
from slack_app.handlers.desk import Desk
from slack_app.handlers.remediations import go_on, handle_verify
from slack_app.handlers.tickets import handle_ticket
from tests.agent.examples import evidence, finding
from tests.e2e.service import text_of
from tests.graphs.conftest import Nowhere
from tests.slack_app.incident_desk import IncidentDesk, MovedClock
from tools.executor import Executor

GROUP = "S0PLATFORM"
TITLE = "Point the alias live of checkout at version 3"
KNOWN = Runbook(
    name="checkout-broken",
    version="1",
    title="Checkout is broken",
    symptoms=("checkout fails",),
    specialists=("infra",),
    gather=(),
    signals=(Signal(id="errors", kind="metric_rise", required=True, weight=1.0),),
    cause="A release.",
    summary="Checkout fails.",
    next_steps=("Roll back.",),
    actions=(
        Remedy(type="lambda_rollback", target="{{ errors.resource }}", parameters={"alias": "live", "version": "3"}),
        Remedy(type="lambda_restart", target="{{ errors.resource }}"),
    ),
)
SEEN = evidence(finding("metric_rise", "Errors of checkout rose."))
FOUND = Diagnosis(
    summary="Checkout fails.", root_cause="A release.", runbook=KNOWN.name, confidence=Confidence(value=0.9)
)


class NoAccount:
    """Nobody has credentials to change anything."""

    def open(self, permissions: Sequence[Permission], name: str, account: str = "", region: str = "") -> WriteSession:
        raise AssertionError("something was about to be changed")


class RemediationDesk(IncidentDesk):
    """`await desk.asked()`: an incident with a card that waits for people."""

    def __init__(self, ws: RunningWorkspace, deps: Deps, clock: MovedClock) -> None:
        super().__init__(ws, deps, clock)
        remediator = Remediator(Executor(deps, NoAccount()))
        app = replace(self.desk.app, remediator=remediator, remediation=build_remediation(remediator, InMemorySaver()))
        self.desk = Desk.of(app, self.desk.messenger)

    async def diagnosed(self, **fields: Any) -> Incident:
        """An open incident whose cause has a known fix."""
        found = {"diagnosis": FOUND, "evidence": (SEEN,), "diagnosed_at": self.deps.clock()}
        made = await self.opened(**{"place": self.post(), **found, **fields})
        await self.living()
        return made

    async def asked(self, **fields: Any) -> Remediation:
        """With a card in its thread."""
        await self.diagnosed(**fields)
        now = self.deps.clock()
        await self.deps.approvals.save(approval(self.id, now))
        given = remediation(self.id, StepStatus.awaiting, RemediationStatus.awaiting_approval, now)
        assert await self.deps.remediations.create(given)
        await show_card(given, await self.incident(), self.desk)
        await self.goes_on()
        return await self.given()

    async def ended(self, step: StepStatus, status: RemediationStatus, **fields: Any) -> Remediation:
        """As the graph leaves it: stored, and nobody told."""
        now = self.deps.clock()
        given = remediation(self.id, step, status, now).model_copy(update=fields)
        if not await self.deps.remediations.create(given):
            changes = {"steps": given.steps, "status": status, "updated_at": now, **fields}
            await self.deps.remediations.change(given.id, lambda kept: kept.model_copy(update=changes))
        return given

    async def goes_on(self) -> None:
        await go_on("rem_1", self.desk)

    async def given(self) -> Remediation:
        kept = await self.deps.remediations.get("rem_1")
        assert kept is not None
        return kept

    async def pressed_fix(self, user: str = "maya") -> Job:
        """A click on Fix…, as its job."""
        place = (await self.incident()).place
        assert place is not None
        where = {"channel": place.channel, "thread_ts": place.thread_ts}
        at = f"{self.deps.clock().timestamp():.6f}"
        job = self.job(JobKind.verify, **where, fix=self.id, user=self.ws.user_id(user), at=at)
        await handle_verify(job, self.desk)
        return job

    async def tickets_done(self, what: str) -> None:
        """Whatever was asked of ticket systems."""
        for job in await self.queued(JobKind.ticket):
            if job.payload["what"] == what:
                await handle_ticket(job, self.desk)

    def said(self, *words: str) -> list[dict[str, Any]]:
        """Watchkeeper's messages that say all of it."""
        return [message for message in self.shown() if all(word in text_of(message) for word in words)]

    async def audited(self) -> list[str]:
        return [entry.event for entry in reversed(await self.deps.audit.read(self.id))]


def action() -> Action:
    return Action(
        id="act_1",
        type="lambda_rollback",
        target=Resource(service="lambda", type="function", id="checkout", region="us-east-1", account="123456789012"),
        parameters={"alias": "live", "version": "3"},
        risk=Risk.low,
        reversible=True,
        expected_effect=f"{TITLE}.",
        verification=Check(kind="alarm", name="checkout-errors", expected="the alarm is OK again"),
    )


def approval(incident_id: str, now: Any) -> Approval:
    return Approval(
        id="apr_1",
        incident_id=incident_id,
        remediation_id="rem_1",
        action_id="act_1",
        payload_hash=action().payload_hash(incident_id),
        requested_by="watchkeeper",
        approvers=("U0MAYA",),
        created_at=now,
        expires_at=now.replace(year=now.year + 1),
    )


def remediation(incident_id: str, step: StepStatus, status: RemediationStatus, now: Any) -> Remediation:
    preview = Preview(at=now, before={"version": "4"}, after={"version": "3"})
    made = Step(action=action(), status=step, preview=preview, approval_id="apr_1")
    return Remediation(
        id="rem_1", incident_id=incident_id, status=status, steps=(made,), created_at=now, updated_at=now
    )


@contextmanager
def remediation_desk(ws: RunningWorkspace, home: Path, **settings: Any) -> Generator[RemediationDesk]:
    """People may approve, unless the settings say otherwise."""
    clock = MovedClock()
    role = "arn:aws:iam::123456789012:role/executor"
    given = {"approvers": ("U0MAYA",), "executor_role_arn": role, "oncall_group": GROUP}
    held = build_deps(
        Settings(home=home, **(given | settings)),
        clock=clock,
        aws=Nowhere(),
        knowledge=KnowledgeBase([KNOWN]),
    )
    try:
        yield RemediationDesk(ws, held.deps, clock)
    finally:
        held.close()
