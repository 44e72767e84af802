"""CloudTrail's write calls as changes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.changes import Change
from agent.times import clock_time
from tools.evidence.base import Look
from tools.evidence.infra.containers import revision_before
from tools.evidence.names import bare_name, service_key

MAX_EVENTS = 500
"""LookupEvents gives 50 at a time, twice a second, the newest first: so many take five seconds."""
MAX_MENTIONS = 6000
_NAMED = ("name", "identifier", "id", "arn", "url", "bucket", "table", "function", "service", "cluster", "family")
_ARN = re.compile(r'"(arn:[^"]+)"')

_VERSION = re.compile(r"\d{8}(?:v\d+)?$")
"""Lambda's calls carry the date of their API: UpdateFunctionCode20150331v2."""


@dataclass(frozen=True)
class Trail:
    """Changes that were read; `caveat` ends a summary and says what there was too much of to read."""

    changes: list[Change]
    caveat: str = ""


def calls_on(look: Look, start: datetime, end: datetime, resource: str) -> Trail:
    """The write calls on a resource, which CloudTrail knows by name or by ARN."""
    return _lookup(look, start, end, {"AttributeKey": "ResourceName", "AttributeValue": resource})


def write_calls(look: Look, start: datetime, end: datetime) -> Trail:
    """All write calls of the account and region."""
    return _lookup(look, start, end, {"AttributeKey": "ReadOnly", "AttributeValue": "false"})


def _lookup(look: Look, start: datetime, end: datetime, attribute: dict[str, str]) -> Trail:
    events = look.pages(
        "cloudtrail",
        "lookup_events",
        "Events",
        limit=MAX_EVENTS,
        StartTime=start,
        EndTime=end,
        LookupAttributes=[attribute],
    )
    calls = [_change(event) for event in events if str(event.get("ReadOnly", "false")).lower() != "true"]
    if len(events) < MAX_EVENTS:
        return Trail(calls)
    oldest = clock_time(min(event["EventTime"] for event in events), look.now)
    return Trail(calls, f" Only the newest {MAX_EVENTS} events were read, back to {oldest}.")


def _change(event: dict[str, Any]) -> Change:
    detail: dict[str, Any] = json.loads(event.get("CloudTrailEvent") or "{}")
    identity = detail.get("userIdentity", {})
    parameters: dict[str, Any] = detail.get("requestParameters") or {}
    names = [bare_name(r["ResourceName"]) for r in event.get("Resources", []) if r.get("ResourceName")]
    names += [bare_name(value) for value in _names_in(parameters)]
    source = event.get("EventSource", "")
    revision = (
        str(parameters.get("taskDefinition") or "").rsplit("/", 1)[-1] if event["EventName"] == "UpdateService" else ""
    )
    return Change(
        at=event["EventTime"],
        account=str(detail.get("recipientAccountId") or ""),
        region=str(detail.get("awsRegion") or ""),
        event=_VERSION.sub("", event["EventName"]),
        service=service_key(source) or source.split(".", 1)[0],
        principal=_principal(event, identity),
        resources=tuple(dict.fromkeys(name for name in names if name)),
        detail=_short(parameters),
        mentions=json.dumps(parameters, default=str)[:MAX_MENTIONS],
        error=detail.get("errorCode", ""),
        version=revision,
        previous=revision_before(revision),
        cluster=bare_name(str(parameters.get("cluster") or "")) if revision else "",
        by_aws=identity.get("type") == "AWSService" or str(identity.get("invokedBy", "")).endswith(".amazonaws.com"),
    )


def _principal(event: dict[str, Any], identity: dict[str, Any]) -> str:
    """Who did it: the user, or the role with its session."""
    user = event.get("Username") or identity.get("userName") or identity.get("invokedBy") or "unknown"
    issuer = identity.get("sessionContext", {}).get("sessionIssuer", {}).get("userName", "")
    return f"{user} (role {issuer})" if issuer and issuer != user else str(user)


def _names_in(parameters: dict[str, Any]) -> list[str]:
    """Strings in request parameters that name resources: at the top under keys such as functionName, ARNs anywhere."""
    named = [v for k, v in parameters.items() if isinstance(v, str) and k.lower().endswith(_NAMED) and len(v) < 200]
    return [*named, *(_ARN.findall(json.dumps(parameters, default=str)))]


def _short(parameters: dict[str, Any]) -> str:
    shown = [f"{key}={json.dumps(value, default=str)[:60]}" for key, value in parameters.items()]
    return ", ".join(shown)[:200]
