"""Signals read over the wire before and after a change: one that helps, and one that does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from agent.models import ActionResult, Alert, Check, Resource
from agent.settings import Settings
from agent.sources import parse_alerts
from agent.verifying import Reading
from deploy.local.account import Scenario, SimulatedAccount, load_scenario, render_alert
from deploy.local.account.faults import Fault
from tests.deploy.local.account.changes.fixes import EVENT, RIGHT, SETTLEMENT, Call, airflow
from tests.tools.actions.account import NOW, REGION, person
from tools.actions.readers.watched import Watched
from tools.actions.signal_reader import READERS, read_baseline, read_signal
from tools.actions.signals import signal_check
from tools.aws import Boto3Session

STORY = {"question": "?", "answer_key": {"root_cause": "", "wordings": []}}
NAMED = {"name": "test", "title": "t", "description": "d", "alert": {"app": "Test", "text": "x"}}
DLQ = "settlement-requests-dlq"
RUN = "scheduled__2026-11-18T14:00:00+00:00"
ORDERS, SUPPLIERS, LEDGER = "daily_orders_ingest", "supplier_prices", "ledger_export"


@dataclass
class Case:
    """A check in a scenario, and somebody who changes the account."""

    account: SimulatedAccount
    moment: datetime = NOW
    watched: Watched = field(init=False)

    def now(self) -> datetime:
        return self.moment

    def load(self, scenario: str | Scenario, check: Check, target: Resource, *near: str) -> Reading:
        """The reading before any change, which is what it is compared with afterwards."""
        self.moment = NOW
        self.account.reset()
        self.account.load(load_scenario(scenario) if isinstance(scenario, str) else scenario, NOW)
        aws = Boto3Session.open(REGION)
        self.watched = Watched(check, target, aws, NOW, Settings.read(), near=near)
        self.watched = replace(self.watched, baseline=read_baseline(self.watched))
        return read_signal(self.watched)

    def change(self, call: Call, **result: Any) -> None:
        service, operation, parameters = call
        self.account.heal()
        getattr(person()(service), operation)(**parameters)
        made = ActionResult(**{"succeeded": True, "message": "Done.", "at": self.moment, **result})
        self.watched = replace(self.watched, result=made)

    def after(self, minutes: float) -> Reading:
        self.moment += timedelta(minutes=minutes)
        return read_signal(replace(self.watched, now=self.moment))


@pytest.fixture(scope="module")
def case() -> Iterator[Case]:
    cases: list[Case] = []
    clock: Callable[[], datetime] = lambda: cases[0].moment if cases else NOW  # noqa: E731 -- the account comes first
    with SimulatedAccount(clock=clock) as account, pytest.MonkeyPatch.context() as environment:
        for name, value in account.environment(read_only=True).items():
            environment.setenv(name, value)
        cases.append(Case(account))
        yield cases[0]


def alert_of(scenario: str) -> Alert:
    event = {**render_alert(load_scenario(scenario), NOW), "type": "message", "bot_id": "B1", "ts": "1795014000.000000"}
    (alert,) = parse_alerts({"event": event, "channel": "C1", "team": "T1"}, NOW, {})
    return alert


def resource(service: str, name: str) -> Resource:
    return Resource(service=service, id=name, region=REGION, account="123456789012")


def check(kind: Any, name: str = "", **parameters: str) -> Check:
    return signal_check(None, "It is well", kind, name, **parameters)


def right(kind: str, scenario: str) -> Call:
    return next(call for name, call in RIGHT[kind] if name == scenario)


def test_every_kind_of_check_has_a_reader() -> None:
    assert set(READERS) == set(Check.model_fields["kind"].annotation.__args__)  # type: ignore[union-attr]  # a Literal


def test_an_alarm_and_its_metric_recover_with_the_right_change(case: Case) -> None:
    name = "lambda-errors-after-deploy"
    wanted = signal_check(alert_of(name), "It is well")
    before = case.load(name, wanted, resource("lambda", "checkout-submit-order"))
    assert (before.good, before.before, before.higher_is_worse) == (False, before.value, True)
    assert "is ALARM, Errors 1" in before.seen

    case.change(("lambda", "put_function_concurrency", _reserve("checkout-submit-order", 50)))
    useless = case.after(6)
    assert (useless.good, useless.worse) == (False, False)
    case.change(right("lambda_rollback", name))
    after = case.after(6)
    assert (after.good, after.worse, after.nearby) == (True, False, ())
    assert after.value is not None
    assert after.value < 5


def test_less_is_worse_where_an_alarm_fires_below_its_threshold(case: Case) -> None:
    name = "ecs-hung-workers"
    before = case.load(name, signal_check(alert_of(name), "x"), resource("ecs", "document-render"))
    assert (before.good, before.higher_is_worse) == (False, False)
    case.change(right("ecs_restart", name))
    assert case.after(8).good is True


def test_a_minute_that_has_just_begun_is_not_taken_for_a_fall(case: Case) -> None:
    """Ten seconds of a minute hold a sixth of what is counted in it."""
    name = "ecs-hung-workers"
    case.load(name, signal_check(alert_of(name), "x"), resource("ecs", "document-render"))
    case.change(right("ecs_restart", name))
    case.after(8)
    assert case.after(10 / 60).value == case.after(0).value


def test_an_alarm_that_is_gone_or_has_no_data_says_nothing(case: Case) -> None:
    silent = {**_alarm("silent"), "metric": "Nobody", "treat_missing": "missing"}
    case.load(_scenario(alarms=[silent]), check("alarm", "gone"), resource("lambda", "checkout"))
    assert case.after(0) == Reading(None, "There is no alarm gone any more.")
    case.load(_scenario(alarms=[silent]), check("alarm", "silent"), resource("lambda", "checkout"))
    assert (case.after(0).good, "INSUFFICIENT_DATA" in case.after(0).seen) == (None, True)


def test_a_metric_is_held_against_the_threshold_of_whoever_told_of_it(case: Case) -> None:
    """Datadog's alert has no alarm in CloudWatch, but names a metric of it."""
    name = "rds-connections-exhausted"
    wanted = signal_check(alert_of(name), "x")
    assert (wanted.kind, wanted.parameters["threshold"]) == ("metric", "180")
    before = case.load(name, wanted, resource("ecs", "orders-api"))
    assert (before.good, before.higher_is_worse, "180 is its threshold" in before.seen) == (False, True, True)
    case.change(("rds", "reboot_db_instance", {"DBInstanceIdentifier": "orders-db"}))
    assert case.after(8).good is False
    case.change(right("ecs_rollback", name))
    assert case.after(10).good is True


def test_a_metric_without_a_threshold_is_held_against_what_was_usual(case: Case) -> None:
    name, function = "lambda-errors-after-deploy", "checkout-submit-order"
    since = (NOW - timedelta(minutes=38)).isoformat()
    wanted = check("metric", "Errors", service="lambda", resource=function, since=since)
    before = case.load(name, wanted, resource("lambda", function))
    assert (before.good, "was usual before" in before.seen) == (False, True)
    case.change(right("lambda_rollback", name))
    assert case.after(6).good is True


def test_a_metric_that_cloudwatch_does_not_have_cannot_be_read(case: Case) -> None:
    wanted = check("metric", "FORECASTED Cost", service="budgets", resource="platform-network-monthly")
    reading = case.load("nat-gateway-cost", wanted, resource("ec2", "nat-1"))
    assert (reading.good, "has no metric" in reading.seen) == (None, True)


def test_a_queue_is_well_when_it_is_empty(case: Case) -> None:
    before = case.load("sqs-dead-letters", check("queue", DLQ), resource("sqs", DLQ))
    assert before.good is False
    assert before.value
    case.change(right("sqs_redrive", "sqs-dead-letters"))
    assert case.after(8) == Reading(True, f"{DLQ} is empty.", 0.0, before.value)


def test_an_execution_is_well_when_it_has_succeeded(case: Case) -> None:
    machine = resource("stepfunctions", "nightly-settlement")
    before = case.load("state-machine-interrupted", check("execution", machine.id), machine)
    assert before.good is None
    case.change(right("stepfunctions_redrive", "state-machine-interrupted"), reference=SETTLEMENT)
    running = case.after(0)
    assert (running.good, running.going_on) == (False, True)
    assert case.after(5).good is True


def test_a_run_that_is_begun_is_followed_to_its_end(case: Case) -> None:
    wanted = check("dag_run", SUPPLIERS, environment="sourcing-prod")
    before = case.load("airflow-run-missing", wanted, resource("mwaa", SUPPLIERS))
    assert before.seen.startswith("The run ")
    body = {"dag_run_id": "watchkeeper__1", "logical_date": None}
    case.change(airflow("sourcing-prod", "POST", f"/dags/{SUPPLIERS}/dagRuns", body), after={"run": "watchkeeper__1"})
    during = case.after(0)
    assert (during.good, during.going_on) == (False, True)
    assert "watchkeeper__1" in during.seen
    assert case.after(30).good is True


def test_the_run_of_an_alert_is_well_once_its_failed_task_has_succeeded(case: Case) -> None:
    name = "airflow-missing-upstream-file"
    wanted = signal_check(alert_of(name), "x")
    assert (wanted.kind, wanted.name, wanted.parameters["run_id"]) == ("dag_run", ORDERS, RUN)
    assert case.load(name, wanted, resource("mwaa", ORDERS)).good is False
    case.change(_clear())
    again = case.after(10)
    assert (again.good, again.going_on) == (False, False)

    key = {"Bucket": "harborline-partner-drops", "Key": "orders/today/orders.csv", "Body": b"id"}
    case.change(("s3", "put_object", key))
    case.change(_clear())
    assert case.after(20).good is True


def test_tasks_are_well_when_all_of_them_have_succeeded(case: Case) -> None:
    wanted = check("task", "load_orders", dag_id=ORDERS, run_id=RUN)
    before = case.load("airflow-missing-upstream-file", wanted, resource("mwaa", ORDERS))
    assert before == Reading(False, f"In the run {RUN}, load_orders is failed.")
    case.change(("s3", "put_object", {"Bucket": "harborline-partner-drops", "Key": "orders/today.csv", "Body": b"id"}))
    case.change(_clear())
    assert case.after(0).going_on
    assert case.after(20).good is True


def test_a_command_is_well_when_it_has_ended_well(case: Case) -> None:
    case.load(_scenario(), check("command"), resource("ec2", "i-1"))
    for over, succeeded, good in ((False, True, False), (True, True, True), (True, False, False)):
        made = ActionResult(succeeded=succeeded, over=over, message="It ran.", at=NOW)
        reading = read_signal(replace(case.watched, result=made))
        assert (reading.good, reading.going_on, reading.seen) == (good, not over, "It ran.")


def test_a_service_is_well_when_it_runs_as_many_tasks_as_it_should(case: Case) -> None:
    name = "ecs-out-of-memory"
    wanted = check("state", cluster="catalog-prod")
    before = case.load(name, wanted, resource("ecs", "recommendations"))
    assert (before.good, before.higher_is_worse) == (False, False)
    case.change(right("ecs_rollback", name))
    assert case.after(8).good is True


@pytest.mark.parametrize(
    ("scenario", "service", "name", "good"),
    [
        ("rds-idle-transactions", "rds", "ledger-db", "ledger-db is available."),
        ("dynamodb-throttling", "dynamodb", "storefront-sessions", "storefront-sessions is ACTIVE."),
        ("asg-too-small", "autoscaling", "quotes-web", "quotes-web has 3 of 3 healthy instances."),
    ],
)
def test_a_resource_says_itself_how_it_is(case: Case, scenario: str, service: str, name: str, good: str) -> None:
    reading = case.load(scenario, check("state"), resource(service, name))
    assert (reading.good, reading.seen) == (True, good)


def test_a_dag_is_well_when_it_is_paused_or_not_as_it_should(case: Case) -> None:
    wanted = check("state", environment="finance-prod", paused="False")
    assert case.load("airflow-dag-paused", wanted, resource("mwaa", LEDGER)).good is False
    case.change(airflow("finance-prod", "PATCH", f"/dags/{LEDGER}", {"is_paused": True}))
    assert case.after(1).good is False
    case.change(right("airflow_pause_dag", "airflow-dag-paused"))
    assert case.after(1) == Reading(True, f"The DAG {LEDGER} is active.")


def test_what_nothing_shows_is_left_to_people(case: Case) -> None:
    reading = case.load("missed-event", check("state"), resource("events", "default"))
    assert (reading.good, "a person has to look" in reading.seen) == (None, True)
    case.change(("events", "put_events", {"Entries": [EVENT]}))
    assert case.after(8).good is None


@pytest.mark.parametrize("kind", sorted(set(READERS) - {"command"}))
def test_what_may_not_be_read_is_neither_good_nor_bad(case: Case, kind: str) -> None:
    wanted = check(kind, "checkout", resource="checkout", service="lambda", dag_id="checkout")
    case.load(_scenario(), wanted, resource("ecs", "checkout"))
    case.account.put(Fault("*:*", code="AccessDenied", status=403))
    made = ActionResult(succeeded=True, reference=SETTLEMENT, message="Done.", at=NOW)
    reading = read_signal(replace(case.watched, result=made))
    assert (reading.good, "could not be read" in reading.seen) == (None, True)
    assert read_baseline(case.watched) == {}


def test_alarms_near_it_that_begin_to_fire_are_found_over_all_pages(case: Case) -> None:
    """A hundred and twenty alarms of others fire already; of what is near two begin to, and one did before."""
    others = [_alarm(f"other-{number}", since="-9m") for number in range(120)]
    parts = {
        "alarms": [
            *others,
            _alarm("checkout-errors", since="-9m"),
            _alarm("checkout-latency", since="2m"),
            _alarm("queue-age", since="2m", dimensions={"QueueName": "checkout-orders"}),
            _alarm("pre-checkout2-errors", since="2m"),
        ]
    }
    parts["metrics"] = [_metric(alarm) for alarm in parts["alarms"]]
    for alarm in parts["alarms"]:
        alarm.pop("since")
    wanted, target = check("alarm", "checkout-errors"), resource("lambda", "checkout")
    assert case.load(_scenario(**parts), wanted, target, "checkout-orders").nearby == ()
    assert case.after(6).nearby == ("checkout-latency", "queue-age")
    unread = replace(case.watched, baseline={})
    assert read_signal(replace(unread, now=case.moment)).nearby == ()


def _reserve(name: str, count: int) -> dict[str, Any]:
    return {"FunctionName": name, "ReservedConcurrentExecutions": count}


def _clear() -> Call:
    body = {
        "dry_run": False,
        "dag_run_id": RUN,
        "task_ids": ["load_orders"],
        "only_failed": True,
        "include_downstream": True,
    }
    return airflow("data-platform-prod", "POST", f"/dags/{ORDERS}/clearTaskInstances", body)


def _alarm(name: str, **more: Any) -> dict[str, Any]:
    base = {"namespace": "Test", "metric": name, "statistic": "Sum", "period": 60, "evaluation_periods": 2}
    return {"name": name, **base, "threshold": 5, "comparison": "GreaterThanThreshold", **more}


def _metric(alarm: dict[str, Any]) -> dict[str, Any]:
    base = {"namespace": "Test", "name": alarm["metric"], "unit": "Count", "statistic_kind": "count", "baseline": 0}
    events = [{"from": alarm["since"], "set": 9, "noise": 0}]
    return {**base, "noise": 0, "dimensions": alarm.get("dimensions", {}), "events": events}


def _scenario(**parts: Any) -> Scenario:
    return Scenario.model_validate({**NAMED, **STORY, **parts})
