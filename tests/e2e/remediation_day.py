"""A day on call: incidents of many kinds, one after the other, on one stage; and what ends each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.account import SimulatedAccount, load_scenario, render_alert
from deploy.local.workspace.background import running_workspace
from slack_app.blocks.approval import HEADINGS
from tests.e2e.remediation_stage import LOOK_SECONDS, POLICY, MovedClock, Stage, opened_stage
from tests.e2e.service import post_to_webhook, replies, text_of
from tests.e2e.test_webhooks import free_port
from tests.tools.actions.account import person

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:nightly-settlement:settlement-of-today"


@dataclass(frozen=True)
class Change:
    """What ends a scenario's incident. `seen` reads the account itself, before and afterwards."""

    kind: str
    title: str
    seen: Callable[[], Any]
    before: Any
    after: Any
    at_once: bool = True
    """Whether it is so as soon as the call was made; else it takes a while."""


def lambda_function(name: str) -> dict[str, Any]:
    return person()("lambda").get_function_configuration(FunctionName=name)


def alias() -> str:
    return person()("lambda").get_alias(FunctionName="checkout-submit-order", Name="live")["FunctionVersion"]


def restarted_by() -> bool:
    return "WATCHKEEPER_RESTARTED_AT" in lambda_function("fx-rates-reader")["Environment"]["Variables"]


def ecs_service(cluster: str, name: str) -> dict[str, Any]:
    return person()("ecs").describe_services(cluster=cluster, services=[name])["services"][0]


def task_family(cluster: str, name: str) -> str:
    return ecs_service(cluster, name)["taskDefinition"].rpartition("/")[2]


def is_deployed_anew() -> bool:
    (deployment,) = (
        d for d in ecs_service("documents-prod", "document-render")["deployments"] if d["status"] == "PRIMARY"
    )
    return deployment["createdAt"] > datetime.now(UTC) - timedelta(days=1)


def instances() -> int:
    groups = person()("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["quotes-web"])
    return groups["AutoScalingGroups"][0]["DesiredCapacity"]


def idle_timeout() -> str:
    parameters = person()("rds").describe_db_parameters(DBParameterGroupName="ledger-db-params")["Parameters"]
    return next(
        each["ParameterValue"] for each in parameters if each["ParameterName"] == "idle_in_transaction_session_timeout"
    )


def parameters_of_pricing() -> str:
    (database,) = person()("rds").describe_db_instances(DBInstanceIdentifier="pricing-db")["DBInstances"]
    return database["DBParameterGroups"][0]["ParameterApplyStatus"]


def billing_mode() -> str:
    table = person()("dynamodb").describe_table(TableName="storefront-sessions")["Table"]
    return table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")


def dead_letters() -> int:
    sqs = person()("sqs")
    url = sqs.get_queue_url(QueueName="settlement-requests-dlq")["QueueUrl"]
    counted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(counted["Attributes"]["ApproximateNumberOfMessages"])


def settlement() -> str:
    return person()("stepfunctions").describe_execution(executionArn=EXECUTION)["status"]


def airflow(environment: str, path: str) -> dict[str, Any]:
    return person()("mwaa").invoke_rest_api(Name=environment, Method="GET", Path=path)["RestApiResponse"]


def is_paused() -> bool:
    return airflow("finance-prod", "/dags/ledger_export")["is_paused"]


def runs_of_prices() -> int:
    return airflow("sourcing-prod", "/dags/supplier_prices/dagRuns")["total_entries"]


def catalogue() -> str:
    """What became of the latest run."""
    runs = airflow("catalogue-prod", "/dags/supplier_catalogue/dagRuns")["dag_runs"]
    return max(runs, key=lambda run: run["start_date"])["state"]


CHANGES: dict[str, Change] = {
    "lambda-errors-after-deploy": Change("lambda_rollback", "Point the alias live", alias, "4", "3"),
    "lambda-stale-secret": Change("lambda_restart", "Restart fx-rates-reader", restarted_by, False, True),
    "lambda-timeouts": Change(
        "lambda_config", "Set the timeout of label-printer", lambda: lambda_function("label-printer")["Timeout"], 6, 12
    ),
    "ecs-hung-workers": Change("ecs_restart", "Restart all tasks of document-render", is_deployed_anew, False, True),
    "ecs-backlog": Change(
        "ecs_scale", "Let photo-worker", lambda: ecs_service("photos-prod", "photo-worker")["desiredCount"], 3, 6
    ),
    "ecs-out-of-memory": Change(
        "ecs_rollback",
        "Deploy recommendations:17",
        lambda: task_family("catalog-prod", "recommendations"),
        "recommendations:18",
        "recommendations:17",
    ),
    "asg-too-small": Change("asg_scale", "Let the group quotes-web", instances, 3, 6),
    "rds-idle-transactions": Change(
        "rds_parameter", "Set idle_in_transaction_session_timeout", idle_timeout, "86400000", "300000"
    ),
    "rds-pending-reboot": Change(
        "rds_reboot", "Reboot pricing-db", parameters_of_pricing, "pending-reboot", "in-sync", at_once=False
    ),
    "dynamodb-throttling": Change(
        "dynamodb_capacity", "Switch the table storefront-sessions", billing_mode, "PROVISIONED", "PAY_PER_REQUEST"
    ),
    "sqs-dead-letters": Change(
        "sqs_redrive", "Move the messages of settlement-requests-dlq", dead_letters, 212, 0, at_once=False
    ),
    "state-machine-interrupted": Change(
        "stepfunctions_redrive", "Take up the execution", settlement, "FAILED", "SUCCEEDED", at_once=False
    ),
    "airflow-dag-paused": Change("airflow_pause_dag", "Unpause the DAG ledger_export", is_paused, True, False),
    "airflow-run-missing": Change(
        "airflow_trigger_dag", "Start a run of the DAG supplier_prices", runs_of_prices, 19, 20
    ),
    "airflow-input-late": Change(
        "airflow_clear_task",
        "Run the failed tasks of supplier_catalogue",
        catalogue,
        "failed",
        "success",
        at_once=False,
    ),
}
BETWEEN = timedelta(hours=3)
"""What begins later has nothing to do with what was before."""
WAIT_SECONDS = 120.0


class Day(Stage):
    """Incident after incident on one stage."""

    def happens(self, name: str, change: Change) -> dict[str, Any]:
        """The alert as its monitoring posts it, and the card that follows."""
        self.clock.ahead += BETWEEN
        scenario, now = load_scenario(name), self.clock()
        self.title = change.title
        self.account.load(scenario, now)
        self.account.heal()  # how a change fails is told in other tests
        assert change.seen() == change.before
        known = {message["ts"] for message in self.ws.messages("alerts")}
        post_to_webhook(self.ws.incoming_webhook_url("alerts", scenario.alert.app), render_alert(scenario, now))
        self.ts = next(message["ts"] for message in self.ws.messages("alerts") if message["ts"] not in known)
        return self.until(lambda: self.headed("Approval needed"))

    def headed(self, words: str) -> dict[str, Any] | None:
        """The one card, when its heading says so."""
        cards = [each for each in replies(self.ws, "alerts", self.ts) if each["text"].startswith(CARD)]
        return cards[0] if cards and words in cards[0]["text"] else None

    def until(self, shown: Callable[[], Any], step: timedelta = timedelta()) -> Any:
        """Looks ten times a second, which is cheap, and lets so much time pass at each look."""
        end = time.monotonic() + WAIT_SECONDS
        while not (found := shown()):
            if time.monotonic() > end:
                pytest.fail("\n".join(text_of(each) for each in replies(self.ws, "alerts", self.ts)))
            time.sleep(LOOK_SECONDS)
            self.clock.ahead += step
        return found


QUIET: dict[str, Any] = {"tick_minutes": 0, "digest_hours": 0, "job_lease_seconds": 3600}
"""Nothing but the alerts of the day; and time that flies ends no lease of who is at work."""
CARD = tuple(HEADINGS.values())


@contextmanager
def opened_day(home: Path, policy: str = POLICY, over_http: bool = False) -> Generator[Day]:
    """One account, one workspace and one service, whose time moves together."""
    clock, port = MovedClock(), free_port() if over_http else 0
    wire: dict[str, Any] = {"slack_app_token": None, "http_port": port} if over_http else {}
    with (
        SimulatedAccount(clock=clock) as account,
        running_workspace(
            clock=lambda: clock().timestamp(),
            events_url=f"http://127.0.0.1:{port}/slack/events" if over_http else None,
        ) as workspace,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("WATCHKEEPER_HOME", str(home))
        with opened_stage(account, clock, workspace, home, environment, policy, **QUIET, **wire) as stage:
            yield Day(stage.ws, stage.account, stage.clock, stage.deps, stage.policy)
