"""What AWS itself reports: AWS Health events, Security Hub and GuardDuty findings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.figures import count
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.names import bare_name, matches, service_key

HEALTH_REGION = {"aws": "us-east-1", "aws-cn": "cn-northwest-1", "aws-us-gov": "us-gov-west-1"}
"""AWS Health answers in one region of each partition."""
STRENGTH_BY_CATEGORY = {"issue": 0.8, "investigation": 0.6, "scheduledChange": 0.4, "accountNotification": 0.35}
STRENGTH_BY_SEVERITY = {"CRITICAL": 0.9, "HIGH": 0.75, "MEDIUM": 0.5, "LOW": 0.3, "INFORMATIONAL": 0.15}
MAX_EVENTS = 100
BATCH = 10


@evidence_tool("Does AWS report a problem with {service}?", days=7)
def aws_health(look: Look, service: str = "", resource: str = "") -> Found:
    """AWS Health events for this account: service issues, scheduled changes, notifications, what they affect.

    Args:
        service: such as lambda, rds or ec2; empty for all
        resource: name or ARN; marks events that name it
    """
    region = HEALTH_REGION.get(look.aws.partition, "us-east-1")
    span = {"lastUpdatedTimes": [{"from": look.window.start, "to": look.window.end}]}
    try:
        events = look.call("health", "describe_events", region=region, filter=span, maxResults=MAX_EVENTS)["events"]
    except ClientError as error:
        if error.response["Error"].get("Code") != "SubscriptionRequiredException":
            raise
        return Found(
            "AWS Health's API needs a Business or Enterprise support plan; this account has none.", no_data=True
        )
    chosen = [e for e in events if _is_here(e, look.aws.region) and _is_about(e, service)]
    if not chosen:
        return Found(_no_events(look, service, len(events)), [_healthy(service)], console.health(look.aws))
    arns = [event["arn"] for event in chosen][:BATCH]
    texts = _descriptions(look, region, arns)
    entities = _entities(look, region, arns)
    findings = [
        _event(e, texts.get(e["arn"], ""), entities.get(e["arn"], []), resource, look.now) for e in chosen[:BATCH]
    ]
    findings.sort(key=lambda f: -f.strength)
    return Found(f"{count(len(chosen), 'event')}. {findings[0].statement}"[:900], findings, console.health(look.aws))


def _is_here(event: dict[str, Any], region: str) -> bool:
    return event.get("region", "global") in (region, "global")


def _is_about(event: dict[str, Any], service: str) -> bool:
    return not service or service_key(event["service"]) == (service_key(service) or service.lower())


def _descriptions(look: Look, region: str, arns: list[str]) -> dict[str, str]:
    reply = look.call("health", "describe_event_details", region=region, eventArns=arns)
    return {
        each["event"]["arn"]: each.get("eventDescription", {}).get("latestDescription", "")
        for each in reply.get("successfulSet", [])
    }


def _entities(look: Look, region: str, arns: list[str]) -> dict[str, list[str]]:
    reply = look.call("health", "describe_affected_entities", region=region, filter={"eventArns": arns})
    found: dict[str, list[str]] = {}
    for entity in reply.get("entities", []):
        found.setdefault(entity["eventArn"], []).append(bare_name(entity.get("entityValue", "")))
    return found


def _event(event: dict[str, Any], text: str, entities: list[str], resource: str, now: datetime) -> Finding:
    category, status = event["eventTypeCategory"], event.get("statusCode", "")
    started = event.get("startTime")
    named = bool(resource) and any(matches(entity, resource) == 3 for entity in entities)
    since = f" since {clock_time(started, now)}" if started else ""
    about = f", affecting {', '.join(entities[:4])}" if entities else ""
    strength = STRENGTH_BY_CATEGORY.get(category, 0.4)
    if status == "closed":
        strength *= 0.6
    statement = (
        f"AWS Health: {event['eventTypeCode']} ({category}, {status}){since}{about}: {' '.join(text.split())[:220]}"
    )
    return Finding(
        kind="health_event",
        statement=statement,
        strength=round(min(strength + (0.15 if named else 0), 0.97), 3),
        at=started,
        resource=next(iter(entities), ""),
        attributes={
            "service": service_key(event["service"]) or event["service"].lower(),
            "category": category,
            "status": status,
            "type": event["eventTypeCode"],
        },
    )


def _no_events(look: Look, service: str, others: int) -> str:
    about = f" for {service}" if service else ""
    elsewhere = f" ({count(others, 'event')} elsewhere or of others)" if others else ""
    return f"AWS Health reports nothing{about} in {look.aws.region} in the range{elsewhere}."


def _healthy(service: str) -> Finding:
    return Finding(
        kind="aws_healthy",
        statement=f"AWS Health reports no event{f' for {service}' if service else ''}.",
        strength=0.35,
        attributes={"service": service},
    )


@evidence_tool("What security findings are there on {resource}?", days=30)
def security_findings(look: Look, resource: str = "", severity: str = "") -> Found:
    """Active Security Hub findings (GuardDuty and Inspector included) by severity, for a resource or the account.

    Args:
        resource: name or ARN
        severity: CRITICAL, HIGH, MEDIUM or LOW and above; MEDIUM when empty and no resource is named
    """
    levels = list(STRENGTH_BY_SEVERITY)
    lowest = severity.upper() if severity.upper() in levels else "INFORMATIONAL" if resource else "MEDIUM"
    filters: dict[str, Any] = {
        "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
        "WorkflowStatus": [{"Value": state, "Comparison": "EQUALS"} for state in ("NEW", "NOTIFIED")],
        "SeverityLabel": [{"Value": level, "Comparison": "EQUALS"} for level in levels[: levels.index(lowest) + 1]],
        "UpdatedAt": [{"Start": look.window.start.isoformat(), "End": look.window.end.isoformat()}],
    }
    try:
        listed = look.pages("securityhub", "get_findings", "Findings", limit=300, Filters=filters)
    except ClientError as error:
        if error.response["Error"].get("Code") != "InvalidAccessException":
            raise
        return Found("Security Hub is not switched on in this account and region.", no_data=True)
    chosen = [f for f in listed if not resource or _names(f, resource)]
    if not chosen:
        about = f" on {resource}" if resource else ""
        return Found(f"No active findings of {lowest.lower()} severity or above{about}.", no_data=True)
    findings = sorted((_security(f, look.now) for f in chosen), key=lambda f: -f.strength)
    counts = {level: sum(f["Severity"]["Label"] == level for f in chosen) for level in levels}
    words = ", ".join(f"{n} {level.lower()}" for level, n in counts.items() if n)
    return Found(f"{words}. First: {findings[0].statement}"[:900], findings, console.security_hub(look.aws))


def _names(finding: dict[str, Any], resource: str) -> bool:
    return any(matches(bare_name(r["Id"]), resource) for r in finding.get("Resources", []))


def _security(finding: dict[str, Any], now: datetime) -> Finding:
    label = finding["Severity"]["Label"]
    seen = datetime.fromisoformat(finding.get("FirstObservedAt") or finding["CreatedAt"])
    resource = bare_name(finding["Resources"][0]["Id"]) if finding.get("Resources") else ""
    return Finding(
        kind="security_finding",
        statement=f"{label.capitalize()}: {finding['Title']} on {resource}, since {clock_time(seen, now)}.",
        strength=STRENGTH_BY_SEVERITY.get(label, 0.3),
        at=seen,
        resource=resource,
        attributes={
            "severity": label,
            "type": next(iter(finding.get("Types", [])), ""),
            "product": finding.get("ProductName", ""),
            "remediation": finding.get("Remediation", {}).get("Recommendation", {}).get("Text", "")[:160],
        },
    )


TOOLS: tuple[BaseTool, ...] = (aws_health, security_findings)
