"""What becomes of an effect that goes on after its call: told once it is over, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from agent.models import ActionResult
from deploy.local.account import SimulatedAccount
from tests.contracts.action_cases.ecs import CLUSTER, NAME
from tests.contracts.action_cases.ecs import PARTS as SERVICES
from tests.contracts.action_cases.lambda_ import NAME as FUNCTION
from tests.contracts.action_cases.lambda_ import PARTS as FUNCTIONS
from tests.tools.actions.account import NOW, REGION, Bench, person
from tools.actions.catalog import ACTIONS
from tools.aws import Boto3Session

SECRET = "sesame-" + "opens"
EXECUTION = {"at": "-20m", "status": "FAILED", "name": "bad", "failed": {"state": "Pay", "error": "E", "cause": SECRET}}
FAILURE = {"run": "-1h", "task_id": "load"}
RUN = "scheduled__2026-11-18T14:00:00+00:00"


class LaterOn:
    """A bench in an account whose time goes on."""

    bench: Bench

    def __init__(self) -> None:
        self.moment = NOW

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def later_on() -> Iterator[LaterOn]:
    clock = LaterOn()
    with SimulatedAccount(clock=clock) as account, pytest.MonkeyPatch.context() as environment:
        for name, value in account.environment(read_only=True).items():
            environment.setenv(name, value)
        clock.bench = Bench(account, Boto3Session.open(REGION), person())
        yield clock


def outcome(bench: Bench, kind: str, target: str, sent: ActionResult, **parameters: Any) -> ActionResult:
    return ACTIONS[kind].outcome(bench.order(kind, target, parameters), sent, bench.aws)


def done(bench: Bench, kind: str, target: str, **parameters: Any) -> tuple[ActionResult, ActionResult]:
    """What the call gave, and what has become of it."""
    sent = bench.execute(kind, target, **parameters)
    assert sent.succeeded
    return sent, outcome(bench, kind, target, sent, **parameters)


def test_a_deployment_that_ecs_gives_up_has_failed(later_on: LaterOn) -> None:
    gives_up = {"name": NAME, "running": 0, "rollout": "FAILED", "reason": "tasks failed to start"}
    when = {"operation": "ecs:UpdateService", "request": {"service": NAME}}
    broken = {"name": "broken", "when": when, "after": "5m", "services": [gives_up]}
    later_on.bench.load(**SERVICES, reactions=[broken])
    parameters = {"cluster": CLUSTER, "task_definition": "web:1"}
    sent, same = done(later_on.bench, "ecs_rollback", NAME, **parameters)
    assert same == sent
    later_on.moment += timedelta(minutes=6)
    later = outcome(later_on.bench, "ecs_rollback", NAME, sent, **parameters)
    assert not later.succeeded
    assert "ECS has given the deployment up (tasks failed to start)" in later.message
    assert later.rollback_handle


def test_a_deployment_that_goes_on_or_is_complete_is_as_it_was(bench: Bench) -> None:
    bench.load(**SERVICES)
    sent, later = done(bench, "ecs_restart", NAME, cluster=CLUSTER)
    assert later == sent


def test_a_function_that_was_updated_is_as_it_was(bench: Bench) -> None:
    bench.load(**FUNCTIONS)
    for kind, parameters in (("lambda_restart", {}), ("lambda_config", {"timeout_s": 30})):
        sent, later = done(bench, kind, FUNCTION, **parameters)
        assert later == sent


def test_an_execution_that_fails_again_has_failed_and_tells_no_secret(bench: Bench) -> None:
    bench.load(resources={"state_machines": [{"name": "payouts", "executions": [EXECUTION]}]})
    sent, later = done(bench, "stepfunctions_redrive", "payouts", execution="bad")
    assert (sent.over, later.over, later.succeeded) == (False, True, False)
    assert later.message == "The execution bad ended as FAILED."
    assert SECRET not in later.model_dump_json()


def test_an_execution_that_succeeds_is_over(bench: Bench) -> None:
    machines = [{"name": "payouts", "executions": [EXECUTION]}]
    when = {"operation": "stepfunctions:RedriveExecution"}
    mended = {"name": "mended", "when": when, "machines": [{"name": "payouts"}]}
    bench.load(resources={"state_machines": machines}, reactions=[mended])
    _, later = done(bench, "stepfunctions_redrive", "payouts", execution="bad")
    assert (later.over, later.succeeded, later.message) == (True, True, "The execution bad has succeeded.")


def test_messages_that_were_moved_are_counted(bench: Bench) -> None:
    queues = [
        {"name": "payouts", "redrive": {"queue": "payouts-dlq", "max_receive_count": 3}},
        {"name": "payouts-dlq", "messages": [{"body": "1", "at": "-40m"}, {"body": "2", "at": "-40m"}]},
    ]
    bench.load(resources={"sqs_queues": queues})
    sent, later = done(bench, "sqs_redrive", "payouts-dlq", sources="payouts")
    assert (sent.over, later.over, later.succeeded) == (False, True, True)
    assert "moved about 2 messages" in later.message
    assert outcome(bench, "sqs_redrive", "payouts-dlq", later, sources="payouts") == later


def test_a_run_is_told_of_when_it_has_ended(later_on: LaterOn) -> None:
    later_on.bench.load(mwaa=[_airflow()])
    where = {"environment": "analytics"}
    sent, same = done(later_on.bench, "airflow_trigger_dag", "prices", **where)
    assert (sent.over, same) == (False, sent)
    later_on.moment += timedelta(hours=1)
    ended = outcome(later_on.bench, "airflow_trigger_dag", "prices", sent, **where)
    assert (ended.over, ended.succeeded) == (True, False)
    assert ended.message.endswith("of prices failed.")


def test_a_task_that_fails_again_has_failed(later_on: LaterOn) -> None:
    later_on.bench.load(mwaa=[_airflow()])
    parameters = {"environment": "analytics", "run_id": RUN}
    sent, same = done(later_on.bench, "airflow_clear_task", "prices", **parameters)
    assert (sent.over, same) == (False, sent)
    later_on.moment += timedelta(hours=1)
    ended = outcome(later_on.bench, "airflow_clear_task", "prices", sent, **parameters)
    assert (ended.over, ended.succeeded) == (True, False)
    assert ended.message == f"load, report of prices ({RUN}) failed."


def _airflow() -> dict[str, Any]:
    tasks = [{"task_id": "load"}, {"task_id": "report", "upstream": ["load"]}]
    runs = {"every": "1d", "latest": "-1h", "failures": [FAILURE]}
    dags = [{"dag_id": "prices", "tasks": tasks, "runs": runs}]
    return {"name": "analytics", "airflow_version": "3.0.6", "dags": dags}
