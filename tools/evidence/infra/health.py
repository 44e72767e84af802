"""What AWS itself reports about its services: AWS Health events."""

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
MAX_EVENTS = 500
PAGE = 100
BATCH = 10


@evidence_tool("Does AWS report a problem[ with {service}]?", days=7)
def aws_health(look: Look, service: str = "", resource: str = "") -> Found:
    """AWS Health events for this account: service issues, scheduled changes, notifications, what they affect.

    Args:
        service: such as lambda, rds or ec2; empty for all
        resource: name or ARN; marks events that name it
    """
    region = HEALTH_REGION.get(look.aws.partition, "us-east-1")
    span = {"lastUpdatedTimes": [{"from": look.window.start, "to": look.window.end}]}
    try:
        events = _listed(look, region, span)
    except ClientError as error:
        if error.response["Error"].get("Code") != "SubscriptionRequiredException":
            raise
        return Found(
            "AWS Health's API needs a Business or Enterprise support plan; this account has none.", no_data=True
        )
    chosen = [e for e in events if _is_here(e, look.aws.region) and _is_about(e, service)]
    if not chosen:
        return Found(_no_events(look, service, len(events)), [_healthy(service)], console.health(look.aws))
    chosen.sort(key=_began, reverse=True)
    arns = [event["arn"] for event in chosen][:BATCH]
    texts = _descriptions(look, region, arns)
    entities = _entities(look, region, arns)
    findings = [
        _event(e, texts.get(e["arn"], ""), entities.get(e["arn"], []), resource, look.now) for e in chosen[:BATCH]
    ]
    findings.sort(key=lambda f: -f.strength)
    cut = f" Only the first {MAX_EVENTS} events were read." if len(events) >= MAX_EVENTS else ""
    cut += f" Of {len(chosen)} the newest {BATCH} are shown." if len(chosen) > BATCH else ""
    summary = f"{count(len(chosen), 'event')}. {findings[0].statement}"[:900] + cut
    return Found(summary, findings, console.health(look.aws))


def _listed(look: Look, region: str, span: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        reply = look.call("health", "describe_events", region=region, filter=span, maxResults=PAGE, **token)
        found += reply["events"]
        if not reply.get("nextToken") or len(found) >= MAX_EVENTS:
            return found[:MAX_EVENTS]
        token = {"nextToken": reply["nextToken"]}


def _is_here(event: dict[str, Any], region: str) -> bool:
    return event.get("region", "global") in (region, "global")


def _began(event: dict[str, Any]) -> float:
    started = event.get("startTime")
    return started.timestamp() if started else 0.0


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


TOOLS: tuple[BaseTool, ...] = (aws_health,)
