from typing import Any

from agent.models import EvidenceStatus
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.infra.security import security_findings


def finding(name: str, severity: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "title": f"Title of {name}", "description": "d", "severity": severity,
            "resource_type": "AwsS3Bucket", "resource_id": f"arn:aws:s3:::{resource}", "at": "-2d", **more}  # fmt: skip


def threat(name: str, severity: float, resource: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": f"Backdoor:EC2/{name}", "title": f"Title of {name}", "severity": severity,
            "resource_type": "Instance", "resource_id": resource, "at": "-3h", **more}  # fmt: skip


async def test_security_findings_are_ranked_and_what_is_resolved_or_minor_is_left_out(load: Load, call: Call):
    load(
        security_findings=[
            finding("a", "HIGH", "lake"),
            finding("b", "CRITICAL", "photos"),
            finding("c", "CRITICAL", "old", workflow="RESOLVED"),
            finding("d", "LOW", "lake"),
        ]
    )
    evidence = await call(security_findings)
    assert [f.resource for f in evidence.findings] == ["photos", "lake"]
    named = await call(security_findings, resource="lake")
    assert [f.attributes["severity"] for f in named.findings] == ["HIGH", "LOW"]
    assert "GuardDuty is not switched on" in evidence.summary


async def test_guardduty_findings_stand_among_those_of_security_hub_by_severity(load: Load, call: Call):
    load(
        security_findings=[finding("a", "HIGH", "lake")],
        guardduty_findings=[
            threat("C2", 9.1, "i-0123456789abcdef0", count=12),
            threat("Scan", 2.0, "i-0123456789abcdef0"),
            threat("Old", 8.0, "i-0aaaaaaaaaaaaaaa0", archived=True),
            threat("Ancient", 8.0, "i-0bbbbbbbbbbbbbbb0", at="-80d"),
        ],
    )
    evidence = await call(security_findings)
    assert [f.attributes["severity"] for f in evidence.findings] == ["CRITICAL", "HIGH"]
    assert evidence.findings[0].attributes["product"] == "GuardDuty"
    assert "(12 times)" in evidence.findings[0].statement
    assert "/guardduty/" in evidence.console_url
    named = await call(security_findings, resource="i-0123456789abcdef0")
    assert [f.attributes["severity"] for f in named.findings] == ["CRITICAL", "LOW"]


async def test_many_findings_are_read_over_several_pages(load: Load, call: Call):
    many = [threat(f"T{n}", 5.0, f"i-{n:017x}") for n in range(120)]
    load(guardduty_findings=[*many, threat("Last", 4.0, "i-0ffffffffffffffff")])
    evidence = await call(security_findings, resource="i-0ffffffffffffffff")
    assert [f.resource for f in evidence.findings] == ["i-0ffffffffffffffff"]


async def test_one_watchman_that_may_not_be_asked_leaves_the_other(load: Load, call: Call):
    load(
        security_findings=[finding("a", "HIGH", "lake")],
        guardduty_findings=[threat("C2", 9.1, "i-0123456789abcdef0")],
        denied=[{"action": "securityhub:GetFindings"}],
    )
    evidence = await call(security_findings)
    assert [f.attributes["product"] for f in evidence.findings] == ["GuardDuty"]
    assert "securityhub:GetFindings" in evidence.summary


async def test_no_findings_are_no_data(load: Load, call: Call):
    load(security_findings=[finding("f", "LOW", "lake")])
    assert (await call(security_findings, severity="HIGH")).status is EvidenceStatus.no_data
    load()
    assert (await call(security_findings)).status is EvidenceStatus.no_data
