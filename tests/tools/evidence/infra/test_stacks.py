from typing import Any

from agent.models import Evidence, EvidenceStatus, Finding
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.infra.stacks import stack_events

STACK_ARN = "arn:aws:cloudformation:us-east-1:123456789012:stack"


def kinds(evidence: Evidence, kind: str) -> list[Finding]:
    return [finding for finding in evidence.findings if finding.kind == kind]


def rolled_back(name: str, begin: int, *failed: dict[str, Any]) -> dict[str, Any]:
    """A stack whose update began so many minutes ago and was rolled back."""
    events = [
        {"at": f"-{begin}m", "status": "UPDATE_IN_PROGRESS", "reason": "User Initiated"},
        *({"at": f"-{begin - 2}m", "status": "UPDATE_FAILED", **each} for each in failed),
        {"at": f"-{begin - 3}m", "status": "UPDATE_ROLLBACK_IN_PROGRESS", "reason": "The following resource(s) failed"},
        {"at": f"-{begin - 5}m", "status": "UPDATE_ROLLBACK_COMPLETE"},
    ]
    return {"name": name, "events": events}


POLICY = {"resource": "Policy", "type": "AWS::IAM::Policy", "reason": "Syntax errors in policy."}
CANCELLED = {"resource": "Queue", "type": "AWS::SQS::Queue", "reason": "Resource update cancelled"}


async def test_the_resource_that_failed_for_its_own_reason_is_named(load: Load, call: Call):
    load(resources={"stacks": [rolled_back("shop", 40, CANCELLED, POLICY), {"name": "quiet"}]})
    evidence = await call(stack_events)
    (found,) = kinds(evidence, "stack_failed")
    assert (found.resource, found.attributes["failed_resource"]) == ("shop", "Policy")
    assert found.attributes["status"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Syntax errors in policy" in found.statement
    assert found.at is not None
    assert f"{found.at:%H:%M}" == "14:20"
    assert "quiet" not in evidence.summary
    assert "stackId=" in evidence.console_url


async def test_a_nested_stack_is_followed_to_what_failed_in_it(load: Load, call: Call):
    inner = rolled_back("shop-data", 39, {**POLICY, "resource": "Table", "type": "AWS::DynamoDB::Table"})
    load(resources={"stacks": [inner]})
    arn = (await call(stack_events, resource="shop-data")).query.split('"StackName": "')[-1].split('"')[0]
    nested = {"resource": "Data", "type": "AWS::CloudFormation::Stack", "physical_id": arn, "reason": "Embedded stack"}
    load(resources={"stacks": [inner, rolled_back("shop", 40, nested)]})
    (found,) = kinds(await call(stack_events, resource="shop"), "stack_failed")
    assert found.attributes["failed_resource"] == "Table"
    assert "in nested stack shop-data" in found.statement


async def test_an_update_that_went_well_is_a_deployment_and_an_older_one_nothing(load: Load, call: Call):
    function = {"resource": "Fn", "type": "AWS::Lambda::Function", "physical_id": "checkout"}
    events = [
        {"at": "-30m", "status": "UPDATE_IN_PROGRESS"},
        {"at": "-29m", "status": "UPDATE_COMPLETE", **function},
        {"at": "-28m", "status": "UPDATE_COMPLETE"},
    ]
    old = rolled_back("old", 5000, POLICY)
    load(resources={"stacks": [{"name": "shop", "events": events}, {**old, "events": old["events"][:-1]}]})
    evidence = await call(stack_events, resource="shop")
    (found,) = kinds(evidence, "deployment")
    assert "of checkout" in found.statement
    assert not kinds(await call(stack_events, resource="old"), "stack_failed")


async def test_a_long_history_is_read_to_its_end(load: Load, call: Call):
    stack = rolled_back("shop", 40, POLICY)
    fill = {"at": "-36m", "status": "UPDATE_COMPLETE", "resource": "Fn", "type": "AWS::Lambda::Function", "count": 250}
    load(resources={"stacks": [{**stack, "events": [*stack["events"], fill]}]})
    (found,) = kinds(await call(stack_events, resource="shop"), "stack_failed")
    assert found.attributes["failed_resource"] == "Policy"


async def test_drifted_resources_are_named(load: Load, call: Call):
    resources = [
        {"logical_id": "Queue", "type": "AWS::SQS::Queue", "physical_id": "orders", "drift": "MODIFIED"},
        {"logical_id": "Topic", "type": "AWS::SNS::Topic", "physical_id": "news", "drift": "IN_SYNC"},
    ]
    load(resources={"stacks": [{"name": "shop", "drift": "DRIFTED", "resources": resources}]})
    (state,) = (await call(stack_events, resource="shop")).findings
    assert state.attributes["drifted_resources"] == "Queue (modified)"


async def test_events_that_may_not_be_read_leave_the_state_with_its_drift(load: Load, call: Call):
    load(
        resources={"stacks": [{"name": "shop", "status": "UPDATE_ROLLBACK_FAILED", "drift": "DRIFTED"}]},
        denied=[{"action": "cloudformation:DescribeStackEvents"}],
    )
    evidence = await call(stack_events)
    assert evidence.status is EvidenceStatus.ok
    assert "cloudformation:DescribeStackEvents" in evidence.summary
    assert "UPDATE_ROLLBACK_FAILED" in evidence.summary


async def test_stacks_that_neither_changed_nor_failed_are_no_data(load: Load, call: Call):
    load(resources={"stacks": [{"name": "shop"}]})
    assert (await call(stack_events)).status is EvidenceStatus.no_data
    assert (await call(stack_events, resource="absent")).status is EvidenceStatus.no_data
