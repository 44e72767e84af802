from typing import Any

from tests.tools.evidence.conftest import Call, Load
from tools.evidence.infra.health import aws_health


def event(service: str, **more: Any) -> dict[str, Any]:
    code = f"AWS_{service}_OPERATIONAL_ISSUE"
    return {"service": service, "type_code": code, "from": "-50m", "description": "Elevated error rates.", **more}


async def test_an_issue_of_the_service_here_is_reported_and_others_are_not(load: Load, call: Call):
    load(
        health_events=[
            event("LAMBDA", entities=["checkout"]),
            event("RDS"),
            event("LAMBDA", region="eu-west-1", description="Far away."),
        ]
    )
    evidence = await call(aws_health, service="AWS Lambda", resource="checkout")
    (found,) = evidence.findings
    assert (found.kind, found.resource, found.attributes["service"]) == ("health_event", "checkout", "lambda")
    assert found.strength > 0.85


async def test_an_issue_that_is_over_counts_less(load: Load, call: Call):
    load(health_events=[event("LAMBDA", to="-20m")])
    (found,) = (await call(aws_health)).findings
    assert found.strength < 0.6


async def test_no_event_is_evidence_that_aws_is_well(load: Load, call: Call):
    load(health_events=[event("RDS")])
    assert [f.kind for f in (await call(aws_health, service="lambda")).findings] == ["aws_healthy"]


async def test_an_affected_resource_in_another_region_does_not_count(load: Load, call: Call):
    load(health_events=[event("LAMBDA", region="eu-west-1", entities=["checkout"])])
    assert [f.kind for f in (await call(aws_health, resource="checkout")).findings] == ["aws_healthy"]


async def test_many_events_are_read_over_several_pages(load: Load, call: Call):
    many = [event("EC2", type_code=f"AWS_EC2_NOTICE_{n}", **{"from": f"-{n + 60}m"}) for n in range(120)]
    load(health_events=[*many, event("LAMBDA", **{"from": "-40h"})])
    (found,) = (await call(aws_health, service="lambda")).findings
    assert found.attributes["service"] == "lambda"
