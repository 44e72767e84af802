"""What AWS's own watchmen report: findings of Security Hub and of GuardDuty, by severity."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.names import bare_name, matches
from tools.evidence.partial import gather

STRENGTH_BY_SEVERITY = {"CRITICAL": 0.9, "HIGH": 0.75, "MEDIUM": 0.5, "LOW": 0.3, "INFORMATIONAL": 0.15}
SCORES = {"CRITICAL": 9.0, "HIGH": 7.0, "MEDIUM": 4.0, "LOW": 1.0, "INFORMATIONAL": 0.0}
"""GuardDuty's numbers from which on a severity begins (Amazon GuardDuty User Guide, severity levels)."""
MAX_FINDINGS = 500
GUARDDUTY_BATCH = 50
NOT_SWITCHED_ON = frozenset({"InvalidAccessException", "SubscriptionRequiredException"})


@evidence_tool("What security findings are there[ on {resource}]?", days=30)
def security_findings(look: Look, resource: str = "", severity: str = "") -> Found:
    """Active findings of Security Hub (Inspector included) and GuardDuty by severity, for a resource or the account.

    Args:
        resource: name or ARN
        severity: CRITICAL, HIGH, MEDIUM or LOW and above; MEDIUM when empty and no resource is named
    """
    levels = list(STRENGTH_BY_SEVERITY)
    lowest = severity.upper() if severity.upper() in levels else "INFORMATIONAL" if resource else "MEDIUM"
    reads: dict[str, Callable[[], list[Finding] | None]] = {
        "Security Hub": partial(_security_hub, look, levels[: levels.index(lowest) + 1]),
        "GuardDuty": partial(_guardduty, look, SCORES[lowest]),
    }
    read = gather(reads)
    off = [name for name, found in read.results.items() if found is None]
    caveat = read.caveat + "".join(f" {name} is not switched on in this account and region." for name in off)
    listed = [finding for found in read.results.values() for finding in found or []]
    chosen = _once([f for f in listed if not resource or matches(f.resource, resource)])
    if not chosen:
        about = f" on {resource}" if resource else ""
        return Found(f"No active findings of {lowest.lower()} severity or above{about}.{caveat}", no_data=True)
    chosen.sort(key=lambda f: (-f.strength, -(f.at.timestamp() if f.at else 0)))
    counts = {level: sum(f.attributes["severity"] == level for f in chosen) for level in levels}
    words = ", ".join(f"{n} {level.lower()}" for level, n in counts.items() if n)
    if any(len(found or []) >= MAX_FINDINGS for found in read.results.values()):
        caveat += f" Only the first {MAX_FINDINGS} findings were read."
    by_guardduty = chosen[0].attributes.get("product") == "GuardDuty"
    link = console.guardduty(look.aws) if by_guardduty else console.security_hub(look.aws)
    return Found(f"{words}. First: {chosen[0].statement}"[:900] + caveat, chosen, link)


def _security_hub(look: Look, levels: list[str]) -> list[Finding] | None:
    """None when Security Hub is not switched on."""
    filters: dict[str, Any] = {
        "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
        "WorkflowStatus": [{"Value": state, "Comparison": "EQUALS"} for state in ("NEW", "NOTIFIED")],
        "SeverityLabel": [{"Value": level, "Comparison": "EQUALS"} for level in levels],
        "UpdatedAt": [{"Start": look.window.start.isoformat(), "End": look.window.end.isoformat()}],
    }
    try:
        listed = look.pages("securityhub", "get_findings", "Findings", limit=MAX_FINDINGS, Filters=filters)
    except ClientError as error:
        if error.response["Error"].get("Code") not in NOT_SWITCHED_ON:
            raise
        return None
    return [_of_security_hub(finding, look.now) for finding in listed]


def _of_security_hub(finding: dict[str, Any], now: datetime) -> Finding:
    return _finding(
        now,
        label=finding["Severity"]["Label"],
        title=finding["Title"],
        resource=bare_name(finding["Resources"][0]["Id"]) if finding.get("Resources") else "",
        seen=datetime.fromisoformat(finding.get("FirstObservedAt") or finding["CreatedAt"]),
        type=next(iter(finding.get("Types", [])), ""),
        product=finding.get("ProductName", ""),
        remediation=finding.get("Remediation", {}).get("Recommendation", {}).get("Text", "")[:160],
    )


def _guardduty(look: Look, least: float) -> list[Finding] | None:
    """Findings of a severity, the gravest first. None when GuardDuty is not switched on."""
    detectors = look.pages("guardduty", "list_detectors", "DetectorIds")
    if not detectors:
        return None
    criteria: dict[str, Any] = {
        "service.archived": {"Equals": ["false"]},
        "severity": {"GreaterThanOrEqual": int(least)},
        "updatedAt": {
            "GreaterThanOrEqual": int(look.window.start.timestamp() * 1000),
            "LessThanOrEqual": int(look.window.end.timestamp() * 1000),
        },
    }
    found: list[Finding] = []
    for detector in detectors:
        ids = look.pages(
            "guardduty",
            "list_findings",
            "FindingIds",
            limit=MAX_FINDINGS,
            DetectorId=detector,
            FindingCriteria={"Criterion": criteria},
            SortCriteria={"AttributeName": "severity", "OrderBy": "DESC"},
        )
        for batch in (ids[i : i + GUARDDUTY_BATCH] for i in range(0, len(ids), GUARDDUTY_BATCH)):
            reply = look.call("guardduty", "get_findings", DetectorId=detector, FindingIds=batch)
            found += [_of_guardduty(finding, look.now) for finding in reply["Findings"]]
    return found


def _of_guardduty(finding: dict[str, Any], now: datetime) -> Finding:
    service = finding.get("Service", {})
    times = service.get("Count", 1)
    often = f" ({times} times)" if times > 1 else ""
    return _finding(
        now,
        label=next(level for level, score in SCORES.items() if finding["Severity"] >= score),
        title=f"{finding['Title']}{often}",
        resource=_resource(finding.get("Resource", {})),
        seen=datetime.fromisoformat(service.get("EventFirstSeen") or finding["CreatedAt"]),
        type=finding["Type"],
        product="GuardDuty",
    )


def _resource(resource: dict[str, Any]) -> str:
    """The name of what a finding is about, wherever GuardDuty puts it."""
    buckets = resource.get("S3BucketDetails") or [{}]
    places = (
        (resource.get("InstanceDetails", {}), "InstanceId"),
        (buckets[0], "Name"),
        (resource.get("LambdaDetails", {}), "FunctionName"),
        (resource.get("RdsDbInstanceDetails", {}), "DbInstanceIdentifier"),
        (resource.get("EcsClusterDetails", {}), "Name"),
        (resource.get("EksClusterDetails", {}), "Name"),
        (resource.get("ContainerDetails", {}), "Name"),
        (resource.get("AccessKeyDetails", {}), "UserName"),
    )
    return next((str(place[key]) for place, key in places if place.get(key)), resource.get("ResourceType", ""))


def _finding(
    now: datetime, *, label: str, title: str, resource: str, seen: datetime, product: str, **details: str
) -> Finding:
    return Finding(
        kind="security_finding",
        statement=f"{label.capitalize()}: {title} on {resource}, since {clock_time(seen, now)}.",
        strength=STRENGTH_BY_SEVERITY.get(label, 0.3),
        at=seen,
        resource=resource,
        attributes={"severity": label, "product": product, **details},
    )


def _once(findings: list[Finding]) -> list[Finding]:
    """Security Hub imports GuardDuty's findings: one of each type on a resource is enough."""
    kept: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        kind = finding.attributes.get("type", "").rsplit("/", 1)[-1]
        kept.setdefault((kind, finding.resource, finding.statement.split(" (")[0]), finding)
    return list(kept.values())


TOOLS: tuple[BaseTool, ...] = (security_findings,)
