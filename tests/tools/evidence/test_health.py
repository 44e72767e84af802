from typing import Any

from agent.models import EvidenceStatus
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.health import aws_health, security_findings


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


def finding(name: str, severity: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "title": f"Title of {name}", "description": "d", "severity": severity,
            "resource_type": "AwsS3Bucket", "resource_id": f"arn:aws:s3:::{resource}", "at": "-2d", **more}  # fmt: skip


async def test_security_findings_are_ranked_and_what_is_resolved_or_minor_is_left_out(load: Load, call: Call):
    load(
        security_findings=[
            finding("f-open", "HIGH", "lake"),
            finding("f-worst", "CRITICAL", "photos"),
            finding("f-done", "CRITICAL", "lake", workflow="RESOLVED"),
            finding("f-minor", "LOW", "lake"),
        ]
    )
    evidence = await call(security_findings)
    assert [f.resource for f in evidence.findings] == ["photos", "lake"]
    named = await call(security_findings, resource="lake")
    assert [f.attributes["severity"] for f in named.findings] == ["HIGH", "LOW"]


async def test_no_findings_are_no_data(load: Load, call: Call):
    load(security_findings=[finding("f", "LOW", "lake")])
    assert (await call(security_findings, severity="HIGH")).status is EvidenceStatus.no_data
