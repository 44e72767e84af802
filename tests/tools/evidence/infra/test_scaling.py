from typing import Any

import pytest

from agent.models import Evidence, Finding
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.infra.resources import describe_resource
from tools.evidence.infra.scaling import reason_of

NO_CAPACITY = (
    "We currently do not have sufficient m6i.large capacity in the Availability Zone you requested (us-east-1a). "
    "Launching EC2 instance failed."
)


def kinds(evidence: Evidence, kind: str) -> list[Finding]:
    return [finding for finding in evidence.findings if finding.kind == kind]


def group(name: str, *activities: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "activities": list(activities), **more}


async def test_launches_that_fail_for_capacity_are_told_since_when(load: Load, call: Call):
    failed = {"at": "-5m", "status": "Failed", "message": NO_CAPACITY, "count": 6, "every": "5m"}
    load(resources={"autoscaling_groups": [group("workers", failed), group("web")]})
    (found,) = kinds(await call(describe_resource, resource="workers"), "launch_failed")
    assert (found.attributes["reason"], found.attributes["count"]) == ("capacity", "6")
    assert found.at is not None
    assert f"{found.at:%H:%M}" == "14:30"
    assert not kinds(await call(describe_resource, resource="web"), "launch_failed")


async def test_what_failed_before_the_range_and_what_succeeded_do_not_count(load: Load, call: Call):
    load(
        resources={
            "autoscaling_groups": [
                group("workers", {"at": "-3d", "status": "Failed", "message": NO_CAPACITY}, {"at": "-10m"})
            ]
        }
    )
    assert not kinds(await call(describe_resource, resource="workers"), "launch_failed")


async def test_many_activities_are_read_page_by_page(load: Load, call: Call):
    fine = {"at": "-1m", "count": 240, "every": "1m"}
    failed = {"at": "-20h", "status": "Failed", "message": "You have requested more vCPU capacity than your vCPU limit"}
    load(resources={"autoscaling_groups": [group("workers", fine, failed)]})
    (found,) = kinds(await call(describe_resource, resource="workers"), "launch_failed")
    assert found.attributes["reason"] == "quota"


async def test_instances_replaced_for_their_health(load: Load, call: Call):
    replaced = {
        "at": "-4m",
        "description": "Terminating EC2 instance: i-0123456789abcdef0",
        "cause": "an instance was taken out of service in response to an ELB system health check failure.",
        "count": 3,
    }
    load(resources={"autoscaling_groups": [group("workers", replaced)]})
    (found,) = kinds(await call(describe_resource, resource="workers"), "service_event")
    assert found.attributes["count"] == "3"


async def test_a_failed_instance_refresh_and_one_that_went_well(load: Load, call: Call):
    reason = "Failed to launch within the health check grace period"
    load(
        resources={
            "autoscaling_groups": [
                group("workers", refreshes=[{"at": "-50m", "status": "Failed", "reason": reason, "percent": 33}]),
                group("web", refreshes=[{"at": "-50m"}]),
            ]
        }
    )
    (failed,) = kinds(await call(describe_resource, resource="workers"), "deployment_failed")
    assert reason in failed.statement
    assert kinds(await call(describe_resource, resource="web"), "deployment")


async def test_a_group_at_its_maximum_cannot_grow(load: Load, call: Call):
    load(
        resources={
            "autoscaling_groups": [{"name": "full", "maximum": 3, "desired": 3}, {"name": "roomy", "maximum": 9}]
        }
    )
    assert kinds(await call(describe_resource, resource="full"), "capacity_fixed")
    assert not kinds(await call(describe_resource, resource="roomy"), "capacity_fixed")


async def test_activities_that_may_not_be_read_leave_the_rest(load: Load, call: Call):
    load(
        resources={"autoscaling_groups": [group("workers", refreshes=[{"at": "-50m", "status": "Failed"}])]},
        denied=[{"action": "autoscaling:DescribeScalingActivities"}],
    )
    evidence = await call(describe_resource, resource="workers")
    assert kinds(evidence, "resource_state")
    assert kinds(evidence, "deployment_failed")
    assert "autoscaling:DescribeScalingActivities" in evidence.summary


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("You have requested more vCPU capacity than your current vCPU limit of 32 allows", "quota"),
        ("Max spot instance count exceeded (MaxSpotInstanceCountExceeded)", "quota"),
        (NO_CAPACITY, "capacity"),
        ("Client.InternalError: Client error on launch", "permission"),
        ("You are not authorized to perform this operation", "permission"),
        ("The image id '[ami-0abc]' does not exist", "image"),
        ("The security group 'sg-1' does not exist", "configuration"),
        ("Something new", "other"),
    ],
)
def test_what_keeps_a_group_from_launching(message: str, reason: str):
    assert reason_of(message) == reason
