"""From a diagnosis to a changed and checked account, over the simulated account's wire: real stores, real graph."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.knowledge import KnowledgeBase
from agent.models import Approval, Decision, Incident, Mark, Remediation, RemediationStatus, StepStatus, new_id
from agent.ports import Deps
from agent.settings import Settings
from agent.sources import parse_alerts
from deploy.local.account import Scenario, SimulatedAccount, load_scenario, render_alert
from graphs.remediation import SWITCH, Remediator, build_remediation
from slack_app.bootstrap import application, build_deps
from tests.tools.actions.account import person

START = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
SCENARIO, FUNCTION = "lambda-errors-after-deploy", "checkout-submit-order"


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def account(clock: Clock) -> Iterator[SimulatedAccount]:
    with SimulatedAccount(clock=clock) as running, pytest.MonkeyPatch.context() as environment:
        for name, value in running.environment(read_only=True).items():
            environment.setenv(name, value)
        yield running


@dataclass
class Case:
    """An incident with its diagnosis, and a person who decides."""

    deps: Deps
    clock: Clock
    account: SimulatedAccount
    incident: Incident
    graph: Any
    remediator: Remediator
    policy: Path

    async def begin(self, requested_by: str = "watchkeeper") -> str:
        now, name = self.clock(), new_id("rem")
        made = Remediation(
            id=name, incident_id=self.incident.id, requested_by=requested_by, created_at=now, updated_at=now
        )
        await self.deps.remediations.create(made)
        return name

    async def advance(self, name: str) -> Remediation:
        """As a worker does when anything has happened."""
        await self.graph.ainvoke({"remediation": name}, {"recursion_limit": 100})
        return await self.stored(name)

    async def stored(self, name: str) -> Remediation:
        kept = await self.deps.remediations.get(name)
        assert kept is not None
        return kept

    async def approval(self, name: str) -> Approval:
        kept = await self.stored(name)
        asked = await self.deps.approvals.get(kept.steps[-1].approval_id)
        assert asked is not None
        return asked

    async def approve(self, name: str, by: str = "UMAYA") -> Remediation:
        await self.deps.approvals.approve((await self.approval(name)).id, Mark(by=by, at=self.clock()))
        return await self.advance(name)

    async def wait(self, name: str, minutes: int) -> Remediation:
        """Let time pass and look each minute."""
        for _ in range(minutes):
            self.clock.now += timedelta(minutes=1)
            if (kept := await self.advance(name)).status is not RemediationStatus.verifying:
                break
        return kept

    def version(self) -> str:
        """What the alias points at."""
        return self.deps.aws.client("lambda").get_alias(FunctionName=FUNCTION, Name="live")["FunctionVersion"]


@pytest.fixture
async def case(account: SimulatedAccount, clock: Clock, tmp_path: Path) -> AsyncIterator[Case]:
    async with opened(load_scenario(SCENARIO), account, clock, tmp_path) as opened_case:
        yield opened_case


@asynccontextmanager
async def opened(
    scenario: Scenario,
    account: SimulatedAccount,
    clock: Clock,
    home: Path,
    knowledge: KnowledgeBase | None = None,
    **more: Any,
) -> AsyncIterator[Case]:
    """The scenario's incident with its diagnosis, and all that runs in a service but Slack."""
    clock.now = START
    account.reset()
    account.load(scenario, START)
    policy = home / "policy.yaml"
    policy.write_text("zone: UTC\n", "utf-8")
    people, role = ("UMAYA", "ULIWEI"), account.executor_role_arn
    settings = Settings.read(home=home, executor_role_arn=role, approvers=people, action_policy=policy, **more)
    held = build_deps(settings, clock=clock, **({"knowledge": knowledge} if knowledge else {}))
    async with application(held.deps) as app:
        incident = await _diagnosed(app, scenario)
        await held.deps.incidents.create(incident)
        assert app.remediator is not None
        graph = build_remediation(app.remediator)
        yield Case(held.deps, clock, account, incident, graph, app.remediator, policy)
    held.close()


async def _diagnosed(app: Any, scenario: Any) -> Incident:
    event = {**render_alert(scenario, START), "type": "message", "bot_id": "B1", "ts": f"{START.timestamp():.6f}"}
    (alert,) = parse_alerts({"event": event, "channel": "C1", "team": "T1"}, START, {})

    async def nobody_follows(_: dict[str, Any]) -> None:
        return None

    diagnosis, evidence = await app.analyse(alert, "run_1", nobody_follows)
    return Incident(
        id=new_id("inc"),
        title=alert.title,
        severity=alert.severity,
        alerts=(alert,),
        decision=Decision(treatment="analyse", rule="default: test", reason="A test."),
        diagnosis=diagnosis,
        evidence=tuple(evidence),
        created_at=START,
        updated_at=START,
    )


@pytest.mark.slow
async def test_an_approved_rollback_is_made_and_verified_on_the_alarm_that_fired(case: Case) -> None:
    name = await case.begin()
    waiting = await case.advance(name)
    assert waiting.status is RemediationStatus.awaiting_approval, (
        waiting.learnt,
        [s.note for s in waiting.steps],
        case.incident.diagnosis,
    )
    assert case.version() == "4"

    asked = await case.approval(name)
    await case.deps.approvals.approve(asked.id, Mark(by="UMAYA", at=case.clock()))
    watched = await case.advance(name)
    assert (watched.status, case.version()) == (RemediationStatus.verifying, "3")

    done = await case.wait(name, 20)
    assert done.status is RemediationStatus.succeeded, done.steps[-1].verification
    assert done.steps[-1].status is StepStatus.helped
    events = [entry.event for entry in reversed(await case.deps.audit.read(case.incident.id))]
    assert events == [
        "action.proposed",
        "approval.asked",
        "action.intended",
        "action.executed",
        "action.verified",
    ]


@pytest.mark.slow
async def test_a_rejected_or_expired_one_changes_nothing(case: Case) -> None:
    name = await case.begin()
    await case.advance(name)
    await case.deps.approvals.reject((await case.approval(name)).id, Mark(by="UMAYA", at=case.clock(), note="Not now."))
    rejected = await case.advance(name)
    assert (rejected.status, rejected.steps[-1].note) == (RemediationStatus.rejected, "Not now.")

    name = await case.begin()
    await case.advance(name)
    case.clock.now += timedelta(minutes=30)
    expired = await case.advance(name)
    assert (expired.status, expired.steps[-1].status) == (RemediationStatus.escalated, StepStatus.expired)
    assert case.version() == "4"


@pytest.mark.slow
async def test_with_the_switch_off_an_approved_one_is_not_made(case: Case) -> None:
    name = await case.begin()
    await case.advance(name)
    await case.deps.approvals.approve((await case.approval(name)).id, Mark(by="UMAYA", at=case.clock()))
    await case.deps.state.put(SWITCH, {"off_by": "ULIWEI"})
    stopped = await case.advance(name)
    assert stopped.status is RemediationStatus.escalated
    assert "switched" in stopped.steps[-1].note
    assert case.version() == "4"


@pytest.mark.slow
async def test_an_account_that_drifts_leads_to_a_new_card(case: Case) -> None:
    name = await case.begin()
    await case.advance(name)
    first = await case.approval(name)
    await case.deps.approvals.approve(first.id, Mark(by="UMAYA", at=case.clock()))
    person()("lambda").update_alias(FunctionName=FUNCTION, Name="live", FunctionVersion="2")
    drifted = await case.advance(name)
    assert drifted.status is RemediationStatus.awaiting_approval
    assert (await case.approval(name)).id != first.id
    assert case.version() == "2"
