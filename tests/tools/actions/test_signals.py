"""What is watched: the alert's own signal, and without one what the action itself is seen by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agent.models import Alert, Resource
from tests.contracts.action_cases import CASES
from tests.contracts.action_cases.case import ActionCase
from tools.actions.catalog import ACTIONS
from tools.actions.kind import Order
from tools.actions.signals import signal_check

AT = datetime(2026, 11, 18, 14, 22, tzinfo=UTC)
WEB = Resource(service="ecs", id="web", region="eu-west-1")
WELL = "It is well"
SEEN_BY = {
    "lambda_rollback": "metric",
    "lambda_restart": "metric",
    "lambda_config": "metric",
    "lambda_test": "command",
    "ecs_restart": "state",
    "ecs_scale": "state",
    "ecs_rollback": "state",
    "asg_scale": "state",
    "rds_parameter": "state",
    "rds_reboot": "state",
    "dynamodb_capacity": "metric",
    "sqs_redrive": "queue",
    "eventbridge_event": "state",
    "stepfunctions_redrive": "execution",
    "airflow_clear_task": "dag_run",
    "airflow_trigger_dag": "dag_run",
    "airflow_pause_dag": "state",
    "ssm_document": "command",
    "ssm_script": "command",
}


def alert(**fields: Any) -> Alert:
    return Alert.model_validate({"source": "test", "title": "t", "started_at": AT, "fingerprint": "f", **fields})


def order_of(case: ActionCase) -> Order[Any]:
    return ACTIONS[case.kind].order(case.target, dict(case.parameters))


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_each_kind_of_action_knows_what_it_is_seen_by_without_a_signal(case: ActionCase) -> None:
    seen = ACTIONS[case.kind].check(order_of(case), None)
    tasks = bool(case.parameters.get("task_ids"))
    assert seen.kind == ("task" if tasks else SEEN_BY[case.kind])
    assert seen.expected


def test_the_signal_that_fired_goes_before_that() -> None:
    case = next(case for case in CASES if case.kind == "ecs_restart")
    fired = alert(labels={"alarm_name": "web-errors"}, resource=WEB)
    seen = ACTIONS[case.kind].check(order_of(case), fired)
    assert (seen.kind, seen.name, seen.parameters) == ("alarm", "web-errors", {"region": "eu-west-1"})


def test_a_run_is_watched_where_one_failed() -> None:
    seen = signal_check(alert(dag_id="orders", run_id="r1", task_id="load"), WELL)
    assert (seen.kind, seen.name) == ("dag_run", "orders")
    assert seen.parameters == {"dag_id": "orders", "run_id": "r1", "task_id": "load"}


@pytest.mark.parametrize(
    ("fields", "side"),
    [
        ({"threshold": "> 1,200.5"}, "above"),
        ({"threshold": "<= 5"}, "below"),
        ({"threshold": "180", "description": "avg(last_5m):avg:connections{db:orders} > 180"}, "above"),
        ({"threshold": "3", "title": "Running tasks below 3"}, "below"),
        ({"threshold": "180", "description": "above 90% of 180"}, None),
        ({"threshold": "180", "value": "196.4"}, "above"),
        ({"threshold": "3.0", "value": "1"}, "below"),
        ({"threshold": "3", "value": "3"}, None),
        ({"threshold": "", "value": "3"}, None),
    ],
)
def test_on_which_side_of_its_threshold_it_fired(fields: dict[str, str], side: str | None) -> None:
    seen = signal_check(alert(metric="Load", resource=WEB, **fields), WELL)
    assert (seen.kind, seen.parameters.get("comparison"), seen.parameters["since"]) == ("metric", side, AT.isoformat())


def test_a_metric_of_nothing_in_particular_is_no_signal() -> None:
    seen = signal_check(alert(metric="Cost"), WELL, "queue", "letters")
    assert (seen.kind, seen.name, seen.expected) == ("queue", "letters", WELL)
