"""AWS Health: events, their descriptions, and what they affect. Health is global: it tells of every region."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.health import HealthEvent
from deploy.local.account.state import Account, Loaded

_TOKEN_ERROR = "InvalidPaginationToken"  # noqa: S105 - an error code


@dataclass(frozen=True)
class Occurred:
    """An event of a loaded scenario, as seen at `now`."""

    event: HealthEvent
    loaded: Loaded
    now: datetime

    @property
    def arn(self) -> str:
        event = self.event
        identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.loaded.scenario.name}/{self.start}/{event.description}").hex
        return (
            f"arn:aws:health:{self.region}::event/{event.service}/{event.type_code}/{event.type_code}_{identity[:12]}"
        )

    @property
    def region(self) -> str:
        return self.event.region or self.loaded.scenario.region

    @property
    def start(self) -> datetime:
        return self.loaded.at(self.event.start)

    @property
    def end(self) -> datetime | None:
        return None if self.event.end is None else self.loaded.at(self.event.end)

    @property
    def updated(self) -> datetime:
        """When the scenario says so, else the latest thing that has happened."""
        if self.event.updated is not None:
            return self.loaded.at(self.event.updated)
        return self.end if self.status == "closed" and self.end else min(self.start, self.loaded.now)

    @property
    def status(self) -> str:
        if self.start > self.now:
            return "upcoming"
        return "closed" if self.end is not None and self.end <= self.now else "open"

    @property
    def is_known(self) -> bool:
        """Nobody knows of an issue before it begins; a change is announced."""
        return self.status != "upcoming" or self.event.category == "scheduledChange"

    def entity_arns(self) -> list[str]:
        return [value for value in self.event.entities if value.startswith("arn:")]

    def shown(self) -> dict[str, Any]:
        event = self.event
        return {
            "arn": self.arn,
            "service": event.service,
            "eventTypeCode": event.type_code,
            "eventTypeCategory": event.category,
            "region": self.region,
            "startTime": self.start,
            "lastUpdatedTime": self.updated,
            "statusCode": self.status,
            "eventScopeCode": event.scope,
            **({"availabilityZone": event.availability_zone} if event.availability_zone else {}),
            **({"endTime": self.end} if self.end and self.end <= self.now else {}),
        }


# What each filter compares; several values of one filter are alternatives, several filters must all hold.
_VALUES: dict[str, Callable[[Occurred], list[str]]] = {
    "eventArns": lambda each: [each.arn],
    "eventTypeCodes": lambda each: [each.event.type_code],
    "eventTypeCategories": lambda each: [each.event.category],
    "services": lambda each: [each.event.service],
    "regions": lambda each: [each.region],
    "availabilityZones": lambda each: [each.event.availability_zone or ""],
    "eventStatusCodes": lambda each: [each.status],
    "entityArns": lambda each: each.entity_arns(),
    "entityValues": lambda each: list(each.event.entities),
}
_TIMES: dict[str, Callable[[Occurred], datetime | None]] = {
    "startTimes": lambda each: each.start,
    "endTimes": lambda each: each.end,
    "lastUpdatedTimes": lambda each: each.updated,
}


def _describe_events(account: Account, request: Request) -> dict[str, Any]:
    events = [each.shown() for each in _matching(account, request.params.get("filter") or {})]
    return _page("events", events, request)


def _describe_event_aggregates(account: Account, request: Request) -> dict[str, Any]:
    counts = Counter(each.event.category for each in _matching(account, request.params.get("filter") or {}))
    return {"eventAggregates": [{"aggregateValue": name, "count": count} for name, count in sorted(counts.items())]}


def _describe_event_details(account: Account, request: Request) -> dict[str, Any]:
    known = {each.arn: each for each in _occurred(account)}
    arns: list[str] = request.params["eventArns"]
    found = [
        {"event": known[arn].shown(), "eventDescription": {"latestDescription": known[arn].event.description}}
        for arn in arns
        if arn in known
    ]
    failed = [
        {"eventArn": arn, "errorName": "ResourceNotFound", "errorMessage": "There is no such event."}
        for arn in arns
        if arn not in known
    ]
    return {"successfulSet": found, "failedSet": failed}


def _describe_affected_entities(account: Account, request: Request) -> dict[str, Any]:
    wanted = request.params["filter"]
    _refuse_unknown(wanted, {"eventArns", "entityArns", "entityValues", "statusCodes", "lastUpdatedTimes"})
    entities = [
        entity
        for each in _occurred(account)
        if each.arn in wanted["eventArns"] and _in_ranges(each.updated, wanted.get("lastUpdatedTimes"))
        for value in each.event.entities
        for entity in [_entity(each, value)]
        if value in (wanted.get("entityValues") or [value])
        and (not wanted.get("entityArns") or entity.get("entityArn") in wanted["entityArns"])
        and entity["statusCode"] in (wanted.get("statusCodes") or [entity["statusCode"]])
    ]
    return _page("entities", entities, request)


def _describe_entity_aggregates(account: Account, request: Request) -> dict[str, Any]:
    arns = request.params.get("eventArns") or []
    aggregates = [
        {"eventArn": each.arn, "count": len(each.event.entities)} for each in _occurred(account) if each.arn in arns
    ]
    return {"entityAggregates": aggregates}


def _entity(each: Occurred, value: str) -> dict[str, Any]:
    status = {"open": "IMPAIRED", "closed": "RESOLVED", "upcoming": "PENDING"}[each.status]
    if each.event.category == "scheduledChange" and each.status == "open":
        status = "PENDING"
    return {
        "eventArn": each.arn,
        "entityValue": value,
        "awsAccountId": each.loaded.scenario.account_id,
        "lastUpdatedTime": each.updated,
        "statusCode": status,
        **({"entityArn": value} if value.startswith("arn:") else {}),
    }


def _occurred(account: Account) -> list[Occurred]:
    """Every event known by now, the most recently updated first."""
    now = account.now()
    events = [Occurred(event, loaded, now) for loaded in account.loaded() for event in loaded.scenario.health_events]
    return sorted((each for each in events if each.is_known), key=lambda each: each.updated, reverse=True)


def _matching(account: Account, wanted: dict[str, Any]) -> list[Occurred]:
    _refuse_unknown(wanted, _VALUES.keys() | _TIMES.keys())
    return [
        each
        for each in _occurred(account)
        if all(set(_VALUES[name](each)) & set(values) for name, values in wanted.items() if name in _VALUES and values)
        and all(_in_ranges(_TIMES[name](each), ranges) for name, ranges in wanted.items() if name in _TIMES)
    ]


def _refuse_unknown(wanted: dict[str, Any], known: set[str]) -> None:
    unknown = sorted(name for name, values in wanted.items() if values and name not in known)
    if unknown:
        raise AwsError("ValidationException", f"The simulated account cannot filter by {', '.join(unknown)}.")


def _in_ranges(moment: datetime | None, ranges: list[dict[str, datetime]] | None) -> bool:
    if not ranges:
        return True
    return moment is not None and any(each.get("from", moment) <= moment <= each.get("to", moment) for each in ranges)


def _page(member: str, found: list[Any], request: Request) -> dict[str, Any]:
    params = request.params
    shown, token = page(found, params, params.get("nextToken"), params.get("maxResults") or 100, _TOKEN_ERROR)
    return {member: shown, **({"nextToken": token} if token else {})}


OPERATIONS: dict[str, Operation] = {
    "DescribeEvents": _describe_events,
    "DescribeEventDetails": _describe_event_details,
    "DescribeAffectedEntities": _describe_affected_entities,
    "DescribeEventAggregates": _describe_event_aggregates,
    "DescribeEntityAggregates": _describe_entity_aggregates,
}
