import json
from typing import Any

from agent.models import Evidence, EvidenceStatus, Finding
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.infra.resources import describe_resource
from tools.evidence.infra.workflows import Failure, explain, workflow_failures

CAUSE = json.dumps({"errorMessage": "card declined", "errorType": "PaymentError", "stackTrace": ["..."]})
CHARGE = {"state": "Charge", "target": "charge-card", "error": "PaymentError", "cause": CAUSE}


def failed(at: str = "-10m", **more: Any) -> dict[str, Any]:
    return {"at": at, "status": "FAILED", "failed": CHARGE, **more}


def only(evidence: Evidence) -> Finding:
    (finding,) = evidence.findings
    return finding


async def test_a_failed_execution_tells_its_state_error_and_cause(load: Load, call: Call):
    machines = [
        {"name": "orders", "executions": [failed(count=3), {"at": "-5m"}]},
        {"name": "reports", "executions": [{"at": "-5m"}, {"at": "-2m", "status": "RUNNING"}]},
    ]
    load(resources={"state_machines": machines})
    evidence = await call(workflow_failures)
    found = only(evidence)
    assert (found.kind, found.resource) == ("workflow_failed", "orders")
    assert (found.attributes["state"], found.attributes["error"]) == ("Charge", "PaymentError")
    assert (found.attributes["target"], found.attributes["cause"]) == ("charge-card", "card declined")
    assert (found.attributes["count"], found.attributes["redrivable"]) == ("3", "yes")
    assert found.at is not None
    assert f"{found.at:%H:%M}" == "14:32"
    assert "statemachines/view" in evidence.console_url


async def test_failures_before_the_range_and_of_others_do_not_count(load: Load, call: Call):
    machines = [{"name": "orders", "executions": [failed("-3d")]}, {"name": "reports", "executions": [failed()]}]
    load(resources={"state_machines": machines})
    assert (await call(workflow_failures, resource="orders")).status is EvidenceStatus.no_data
    assert only(await call(workflow_failures, resource="reports")).resource == "reports"
    assert (await call(workflow_failures, resource="absent")).status is EvidenceStatus.no_data


async def test_an_execution_arn_means_its_state_machine(load: Load, call: Call):
    machines = [{"name": "orders", "executions": [failed(name="run-7")]}, {"name": "reports"}]
    load(resources={"state_machines": machines})
    arn = "arn:aws:states:us-east-1:123456789012:execution:orders:run-7"
    assert only(await call(workflow_failures, resource=arn)).resource == "orders"


async def test_states_that_fail_differently_are_told_apart(load: Load, call: Call):
    timed_out = {"state": "Ship", "resource": "ecs", "error": "States.Timeout"}
    refused = {"state": "Reject", "resource": "none", "error": "Invalid", "cause": "No address"}
    runs = [
        failed(count=2),
        {"at": "-8m", "status": "TIMED_OUT", "failed": timed_out},
        {"at": "-6m", "status": "FAILED", "failed": refused},
        {"at": "-4m", "status": "ABORTED"},
    ]
    load(resources={"state_machines": [{"name": "orders", "executions": runs}]})
    found = {f.attributes.get("state", ""): f for f in (await call(workflow_failures)).findings}
    assert set(found) == {"Charge", "Ship", "Reject", "Start"}
    assert "timed out" in found["Ship"].statement
    assert found["Reject"].attributes["cause"] == "No address"
    assert found["Start"].strength < found["Charge"].strength


async def test_hundreds_of_executions_are_counted_over_several_pages(load: Load, call: Call):
    runs = [failed("-3m", count=250, every="1m"), failed("-3d", count=150)]
    load(resources={"state_machines": [{"name": "orders", "executions": runs}]})
    assert only(await call(workflow_failures)).attributes["count"] == "250"


async def test_express_workflows_are_named_as_what_cannot_be_seen(load: Load, call: Call):
    load(resources={"state_machines": [{"name": "orders", "type": "EXPRESS"}, {"name": "reports"}]})
    evidence = await call(workflow_failures)
    assert evidence.status is EvidenceStatus.no_data
    assert "1 express workflow" in evidence.summary


async def test_a_history_that_may_not_be_read_leaves_the_count(load: Load, call: Call):
    load(
        resources={"state_machines": [{"name": "orders", "executions": [failed(count=4)]}]},
        denied=[{"action": "states:GetExecutionHistory"}],
    )
    evidence = await call(workflow_failures)
    assert only(evidence).attributes["count"] == "4"
    assert "could not be read" in evidence.summary


async def test_a_state_machine_is_described_with_its_failures(load: Load, call: Call):
    load(resources={"state_machines": [{"name": "orders", "executions": [failed()]}]})
    evidence = await call(describe_resource, resource="orders")
    assert {f.kind for f in evidence.findings} == {"resource_state", "workflow_failed"}


def test_a_failure_within_a_map_is_traced_to_the_state_it_happened_in():
    def event(number: int, previous: int, kind: str, **details: Any) -> dict[str, Any]:
        return {"id": number, "previousEventId": previous, "type": kind, **details}

    history = [
        event(1, 0, "ExecutionStarted"),
        event(2, 1, "MapStateEntered", stateEnteredEventDetails={"name": "Each"}),
        event(3, 2, "TaskStateEntered", stateEnteredEventDetails={"name": "Resize"}),
        event(4, 2, "TaskStateEntered", stateEnteredEventDetails={"name": "Label"}),
        event(5, 3, "TaskScheduled", taskScheduledEventDetails={"parameters": '{"FunctionName": "resize"}'}),
        event(6, 5, "TaskFailed", taskFailedEventDetails={"error": "MemoryError", "cause": "too big"}),
        event(7, 6, "MapIterationFailed"),
        event(8, 7, "MapStateFailed"),
        event(9, 8, "ExecutionFailed", executionFailedEventDetails={"error": "MemoryError"}),
    ]
    assert explain(history[::-1]) == Failure("Resize", "MemoryError", "too big", "resize")
    assert explain([]) == Failure()
