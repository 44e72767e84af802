from typing import Any

from agent.models import Evidence, EvidenceStatus, Finding
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.infra.changes import recent_changes
from tools.evidence.infra.resources import describe_resource
from tools.evidence.infra.rollouts import deployments


def kinds(evidence: Evidence, kind: str) -> list[Finding]:
    return [finding for finding in evidence.findings if finding.kind == kind]


STOPPED = {
    "at": "-40m",
    "id": "d-FAILED001",
    "status": "Stopped",
    "error_code": "ALARM_ACTIVE",
    "error_message": "One or more alarms have been activated: web-5xx",
    "revision": "web/5.9.0.zip",
    "previous_revision": "web/5.8.1.zip",
    "rolled_back_by": "d-ROLLBACK1",
}
ROLLBACK = {"at": "-33m", "id": "d-ROLLBACK1", "creator": "codeDeployRollback", "rollback_of": "d-FAILED001"}


def application(name: str, group: str, *deployed: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "groups": [{"name": group, "deployments": list(deployed)}]}


async def test_a_stopped_deployment_and_the_rollback_of_it(load: Load, call: Call):
    load(
        resources={
            "deploy_applications": [
                application("shop", "web-prod", STOPPED, ROLLBACK),
                application("news", "mail-prod", {"at": "-20m", "status": "Failed", "error_code": "TIMEOUT"}),
            ]
        }
    )
    evidence = await call(deployments, resource="web-prod")
    (failed,) = kinds(evidence, "deployment_failed")
    assert (failed.resource, failed.attributes["error"]) == ("web-prod", "ALARM_ACTIVE")
    assert failed.attributes["rolled_back"] == "yes"
    assert "web/5.9.0.zip" in failed.statement
    (rollback,) = kinds(evidence, "deployment")
    assert "rolls back d-FAILED001" in rollback.statement
    assert "mail-prod" not in evidence.summary
    assert "codedeploy/deployments/d-FAILED001" in evidence.console_url


async def test_deployments_of_all_kinds_stand_side_by_side(load: Load, call: Call):
    events = [
        {"at": "-30m", "status": "UPDATE_IN_PROGRESS"},
        {"at": "-29m", "status": "UPDATE_COMPLETE", "resource": "Fn", "type": "AWS::Lambda::Function",
         "physical_id": "checkout"},
        {"at": "-28m", "status": "UPDATE_COMPLETE"},
    ]  # fmt: skip
    load(
        resources={
            "lambda_functions": [{"name": "checkout", "versions": [{"version": "7", "at": "-29m"}]}],
            "stacks": [{"name": "shop", "events": events}],
            "apis": [{"name": "shop-api", "stages": [{"deployments": [{"at": "-28m"}]}]}],
            "deploy_applications": [application("shop", "web-prod", STOPPED)],
        }
    )
    evidence = await call(deployments)
    assert {f.attributes["service"] for f in evidence.findings} == {
        "lambda",
        "cloudformation",
        "apigateway",
        "codedeploy",
    }
    assert evidence.findings[0].kind == "deployment_failed"
    own = await call(deployments, resource="checkout")
    assert {f.attributes["service"] for f in own.findings} == {"lambda", "cloudformation"}


async def test_many_deployments_are_read_over_several_pages(load: Load, call: Call):
    fine = {"at": "-1m", "count": 230, "every": "5m"}
    load(resources={"deploy_applications": [application("shop", "web-prod", fine, {**STOPPED, "at": "-23h"})]})
    evidence = await call(deployments, resource="web-prod")
    assert evidence.summary.startswith("231 deployments, 1 of them failed")
    assert evidence.findings[0].attributes["error"] == "ALARM_ACTIVE"


async def test_what_was_deployed_before_the_range_does_not_count(load: Load, call: Call):
    load(resources={"deploy_applications": [application("shop", "web-prod", {**STOPPED, "at": "-3d"})]})
    assert (await call(deployments)).status is EvidenceStatus.no_data


async def test_one_source_of_deployments_that_is_denied_leaves_the_others(load: Load, call: Call):
    load(
        resources={
            "lambda_functions": [{"name": "checkout", "versions": [{"version": "7", "at": "-29m"}]}],
            "deploy_applications": [application("shop", "web-prod", STOPPED)],
        },
        denied=[{"action": "codedeploy:ListDeployments"}],
    )
    evidence = await call(deployments)
    assert [f.attributes["service"] for f in evidence.findings] == ["lambda"]
    assert "codedeploy:ListDeployments" in evidence.summary


async def test_an_application_is_described_with_its_deployments(load: Load, call: Call):
    load(resources={"deploy_applications": [application("shop", "web-prod", STOPPED)]})
    evidence = await call(describe_resource, resource="shop", service="codedeploy")
    assert {f.kind for f in evidence.findings} == {"resource_state", "deployment_failed"}


async def test_a_stack_update_that_touched_the_resource_is_a_change_before_its_onset(load: Load, call: Call):
    events = [
        {"at": "-50m", "status": "UPDATE_IN_PROGRESS"},
        {"at": "-49m", "status": "UPDATE_COMPLETE", "resource": "Orders", "type": "AWS::SQS::Queue",
         "physical_id": "https://sqs.us-east-1.amazonaws.com/123456789012/orders"},
        {"at": "-48m", "status": "UPDATE_COMPLETE"},
    ]  # fmt: skip
    other = [{**event, "physical_id": "news"} if "resource" in event else event for event in events]
    load(resources={"stacks": [{"name": "shop", "events": events}, {"name": "mail", "events": other}]})
    first, *rest = (await call(recent_changes, resource="orders", onset="-45m")).findings
    assert first.attributes["version"] == "Stack shop"
    assert first.strength > 0.85
    assert all(f.strength < 0.5 for f in rest)
