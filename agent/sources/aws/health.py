"""AWS Health: something is the matter in AWS itself, or will be. An alert for each affected resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.models import Alert, AlertStatus, Resource, Severity
from agent.sources.aws import arns
from agent.sources.aws.events import is_from, listed, system, tags_of
from agent.sources.aws.notice import Notice
from agent.sources.fields import mapping_at, parts_at, text_at
from agent.sources.moments import moment

MAX_ENTITIES = 10
"""Of more affected resources than this one alert tells, with all their names."""
_CATEGORIES = {"issue": Severity.error, "investigation": Severity.warning, "scheduledChange": Severity.warning}
_OVER = ("RESOLVED", "UNIMPAIRED")
_ENTITY_ARNS = {
    "lambda": "functionname",
    "rds": "dbinstanceidentifier",
    "sqs": "queuename",
    "dynamodb": "tablename",
}


def matches(notice: Notice) -> bool:
    return is_from(notice, "aws.health")


def parse(notice: Notice) -> list[Alert]:
    detail = mapping_at(notice.event, "detail")
    entities = parts_at(detail, "affectedEntities") or [{"entityValue": arn} for arn in listed(notice.event)]
    single = entities if len(entities) <= MAX_ENTITIES else []
    names = [text_at(entity, "entityValue") for entity in entities]
    return [_alert(notice, detail, entity, names) for entity in single or [{}]]


def _alert(notice: Notice, detail: Mapping[str, Any], entity: Mapping[str, Any], names: list[str]) -> Alert:
    event, code = notice.event, text_at(detail, "eventTypeCode")
    service = arns.service_named(text_at(detail, "service"))
    region = text_at(detail, "eventRegion") or text_at(event, "region")
    account = text_at(detail, "affectedAccount") or text_at(event, "account")
    resource = _resource(text_at(entity, "entityValue"), service, region, account)
    over = text_at(detail, "statusCode") == "closed" or text_at(entity, "status") in _OVER
    tags = tags_of(entity, "tags")
    arn = text_at(detail, "eventArn")
    return notice.alert(
        "health",
        f"AWS Health: {_words(code, text_at(detail, 'service'))}{f' ({resource.id})' if resource.id else ''}",
        (arn or code, resource.id, account, region),
        [text_at(part, "latestDescription") for part in parts_at(detail, "eventDescription")],
        external_id=arn or code,
        status=AlertStatus.resolved if over else AlertStatus.firing,
        severity=_CATEGORIES.get(text_at(detail, "eventTypeCategory"), Severity.info),
        resource=resource,
        system=system(account, tags),
        started_at=moment(text_at(detail, "startTime")),
        ended_at=moment(text_at(detail, "endTime")) if over else None,
        labels={
            "event_type": code,
            "category": text_at(detail, "eventTypeCategory"),
            "state": text_at(detail, "statusCode"),
            "entities": ", ".join(name for name in names if name),
            **tags,
        },
        links=(f"https://health.aws.amazon.com/health/home#/account/event-log?eventID={arn}",) if arn else (),
    )


def _resource(entity: str, service: str, region: str, account: str) -> Resource:
    named = "instanceid" if entity.startswith("i-") else "volumeid" if entity.startswith("vol-") else ""
    derived = arns.derived(named or _ENTITY_ARNS.get(service, ""), entity, region, account)
    found = arns.resource(derived or entity, region=region, account=account, service=service)
    return found if found.service else found.model_copy(update={"service": service})


def _words(code: str, service: str) -> str:
    """`AWS_EC2_INSTANCE_STORE_DRIVE_PERFORMANCE_DEGRADED` in words: "EC2 instance store drive performance degraded"."""
    rest = code.removeprefix("AWS_").removeprefix(f"{service}_")
    return f"{service} {rest.replace('_', ' ').lower()}".strip() or "an event of an unknown type"
