"""Each drill, and each scenario that has a remedy: its alarm has fired, the right change ends it, and others do not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from agent.findings import KINDS
from deploy.local.account import drill_names, render_alert, scenario_names
from tests.deploy.local.account.changes.conftest import Watcher, scenario
from tests.deploy.local.account.changes.fixes import RIGHT, RIGHT_CALLS, WRONG, Call
from tests.deploy.local.account.conftest import NOW
from tests.deploy.local.account.test_scenarios import all_named


def make(watch: Watcher, call: Call) -> Any:
    service, operation, params = call
    watch.account.heal()
    return getattr(watch.client(service), operation)(**params)


def told_alarm(name: str) -> str:
    """The name of the alarm that a scenario's alert is about; of its main metric where another tool tells of it."""
    alert = json.dumps(render_alert(scenario(name), NOW))
    return next((each.name for each in scenario(name).alarms if each.name in alert), scenario(name).alarms[0].name)


@pytest.mark.parametrize(
    ("kind", "name", "call"), RIGHT_CALLS, ids=[f"{kind} in {name}" for kind, name, _ in RIGHT_CALLS]
)
def test_the_right_change_ends_the_alarm(watch: Watcher, kind: str, name: str, call: Call) -> None:
    watch.load(name)
    alarm = told_alarm(name)
    before = watch.alarm(alarm)
    make(watch, call)
    watch.wait(minutes=12)

    assert kind in scenario(name).answer_key.remediation
    assert (before, watch.alarm(alarm)) == ("ALARM", "OK")
    assert len(watch.account.happened(name)) == 1


@pytest.mark.parametrize(("name", "call"), WRONG, ids=[f"{call[1]} in {name}" for name, call in WRONG])
def test_another_change_does_not(watch: Watcher, name: str, call: Call) -> None:
    watch.load(name)
    make(watch, call)
    watch.wait(minutes=14)

    assert watch.alarm(told_alarm(name)) == "ALARM"


@pytest.mark.parametrize("name", drill_names())
def test_nothing_recovers_by_itself(watch: Watcher, name: str) -> None:
    watch.load(name)
    states = {each.name: watch.alarm(each.name) for each in scenario(name).alarms}
    watch.wait(minutes=20)

    assert states.pop(told_alarm(name)) == "ALARM"
    assert set(states.values()) <= {"OK"}
    assert watch.alarm(told_alarm(name)) == "ALARM"


def test_every_kind_of_action_that_can_be_verified_has_a_scenario_in_which_it_is_right() -> None:
    wanted = {kind for name in (*drill_names(), *scenario_names()) for kind in scenario(name).answer_key.remediation}

    assert wanted <= set(RIGHT)
    assert len(RIGHT) >= 17


@pytest.mark.parametrize("name", drill_names())
def test_a_drill_is_told_as_scenarios_are(name: str) -> None:
    key = scenario(name).answer_key

    assert {each.finding_kind for each in key.must_cite} <= set(KINDS)
    assert "{" not in json.dumps(render_alert(scenario(name), NOW)["attachments"][0]["fallback"])
    assert name not in scenario(name).question


def test_no_drill_uses_a_name_of_another_scenario() -> None:
    names = (*drill_names(), *scenario_names())
    counted = Counter(named for name in names for named in set(all_named(scenario(name))))

    assert [named for named, count in counted.items() if count > 1] == []


def test_a_reboot_puts_a_raised_limit_into_effect_though_the_alarm_knows_the_old_one(watch: Watcher) -> None:
    watch.load("rds-connections-exhausted")
    limit = {"ParameterName": "max_connections", "ParameterValue": "400", "ApplyMethod": "pending-reboot"}
    make(
        watch, ("rds", "modify_db_parameter_group", {"DBParameterGroupName": "orders-db-params", "Parameters": [limit]})
    )
    watch.wait(minutes=5)
    waiting = watch.metric("AWS/ApiGateway", "5XXError", "Sum", ApiName="orders-api", Stage="prod")
    make(watch, ("rds", "reboot_db_instance", {"DBInstanceIdentifier": "orders-db"}))
    watch.wait(minutes=6)

    assert min(waiting) > 20
    assert max(watch.metric("AWS/ApiGateway", "5XXError", "Sum", ApiName="orders-api", Stage="prod")) < 5
    assert watch.alarm("orders-db-connections-high") == "ALARM"


def test_more_tasks_make_the_lack_of_connections_worse(watch: Watcher) -> None:
    watch.load("rds-connections-exhausted")
    before = watch.metric("AWS/ApiGateway", "5XXError", "Sum", ApiName="orders-api", Stage="prod")
    make(watch, ("ecs", "update_service", {"cluster": "orders-prod", "service": "orders-api", "desiredCount": 10}))
    watch.wait(minutes=6)

    assert min(watch.metric("AWS/ApiGateway", "5XXError", "Sum", ApiName="orders-api", Stage="prod")) > 1.5 * max(
        before
    )


def test_starting_a_settlement_anew_sends_payments_twice(watch: Watcher) -> None:
    watch.load("state-machine-interrupted")
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:nightly-settlement"
    make(watch, ("stepfunctions", "start_execution", {"stateMachineArn": machine}))
    watch.wait(minutes=8)

    assert (watch.alarm("settlement-file-missing"), watch.alarm("payments-sent-twice")) == ("OK", "ALARM")


def test_the_sessions_that_held_the_connections_are_gone(watch: Watcher, client: Callable[..., Any]) -> None:
    watch.load("rds-idle-transactions")
    where = {
        "resourceArn": "arn:aws:rds:us-east-1:123456789012:db:ledger-db",
        "secretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:any",
    }
    question = "select count(*) from pg_stat_activity where state = 'idle in transaction'"

    def idle() -> int:
        return client("rds-data").execute_statement(**where, sql=question, database="ledger")["records"][0][0][
            "longValue"
        ]

    before = idle()
    make(watch, RIGHT["rds_parameter"][0][1])
    watch.wait(minutes=1)

    assert (before, idle()) == (100, 0)
