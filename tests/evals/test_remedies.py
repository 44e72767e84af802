"""From an alert to the right change: offline, by runbooks alone, over an account that the analyst has never seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.models import Decision, Incident, Remediation, Step, StepStatus, new_id
from agent.ports import Deps
from agent.settings import Settings
from agent.sources import parse_alerts
from deploy.local.account import Scenario, SimulatedAccount, drill_names, load_scenario, render_alert, scenario_names
from graphs.remediation_plan import next_steps, proposals
from slack_app.bootstrap import application, build_deps
from tools.actions.catalog import actions
from tools.aws.writing import AssumedWriteAccess
from tools.executor import Executor

START = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
IDLE_TIMEOUT = {"group": "ledger-db-params", "parameter": "idle_in_transaction_session_timeout", "value": "300000"}

RIGHT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "lambda-errors-after-deploy": ("lambda_rollback", "checkout-submit-order", {"alias": "live", "version": "3"}),
    "lambda-stale-secret": ("lambda_restart", "fx-rates-reader", {}),
    "lambda-timeouts": ("lambda_config", "label-printer", {"timeout_s": 12}),
    "lambda-cost-spike": ("lambda_config", "media-thumbnailer", {"reserved_concurrency": 0}),
    "ecs-out-of-memory": (
        "ecs_rollback",
        "recommendations",
        {"cluster": "catalog-prod", "task_definition": "recommendations:17"},
    ),
    "rds-connections-exhausted": (
        "ecs_rollback",
        "orders-api",
        {"cluster": "orders-prod", "task_definition": "orders-api:61"},
    ),
    "ecs-hung-workers": ("ecs_restart", "document-render", {"cluster": "documents-prod"}),
    "ecs-backlog": ("ecs_scale", "photo-worker", {"cluster": "photos-prod", "desired": 6}),
    "asg-too-small": ("asg_scale", "quotes-web", {"desired": 6}),
    "rds-idle-transactions": ("rds_parameter", "ledger-db", IDLE_TIMEOUT),
    "rds-pending-reboot": ("rds_reboot", "pricing-db", {}),
    "dynamodb-throttling": ("dynamodb_capacity", "storefront-sessions", {"mode": "on_demand"}),
    "sqs-dead-letters": ("sqs_redrive", "settlement-requests-dlq", {"sources": ["settlement-requests"]}),
    "state-machine-interrupted": (
        "stepfunctions_redrive",
        "nightly-settlement",
        {"execution": "settlement-of-today"},
    ),
    "airflow-dag-paused": ("airflow_pause_dag", "ledger_export", {"environment": "finance-prod", "paused": False}),
    "airflow-run-missing": ("airflow_trigger_dag", "supplier_prices", {"environment": "sourcing-prod"}),
    "airflow-input-late": ("airflow_clear_task", "supplier_catalogue", {"environment": "catalogue-prod"}),
}
"""The first change that is proposed; such changes end the incident (tests/deploy/local/account/changes/fixes.py)."""
ENDS_IT: dict[str, str] = {
    "lambda-errors-after-deploy": "rolled-back",
    "lambda-stale-secret": "restarted",
    "lambda-timeouts": "long-enough",
    "lambda-cost-spike": "stopped",
    "ecs-out-of-memory": "rolled-back",
    "rds-connections-exhausted": "rolled-back",
    "ecs-hung-workers": "restarted",
    "ecs-backlog": "enough",
    "asg-too-small": "enough",
    "rds-idle-transactions": "idle-sessions-end",
    "rds-pending-reboot": "rebooted",
    "dynamodb-throttling": "on-demand",
    "sqs-dead-letters": "redriven-to-its-source",
    "state-machine-interrupted": "redriven",
    "airflow-dag-paused": "unpaused",
    "airflow-run-missing": "triggered",
    "airflow-input-late": "cleared",
}
"""The scenario's reaction to that change, by which its signal recovers."""
MISLEADING = "two-suspects"
"""What looks like its cause is not: the change that is right is the second one."""
NOTHING = sorted({*scenario_names(), *drill_names()} - {*RIGHT, MISLEADING})
"""No runbook knows a change that is right for these wherever it fits."""


@pytest.fixture(scope="module")
def account() -> Iterator[SimulatedAccount]:
    with SimulatedAccount(clock=lambda: START) as running, pytest.MonkeyPatch.context() as environment:
        for name, value in running.environment(read_only=True).items():
            environment.setenv(name, value)
        yield running


async def nobody_follows(_: dict[str, Any]) -> None:
    return None


async def diagnosed(app: Any, scenario: Scenario, tried: tuple[str, ...] = ()) -> Incident:
    event = {**render_alert(scenario, START), "type": "message", "bot_id": "B1", "ts": f"{START.timestamp():.6f}"}
    (alert,) = parse_alerts({"event": event, "channel": "C1", "team": "T1"}, START, {})
    diagnosis, evidence = await app.analyse(alert, new_id("run"), nobody_follows, (), tried)
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


def change(account: SimulatedAccount, settings: Settings, deps: Deps, step: Step) -> None:
    """Make a proposed change as it was previewed, with credentials for just that."""
    account.heal()
    kind, preview = actions(settings)[step.action.type], step.preview
    assert preview is not None
    order = kind.order(step.action.target, step.action.parameters, deps.aws.partition)
    session = AssumedWriteAccess.of(settings).open(kind.permissions(order), step.action.id, deps.aws.account)
    assert kind.execute(order, preview, session, f"wk-{step.action.id}", START).succeeded


async def planned(account: SimulatedAccount, name: str, home: Path) -> tuple[Incident, tuple[Step, ...]]:
    """The incident of a scenario with its diagnosis, and the steps that follow from it."""
    scenario = load_scenario(name)
    account.reset()
    account.load(scenario, START)
    settings = Settings.read(home=home, executor_role_arn=account.executor_role_arn)
    held = build_deps(settings, clock=lambda: START)
    try:
        async with application(held.deps) as app:
            incident = await diagnosed(app, scenario)
            made = Remediation(
                id=new_id("rem"), incident_id=incident.id, requested_by="test", created_at=START, updated_at=START
            )
            executor = Executor(held.deps, AssumedWriteAccess.of(settings))
            steps, impossible = await next_steps(made, incident, actions(settings), executor)
            assert not impossible
            for step in steps:
                change(account, settings, held.deps, step)
            return incident, steps
    finally:
        held.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(RIGHT))
async def test_an_alert_leads_to_the_right_change(name: str, account: SimulatedAccount, tmp_path: Path) -> None:
    incident, steps = await planned(account, name, tmp_path)

    assert incident.diagnosis is not None
    assert incident.diagnosis.root_cause
    assert [step.preview.problems for step in steps if step.preview] == [()], steps
    (step,) = steps
    kind, target, parameters = RIGHT[name]
    assert (step.status, step.action.type, step.action.target.id) == (StepStatus.proposed, kind, target)
    assert parameters.items() <= step.action.parameters.items()
    assert step.action.evidence
    assert kind in load_scenario(name).answer_key.remediation
    assert account.happened(name) == (ENDS_IT[name],)


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTHING)
async def test_nothing_is_proposed_where_no_change_is_known_to_be_right(
    name: str, account: SimulatedAccount, tmp_path: Path
) -> None:
    _, steps = await planned(account, name, tmp_path)

    assert [step.action.type for step in steps] == []


@pytest.mark.slow
async def test_a_cause_whose_remedy_did_not_help_gives_way_to_the_next(
    account: SimulatedAccount, tmp_path: Path
) -> None:
    scenario = load_scenario(MISLEADING)
    account.reset()
    account.load(scenario, START)
    held = build_deps(Settings.read(home=tmp_path), clock=lambda: START)
    async with application(held.deps) as app:
        first = await diagnosed(app, scenario)
        executor = Executor(held.deps, AssumedWriteAccess.of(held.deps.settings))
        assert [each.type for each in proposals(first, executor)] == ["lambda_rollback"]
        assert first.diagnosis is not None
        tried = f"{first.diagnosis.runbook}: Point the alias at version 2. It did not help: the alarm is ALARM."
        second = await diagnosed(app, scenario, (tried,))
        (right,) = proposals(second, executor)
        assert (right.type, right.target) == ("dynamodb_capacity", "voucher-redemptions")
    held.close()


def test_fifteen_kinds_of_changes_are_found_offline() -> None:
    assert len({kind for kind, _, _ in RIGHT.values()}) >= 15
