"""Step Functions, Airflow and Systems Manager: what failed runs again, and ends as it would by then."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.local.account.text import resource_id
from tests.deploy.local.account.changes.conftest import Watcher
from tests.deploy.local.account.conftest import NOW

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:nightly-settlement"
EXECUTION = MACHINE.replace("stateMachine", "execution") + ":settlement-of-today"
WRONG_PARAMETERS = "InvalidAutomationExecutionParametersException"
CLEAR = {"dry_run": False, "task_ids": ["load_orders"], "include_downstream": True, "only_failed": True}


@pytest.fixture
def settlement(watch: Watcher) -> Watcher:
    watch.load("state-machine-interrupted")
    return watch


def test_a_redriven_execution_runs_on_and_succeeds(settlement: Watcher) -> None:
    states = settlement.client("stepfunctions")
    states.redrive_execution(executionArn=EXECUTION)
    during = states.describe_execution(executionArn=EXECUTION)
    settlement.wait(minutes=5)
    after = states.describe_execution(executionArn=EXECUTION)
    history = [each["type"] for each in states.get_execution_history(executionArn=EXECUTION)["events"]]

    assert (during["status"], during["redriveCount"], "error" in during) == ("RUNNING", 1, False)
    assert (after["status"], after["redriveStatus"]) == ("SUCCEEDED", "NOT_REDRIVABLE")
    assert history[-3:] == ["ExecutionFailed", "ExecutionRedriven", "ExecutionSucceeded"]


def test_only_what_failed_can_be_redriven(settlement: Watcher) -> None:
    states = settlement.client("stepfunctions")
    done = states.list_executions(stateMachineArn=MACHINE, statusFilter="SUCCEEDED")["executions"][0]["executionArn"]

    with pytest.raises(ClientError, match="ExecutionNotRedrivable"):
        states.redrive_execution(executionArn=done)
    with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
        states.redrive_execution(executionArn=EXECUTION + "-not")
    states.redrive_execution(executionArn=EXECUTION)
    with pytest.raises(ClientError, match="ExecutionNotRedrivable"):
        states.redrive_execution(executionArn=EXECUTION)


def test_a_client_token_redrives_once(settlement: Watcher) -> None:
    states = settlement.client("stepfunctions")
    first = states.redrive_execution(executionArn=EXECUTION, clientToken="wk-act_1")["redriveDate"]
    settlement.wait(seconds=10)

    assert states.redrive_execution(executionArn=EXECUTION, clientToken="wk-act_1")["redriveDate"] == first
    assert states.describe_execution(executionArn=EXECUTION)["redriveCount"] == 1


def test_an_execution_of_what_still_fails_fails_again(load: Any, watch: Watcher) -> None:
    failed = {"state": "Send", "error": "States.TaskFailed", "cause": "no answer"}
    run = {"at": "-1h", "name": "first", "status": "FAILED", "lasts": "2m", "failed": failed}
    load(resources={"state_machines": [{"name": "nightly-settlement", "executions": [run]}]})
    states = watch.client("stepfunctions")
    arn = MACHINE.replace("stateMachine", "execution") + ":first"
    states.redrive_execution(executionArn=arn)
    watch.wait(minutes=3)

    again = states.describe_execution(executionArn=arn)
    assert (again["status"], again["cause"], again["redriveStatus"]) == ("FAILED", "no answer", "REDRIVABLE")


def test_an_execution_is_started_once_under_a_name(settlement: Watcher) -> None:
    states = settlement.client("stepfunctions")
    wanted = {"stateMachineArn": MACHINE, "name": "by-hand", "input": '{"day": "today"}'}
    first = states.start_execution(**wanted)["executionArn"]
    same = states.start_execution(**wanted)["executionArn"]

    assert first == same
    assert states.describe_execution(executionArn=first)["status"] == "RUNNING"
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        states.start_execution(**{**wanted, "input": "{}"})
    with pytest.raises(ClientError, match="InvalidExecutionInput"):
        states.start_execution(stateMachineArn=MACHINE, input="{oh")


class Airflow:
    def __init__(self, watch: Watcher, environment: str) -> None:
        self._mwaa, self._name = watch.client("mwaa"), environment

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        given = {"Body": body} if body is not None else {}
        reply = self._mwaa.invoke_rest_api(Name=self._name, Method=method, Path=path, QueryParameters=query, **given)
        return reply["RestApiResponse"]


@pytest.fixture
def airflow(watch: Watcher) -> Airflow:
    watch.load("airflow-missing-upstream-file")
    return Airflow(watch, "data-platform-prod")


def failed_run(airflow: Airflow) -> str:
    runs = airflow("GET", "/dags/daily_orders_ingest/dagRuns", state="failed", order_by="-run_after")
    return runs["dag_runs"][0]["dag_run_id"]


def states_of(airflow: Airflow, run: str) -> dict[str, tuple[str | None, int]]:
    found = airflow("GET", f"/dags/daily_orders_ingest/dagRuns/{run}/taskInstances")["task_instances"]
    return {each["task_id"]: (each["state"], each["try_number"]) for each in found}


def test_clearing_a_task_does_not_help_as_long_as_its_file_is_missing(watch: Watcher, airflow: Airflow) -> None:
    run = failed_run(airflow)
    cleared = airflow("POST", "/dags/daily_orders_ingest/clearTaskInstances", {**CLEAR, "dag_run_id": run})
    during = states_of(airflow, run)["load_orders"]
    watch.wait(minutes=2)

    assert {each["task_id"] for each in cleared["task_instances"]} == {
        "load_orders",
        "validate_orders",
        "publish_orders",
        "refresh_dashboard",
    }
    assert during == ("scheduled", 3)
    assert states_of(airflow, run)["load_orders"] == ("failed", 4)
    assert states_of(airflow, run)["refresh_dashboard"][0] == "upstream_failed"


def test_clearing_it_helps_when_the_file_has_come(watch: Watcher, airflow: Airflow) -> None:
    run = failed_run(airflow)
    key = f"orders/{NOW:%Y-%m-%d}/orders.csv"
    watch.client("s3").put_object(Bucket="harborline-partner-drops", Key=key, Body=b"order\n")
    airflow("POST", "/dags/daily_orders_ingest/clearTaskInstances", {**CLEAR, "dag_run_id": run})
    watch.wait(minutes=10)

    assert {state for state, _ in states_of(airflow, run).values()} == {"success"}
    assert airflow("GET", f"/dags/daily_orders_ingest/dagRuns/{run}")["state"] == "success"
    lines = airflow("GET", f"/dags/daily_orders_ingest/dagRuns/{run}/taskInstances/load_orders/logs/4")["content"]
    assert lines[-1]["event"] == "Task finished"


def test_a_dry_run_clears_nothing(airflow: Airflow) -> None:
    run = failed_run(airflow)
    body = {key: value for key, value in CLEAR.items() if key != "dry_run"}
    shown = airflow("POST", "/dags/daily_orders_ingest/clearTaskInstances", {**body, "dag_run_id": run})

    assert shown["total_entries"] == 4
    assert states_of(airflow, run)["load_orders"] == ("failed", 3)


def test_a_run_is_triggered_once_under_an_id_and_runs(watch: Watcher) -> None:
    watch.load("airflow-run-missing")
    airflow = Airflow(watch, "sourcing-prod")
    body = {"dag_run_id": "by-hand", "logical_date": None, "conf": {"day": "today"}}
    started = airflow("POST", "/dags/supplier_prices/dagRuns", body)
    with pytest.raises(ClientError) as refused:
        airflow("POST", "/dags/supplier_prices/dagRuns", body)
    watch.wait(minutes=3)
    run = airflow("GET", "/dags/supplier_prices/dagRuns/by-hand")

    assert (started["state"], started["run_type"]) == ("queued", "manual")
    assert refused.value.response["RestApiStatusCode"] == 409
    assert (run["state"], run["conf"], run["triggered_by"]) == ("success", {"day": "today"}, "rest_api")


def test_airflow_3_wants_a_logical_date_even_if_it_is_none(watch: Watcher) -> None:
    watch.load("airflow-run-missing")

    with pytest.raises(ClientError) as refused:
        Airflow(watch, "sourcing-prod")("POST", "/dags/supplier_prices/dagRuns", {})
    assert refused.value.response["RestApiStatusCode"] == 422


def test_a_paused_dag_of_airflow_2_queues_runs_until_it_is_unpaused(watch: Watcher) -> None:
    watch.load("airflow-dag-paused")
    airflow = Airflow(watch, "finance-prod")
    airflow("POST", "/dags/ledger_export/dagRuns", {"dag_run_id": "by-hand"})
    watch.wait(minutes=5)
    waiting = airflow("GET", "/dags/ledger_export/dagRuns/by-hand")
    airflow("PATCH", "/dags/ledger_export", {"is_paused": False})

    assert (waiting["state"], waiting["external_trigger"]) == ("queued", True)
    assert airflow("GET", "/dags/ledger_export")["is_paused"] is False
    assert airflow("GET", "/dags/ledger_export/dagRuns/by-hand")["state"] == "success"


def test_no_run_is_scheduled_while_a_dag_is_paused(watch: Watcher, airflow: Airflow) -> None:
    airflow("PATCH", "/dags/stock_snapshot", {"is_paused": True})
    before = airflow("GET", "/dags/stock_snapshot/dagRuns")["total_entries"]
    watch.wait(hours=13)
    paused = airflow("GET", "/dags/stock_snapshot/dagRuns")["total_entries"]
    airflow("PATCH", "/dags/stock_snapshot", {"is_paused": False})
    watch.wait(hours=6)

    assert (paused, airflow("GET", "/dags/stock_snapshot/dagRuns")["total_entries"]) == (before, before + 1)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/dags/nothing/dagRuns", {"logical_date": None}, 404),
        ("PATCH", "/dags/stock_snapshot", {"is_paused": "yes"}, 422),
        ("POST", "/dags/daily_orders_ingest/clearTaskInstances", {"dag_run_id": "never", "task_ids": []}, 404),
        ("DELETE", "/dags/stock_snapshot", None, 405),
    ],
)
def test_what_airflow_refuses(airflow: Airflow, method: str, path: str, body: Any, status: int) -> None:
    with pytest.raises(ClientError) as refused:
        airflow(method, path, body)

    assert refused.value.response["RestApiStatusCode"] == status


def test_a_document_goes_on_step_by_step(watch: Watcher) -> None:
    watch.load("windows-service-stopped")
    ssm, host = watch.client("ssm"), resource_id("instance", "print-server-1")
    token = "3f1d4c52-8a0e-4a67-9b1f-1f2e3d4c5b6a"
    wanted = {"DocumentName": "Harborline-RestartService", "ClientToken": token}
    parameters = {"InstanceId": [host], "ServiceName": ["HarborlinePrint"]}
    first = ssm.start_automation_execution(**wanted, Parameters=parameters)["AutomationExecutionId"]
    again = ssm.start_automation_execution(**wanted, Parameters=parameters)["AutomationExecutionId"]
    seen: list[tuple[str, ...]] = []
    execution: dict[str, Any] = {}
    for _ in range(3):
        execution = ssm.get_automation_execution(AutomationExecutionId=first)["AutomationExecution"]
        steps = [step["StepStatus"] for step in execution["StepExecutions"]]
        seen.append((execution["AutomationExecutionStatus"], *steps))
        watch.wait(seconds=8)

    assert first == again
    assert seen == [
        ("InProgress", "InProgress", "Pending"),
        ("InProgress", "Success", "InProgress"),
        ("Success", "Success", "Success"),
    ]
    assert execution["Outputs"] == {"waitUntilRunning.status": ["Running"]}
    assert len(ssm.describe_automation_executions()["AutomationExecutionMetadataList"]) == 1


def test_a_document_whose_step_fails_stops_there(watch: Watcher) -> None:
    watch.load("windows-service-stopped")
    ssm, host = watch.client("ssm"), resource_id("instance", "print-server-1")
    started = ssm.start_automation_execution(DocumentName="Harborline-DrainHost", Parameters={"InstanceId": [host]})
    watch.wait(minutes=1)
    execution = ssm.get_automation_execution(**started_id(started))["AutomationExecution"]

    assert execution["AutomationExecutionStatus"] == "Failed"
    assert [step["StepStatus"] for step in execution["StepExecutions"]] == ["Failed"]
    assert "TargetGroupNotFound" in execution["FailureMessage"]


def started_id(reply: dict[str, Any]) -> dict[str, str]:
    return {"AutomationExecutionId": reply["AutomationExecutionId"]}


@pytest.mark.parametrize(
    ("document", "parameters", "code"),
    [
        ("Nothing", {}, "AutomationDefinitionNotFoundException"),
        ("Harborline-RestartService", {"InstanceId": ["i-0123456789abcdef0"]}, WRONG_PARAMETERS),
        (
            "Harborline-RestartService",
            {"InstanceId": ["i-0123456789abcdef0"], "ServiceName": ["cmd"]},
            WRONG_PARAMETERS,
        ),
        ("Harborline-RestartService", {"InstanceId": ["host"], "ServiceName": ["Spooler"]}, WRONG_PARAMETERS),
        ("AWS-RestartEC2Instance", {"InstanceId": ["i-0123456789abcdef0"]}, WRONG_PARAMETERS),
    ],
    ids=["no document", "no parameter", "not allowed", "no instance id", "unknown instance"],
)
def test_what_automation_refuses(watch: Watcher, document: str, parameters: dict[str, Any], code: str) -> None:
    watch.load("windows-service-stopped")

    with pytest.raises(ClientError) as refused:
        watch.client("ssm").start_automation_execution(DocumentName=document, Parameters=parameters)
    assert refused.value.response["Error"]["Code"] == code


def test_the_documents_of_the_account_say_what_they_ask_for(watch: Watcher) -> None:
    watch.load("windows-service-stopped")
    ssm = watch.client("ssm")
    own = ssm.list_documents(Filters=[{"Key": "Owner", "Values": ["Self"]}])["DocumentIdentifiers"]

    assert {each["Name"] for each in own} == {"Harborline-RestartService", "Harborline-DrainHost"}
    assert "allowedValues" in ssm.get_document(Name="Harborline-RestartService")["Content"]
    assert ssm.describe_document(Name="AWS-RestartEC2Instance")["Document"]["Owner"] == "Amazon"


def test_a_command_is_found_by_its_comment_and_runs_on_its_platform_only(watch: Watcher) -> None:
    watch.load("windows-service-stopped")
    ssm, host = watch.client("ssm"), resource_id("instance", "print-server-1")
    given = {"InstanceIds": [host], "Parameters": {"commands": ["Get-Service HarborlinePrint"]}}
    sent = ssm.send_command(DocumentName="AWS-RunPowerShellScript", Comment="inc_7/act_1", **given)["Command"]

    found = [each for each in ssm.list_commands()["Commands"] if each["Comment"] == "inc_7/act_1"]
    assert [each["CommandId"] for each in found] == [sent["CommandId"]]
    with pytest.raises(ClientError, match="UnsupportedPlatformType"):
        ssm.send_command(DocumentName="AWS-RunShellScript", **given)
