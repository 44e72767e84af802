"""What follows when a change may not be made after all, does not help, or fails: real stores, graph and analysis."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.models import ActionResult, Remediation, RemediationStatus, Resource, Step, StepStatus
from agent.remediation_order import MAX_ROUNDS
from agent.settings import Settings
from deploy.local.account import Scenario, SimulatedAccount, load_scenario
from graphs.remediation_plan import environment_of, lessons
from slack_app.bootstrap import application, build_deps
from tests.deploy.local.account.changes.fixes import BILLING
from tests.graphs.test_remediation import Case, Clock, account, case, clock, opened  # noqa: F401 -- fixtures
from tests.tools.actions.account import person
from tools.actions.catalog import actions

pytestmark = pytest.mark.slow
FREEZE = """
freezes:
  - {name: release weekend, during: 2026-11-18 15:00 - 2026-11-19 08:00 UTC, reason: The shop is full.}
"""
IN_STAGING = """
by_itself:
  - {action: lambda_rollback, where: {environment: staging}}
"""
BY_ITSELF = """
by_itself: [{action: lambda_rollback}]
"""
ONE_ACTION = """
limits: {actions: 1}
"""


async def test_a_freeze_that_begins_between_the_click_and_the_effect_keeps_it_from_being_done(
    case: Case,  # noqa: F811
) -> None:
    name = await case.begin()
    await case.advance(name)
    case.policy.write_text(FREEZE, "utf-8")
    frozen = await case.approve(name)
    assert (frozen.status, frozen.steps[-1].status) == (RemediationStatus.escalated, StepStatus.refused)
    assert "release weekend" in frozen.steps[-1].note
    assert frozen.steps[-1].intended_at is None
    assert case.version() == "4"
    events = [entry.event for entry in await case.deps.audit.read(case.incident.id)]
    assert (events[0], "action.intended" in events) == ("action.refused", False)


async def test_the_environment_of_an_account_is_what_the_settings_call_it(case: Case) -> None:  # noqa: F811
    settings = case.deps.settings.model_copy(update={"aws_environment": "staging"})
    assert environment_of(settings, "", "123456789012") == "staging"
    assert environment_of(settings, "123456789012", "123456789012") == "staging"
    assert environment_of(settings, "210987654321", "123456789012") == ""
    case.policy.write_text(IN_STAGING, "utf-8")
    waiting = await case.advance(await case.begin())
    assert waiting.status is RemediationStatus.awaiting_approval
    ruling = await _ruling(case, waiting, aws_environment="staging")
    assert ruling.decision == "by_itself"
    assert (await _ruling(case, waiting, aws_environment="prod")).decision == "ask"


async def test_what_did_not_help_is_undone_whatever_the_count_of_actions_says(
    account: SimulatedAccount,  # noqa: F811
    clock: Clock,  # noqa: F811
    tmp_path: Path,
) -> None:
    still = load_scenario("lambda-errors-after-deploy").model_copy(update={"reactions": ()})
    async with opened(still, account, clock, tmp_path) as case:  # noqa: F811
        case.policy.write_text(BY_ITSELF + ONE_ACTION, "utf-8")
        name = await case.begin()
        assert (await case.advance(name)).status is RemediationStatus.verifying
        assert case.version() == "3"
        over = await case.wait(name, 16)
        assert [step.status for step in over.steps] == [StepStatus.no_effect, StepStatus.rolled_back]
        assert (case.version(), over.status, over.round) == ("4", RemediationStatus.escalated, 2)
        assert "It did not help" in over.learnt[0]
        assert "It was undone" in over.learnt[0]
        assert over.learnt[-1].startswith("There is nothing")


OLD = {"operation": "ecs:UpdateService", "request": {"taskDefinition": "recommendations:17"}}
BACK = {"operation": "ecs:UpdateService", "request": {"taskDefinition": "recommendations:18"}}


@pytest.mark.parametrize(
    ("rollout", "ends", "status", "told"),
    [
        ("COMPLETED", 60, StepStatus.rolled_back, "again as it was before"),
        ("IN_PROGRESS", 60, StepStatus.rolled_back, "still goes on"),
        ("FAILED", 240, StepStatus.failed, "ECS has given the deployment up"),
    ],
)
async def test_a_way_back_is_watched_until_it_is_seen_that_it_leads_there(
    account: SimulatedAccount,  # noqa: F811
    clock: Clock,  # noqa: F811
    tmp_path: Path,
    rollout: str,
    ends: int,
    status: StepStatus,
    told: str,
) -> None:
    story = load_scenario("ecs-out-of-memory")
    done = {"name": "done", "when": OLD, "after": "60s", "services": [{"name": "recommendations"}]}
    service = {"name": "recommendations", "running": 2, "rollout": rollout, "reason": "tasks failed to start"}
    undone = {"name": "undone", "when": BACK, "after": f"{ends}s", "services": [service]}
    story = Scenario.model_validate({**story.model_dump(), "reactions": [done, undone]})
    async with opened(story, account, clock, tmp_path) as case:  # noqa: F811
        name = await case.begin()
        await case.advance(name)
        await case.approve(name)
        await case.wait(name, 16)
        given = await case.approve(name)
        assert (given.status, given.steps[-1].status) == (RemediationStatus.verifying, StepStatus.executed)
        over = await case.wait(name, 20)
        back = next(step for step in over.steps if step.action.rolls_back)
        assert back.status is status
        assert told in f"{back.verification.seen} {back.note}"
        assert over.status is RemediationStatus.escalated


async def test_after_everything_was_tried_people_are_told_all_of_it(
    account: SimulatedAccount,  # noqa: F811
    clock: Clock,  # noqa: F811
    tmp_path: Path,
) -> None:
    still = load_scenario("two-suspects").model_copy(update={"reactions": ()})
    async with opened(still, account, clock, tmp_path) as case:  # noqa: F811
        case.policy.write_text(BY_ITSELF, "utf-8")
        name = await case.begin()
        await case.advance(name)
        second = await case.wait(name, 16)
        assert (second.round, second.steps[-1].action.type) == (2, "dynamodb_capacity")
        assert (await case.approve(name)).status is RemediationStatus.verifying
        assert (await case.wait(name, 16)).status is RemediationStatus.awaiting_approval
        over = await case.approve(name)
        done = [(step.action.type, step.status) for step in over.steps]
        assert done == [
            ("lambda_rollback", StepStatus.no_effect),
            ("lambda_rollback", StepStatus.rolled_back),
            ("dynamodb_capacity", StepStatus.no_effect),
            ("dynamodb_capacity", StepStatus.rolled_back),
        ]
        assert (over.status, over.round) == (RemediationStatus.escalated, MAX_ROUNDS)
        assert len([line for line in over.learnt if "It did not help" in line]) == 2
        table = person()("dynamodb").describe_table(TableName="voucher-redemptions")["Table"]
        assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 60
        assert person()("lambda").get_alias(FunctionName="voucher-redeem", Name="live")["FunctionVersion"] == "3"
        kept = await case.deps.incidents.get(case.incident.id)
        assert kept is not None
        assert [event.kind for event in kept.timeline] == ["diagnosed", "diagnosed"]


async def test_an_analysis_that_takes_too_long_leaves_the_diagnosis_as_it_was(
    case: Case,  # noqa: F811
    tmp_path: Path,
) -> None:
    given = await case.stored(await case.begin())
    hurried = build_deps(Settings.read(home=tmp_path, run_timeout_seconds=0.01), clock=case.clock)
    async with application(hurried.deps) as app:
        assert app.remediator is not None
        assert app.remediator.look_again is not None
        await app.remediator.look_again(case.incident, given)
    hurried.close()
    kept = await case.deps.incidents.get(case.incident.id)
    assert kept is not None
    assert (kept.diagnosis, kept.timeline) == (case.incident.diagnosis, ())


async def test_after_the_third_round_nothing_is_looked_into_again(case: Case) -> None:  # noqa: F811
    given = await case.stored(await case.begin())
    tried = (await _step(case, "ssm_script", BILLING, script="df -h")).model_copy(
        update={"status": StepStatus.no_effect, "round": MAX_ROUNDS}
    )
    await case.deps.remediations.change(
        given.id, lambda kept: kept.model_copy(update={"round": MAX_ROUNDS, "steps": (tried,)})
    )
    over = await case.advance(given.id)
    assert (over.status, over.round, over.learnt) == (RemediationStatus.escalated, MAX_ROUNDS, tuple(lessons(over)))
    kept = await case.deps.incidents.get(case.incident.id)
    assert kept is not None
    assert kept.diagnosis == case.incident.diagnosis


async def test_a_script_that_fails_after_its_call_has_failed_and_says_why(
    account: SimulatedAccount,  # noqa: F811
    clock: Clock,  # noqa: F811
    tmp_path: Path,
) -> None:
    async with opened(load_scenario("disk-full"), account, clock, tmp_path) as case:  # noqa: F811
        name, step = await case.begin(), await _step(case, "ssm_script", BILLING, script="false")
        command = person()("ssm").send_command(
            DocumentName="AWS-RunShellScript", InstanceIds=[BILLING], Parameters={"commands": ["false"]}
        )["Command"]["CommandId"]
        sent = ActionResult(succeeded=True, over=False, reference=command, message="It was sent.", at=case.clock())
        done = step.model_copy(update={"status": StepStatus.executed, "intended_at": case.clock(), "result": sent})
        await case.deps.remediations.change(name, lambda kept: kept.model_copy(update={"steps": (done,)}))
        over = await case.wait(name, 5)
        failed = over.steps[0]
        assert failed.status is StepStatus.failed
        assert f"It failed on {BILLING}" in failed.note
        assert any("It failed" in line for line in over.learnt)
        assert "action.failed" in [entry.event for entry in await case.deps.audit.read(case.incident.id)]


async def _step(case: Case, kind: str, target: str, **parameters: Any) -> Step:  # noqa: F811
    action = actions(case.deps.settings)[kind]
    where = {"region": case.deps.aws.region, "account": case.deps.aws.account}
    order = action.order(
        Resource(service=action.service, type=action.resource_type, id=target, **where), {**parameters}
    )
    step = Step(action=action.action(order, case.incident.alerts[0]), runbook="a-runbook")
    return step.model_copy(update={"preview": await case.remediator.executor.preview(step)})


async def _ruling(case: Case, given: Remediation, **settings: Any) -> Any:  # noqa: F811
    """As it would be with these settings."""
    executor = case.remediator.executor
    deps = replace(executor.deps, settings=executor.deps.settings.model_copy(update=settings))
    remediator = replace(case.remediator, executor=replace(executor, deps=deps))
    return await remediator.ruling(given, given.steps[-1])
