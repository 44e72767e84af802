"""What every EventBridge event says in the same way, and the events that no other file reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agent.models import Alert, AlertStatus, Resource, Severity
from agent.sources.aws import arns
from agent.sources.aws.notice import Notice
from agent.sources.aws.severities import of_name, outcome
from agent.sources.clean import leaves
from agent.sources.facts import links_in
from agent.sources.fields import at, flat, mapping_at, parts_at, text_at
from agent.sources.words import ranked, status_of, system_of

STATES = ("status", "state", "currentState", "newState", "result", "outcome", "eventStatus", "lastStatus")
REASONS = (
    *("message", "reason", "error", "errorMessage", "statusMessage", "statusReason", "cause", "description", "title"),
    *("summary", "detail", "text"),
)
NAMES = ("name", "jobName", "instance-id", "resource", "component", "service", "application", "host")
HEADINGS = ("title", "summary", "subject", *NAMES)
SEVERITIES = ("severity", "level", "priority")

_LEVELS = {"1": Severity.critical, "2": Severity.error, "3": Severity.warning, "4": Severity.info}
"""How OpsItems of Systems Manager count."""
_CHANGE = re.compile(r" (?:created?|updated?|closed?|opened)$", re.I)
"""`OpsItem Create` and `OpsItem Update` tell of one thing."""
_BAD_WORDS = re.compile(
    r"\b(?:fail(?:ed|ure|s)?|error|unsuccessful|unhealthy|crash(?:ed)?|impaired|interruption)\b", re.I
)


def is_from(notice: Notice, source: str, detail_type: str = "") -> bool:
    """Whether it is an event of this service; `detail_type` is how its name begins."""
    event = notice.event
    return text_at(event, "source") == source and text_at(event, "detail-type").startswith(detail_type)


def subject_of(notice: Notice, arn: str = "", service: str = "", name: str = "") -> Resource:
    """The resource of an ARN, else the first that the event lists, else the one of this name in the event's place."""
    event = notice.event
    region, account = text_at(event, "region"), text_at(event, "account")
    instance = arns.derived("instanceid", name, region, account) if name.startswith("i-") else ""
    found = arn or next(iter(listed(event)), "") or instance or name
    return arns.resource(found, region=region, account=account, service=service)


def listed(event: Mapping[str, Any]) -> list[str]:
    """The resources that an event names, ARNs as a rule."""
    resources = at(event, "resources")
    return [entry for entry in resources if isinstance(entry, str)] if isinstance(resources, list) else []


def tags_of(node: Any, path: str) -> dict[str, str]:
    """Tags, written as an object or as a list of keys and values."""
    pairs = {text_at(tag, "key", "Key"): text_at(tag, "value", "Value") for tag in parts_at(node, path)}
    return flat(mapping_at(node, path)) | {name: value for name, value in pairs.items() if name and value}


def system(account: str, tags: Mapping[str, str] | None = None, name: str = "") -> str:
    """What alerts are grouped by: the account and, where one is known, the application or cluster in it."""
    return "/".join(part for part in (account, name or system_of(tags or {})) if part)


def matches(notice: Notice) -> bool:
    return bool(notice.event)


def parse(notice: Notice) -> list[Alert]:
    """Status and severity come from the words that events usually have for them; an unknown one fires."""
    event = notice.event
    detail, kind = mapping_at(event, "detail"), text_at(event, "detail-type")
    state = text_at(detail, *STATES)
    name = arns.resource(text_at(detail, *NAMES) or next(iter(listed(event)), "")).id
    reason = text_at(detail, *REASONS)
    status, severity = _judged(detail, kind, state, reason)
    service = arns.service_named(text_at(event, "source")) if text_at(event, "source").startswith("aws.") else ""
    resource = subject_of(notice, "", service, name)
    tags = tags_of(detail, "tags")
    return [
        notice.alert(
            text_at(event, "source").removeprefix("aws.") or "eventbridge",
            " · ".join(part for part in (kind, text_at(detail, *HEADINGS) or name, state) if part),
            (text_at(event, "source"), _CHANGE.sub("", kind), name, resource.arn, resource.account, resource.region),
            (reason,),
            external_id=next(iter(listed(event)), "") or name,
            status=status,
            severity=severity,
            resource=resource,
            system=system(resource.account, tags | flat(detail)),
            labels={"detail_type": kind, "state": state, **tags},
            links=links_in("\n".join(value for _, value in leaves(detail))),
        )
    ]


def _judged(detail: Mapping[str, Any], kind: str, state: str, reason: str) -> tuple[AlertStatus, Severity]:
    ended = outcome(state)
    stated = ranked(text_at(detail, *SEVERITIES), _LEVELS if kind.startswith("OpsItem") else {})
    if ended.settled:
        return ended.status, stated or ended.severity
    if status_of(state) is AlertStatus.resolved:
        return AlertStatus.resolved, stated or Severity.info
    if _BAD_WORDS.search(f"{kind} {reason}"):
        return AlertStatus.firing, stated or Severity.error
    return AlertStatus.firing, stated or of_name(kind, Severity.info if state else Severity.warning)
