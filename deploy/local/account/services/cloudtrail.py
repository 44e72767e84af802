"""CloudTrail: LookupEvents."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.changes import TrailEvent
from deploy.local.account.state import Account, Loaded
from deploy.local.account.text import stable_id

_KEPT = timedelta(days=90)
_MOST = 50


def lookup_events(account: Account, request: Request) -> dict[str, Any]:
    """The newest events first, of the last 90 days at most, by one attribute."""
    params, now = request.params, account.now()
    start, end = params.get("StartTime", now - _KEPT), params.get("EndTime", now)
    if start > end:
        raise AwsError("InvalidTimeRangeException", "The start time must be before the end time.")
    size = params.get("MaxResults", _MOST)
    if not 1 <= size <= _MOST:
        raise AwsError("InvalidMaxResultsException", f"MaxResults must be between 1 and {_MOST}.")
    attributes = params.get("LookupAttributes", [])
    if len(attributes) > 1:
        raise AwsError("InvalidLookupAttributesException", "You can specify only one lookup attribute.")
    if params.get("EventCategory"):
        return {"Events": []}  # Insights events: no scenario has any
    first, last = max(start, now - _KEPT), min(end, now)
    events = [
        described
        for loaded in account.loaded(request.region)
        for event in loaded.scenario.cloudtrail
        for at in _moments(loaded, event, first, last)
        if all(_matches(described := _described(loaded, event, at), each) for each in attributes or [{}])
    ]
    events.sort(key=lambda event: event["EventTime"], reverse=True)
    token = params.get("NextToken")
    shown, following = page(events, params, token, size, "InvalidNextTokenException")
    return {"Events": shown, **({"NextToken": following} if following else {})}


def _moments(loaded: Loaded, event: TrailEvent, first: datetime, last: datetime) -> Iterator[datetime]:
    """When an event happened within a range; a repeated one goes back from its time."""
    at, oldest = loaded.at(event.at), loaded.at(event.at) - event.repeat_for
    while at >= max(first, oldest):
        if at <= last:
            yield at
        if not event.every:
            return
        at -= event.every


def _matches(event: Mapping[str, Any], attribute: Mapping[str, str]) -> bool:
    if not attribute:
        return True
    key, value = attribute["AttributeKey"], attribute["AttributeValue"]
    if key in ("EventId", "EventName", "ReadOnly", "Username", "EventSource", "AccessKeyId"):
        return event.get(key) == value
    name = {"ResourceType": "ResourceType", "ResourceName": "ResourceName"}[key]
    return any(resource[name] == value for resource in event["Resources"])


def _described(loaded: Loaded, event: TrailEvent, at: datetime) -> dict[str, Any]:
    record = _record(loaded, event, at)
    described = {
        "EventId": record["eventID"],
        "EventName": event.event,
        "ReadOnly": str(event.read_only).lower(),
        "EventTime": at,
        "EventSource": event.source,
        "Username": event.user,
        "Resources": [{"ResourceType": each.type, "ResourceName": each.name} for each in event.resources],
        "CloudTrailEvent": json.dumps(record),
    }
    access_key = record["userIdentity"].get("accessKeyId")
    return {**described, **({"AccessKeyId": access_key} if access_key else {})}


def _record(loaded: Loaded, event: TrailEvent, at: datetime) -> dict[str, Any]:
    """The full record of an event, as CloudTrail writes it."""
    scenario = loaded.scenario
    record: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": _identity(event, scenario.account_id),
        "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": event.source,
        "eventName": event.event,
        "awsRegion": scenario.region,
        "sourceIPAddress": event.source_ip,
        "userAgent": event.user_agent,
        "requestParameters": dict(event.request) or None,
        "responseElements": dict(event.response) or None,
        "eventID": stable_id(scenario.name, event.event, event.user, at.isoformat()),
        "readOnly": event.read_only,
        "eventType": "AwsServiceEvent" if event.user_type == "AWSService" else "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": scenario.account_id,
        "eventCategory": "Management",
    }
    if event.error_code:
        record["errorCode"] = event.error_code
        record["errorMessage"] = event.error_message or event.error_code
    return record


def _identity(event: TrailEvent, account_id: str) -> dict[str, Any]:
    if event.user_type == "AWSService":
        return {"type": "AWSService", "invokedBy": event.user}
    key = stable_id("access key", event.user, event.role or "").replace("-", "").upper()[:16]
    identity: dict[str, Any] = {"type": event.user_type, "accountId": account_id, "accessKeyId": f"AKIA{key}"}
    if event.user_type == "AssumedRole":
        role = event.role or event.user
        return {
            **identity,
            "accessKeyId": f"ASIA{key}",
            "principalId": f"AROA{key}:{event.user}",
            "arn": f"arn:aws:sts::{account_id}:assumed-role/{role}/{event.user}",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "userName": role,
                    "accountId": account_id,
                    "arn": f"arn:aws:iam::{account_id}:role/{role}",
                }
            },
        }
    if event.user_type == "Root":
        return {**identity, "arn": f"arn:aws:iam::{account_id}:root"}
    return {**identity, "userName": event.user, "arn": f"arn:aws:iam::{account_id}:user/{event.user}"}


OPERATIONS: dict[str, Operation] = {"LookupEvents": lookup_events}
