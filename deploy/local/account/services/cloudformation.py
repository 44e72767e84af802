"""CloudFormation's stacks with their events, beside the stacks that somebody really made in moto."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.delivery import Stack, StackEvent
from deploy.local.account.services.forward import from_moto
from deploy.local.account.state import Account, Loaded
from deploy.local.account.text import stable_id

EVENTS_A_PAGE = 100
STACKS_A_PAGE = 100


@dataclass(frozen=True)
class Placed:
    """A stack of a scenario, in its account."""

    stack: Stack
    loaded: Loaded

    @property
    def arn(self) -> str:
        scenario, name = self.loaded.scenario, self.stack.name
        return f"arn:aws:cloudformation:{scenario.region}:{scenario.account_id}:stack/{name}/{stable_id('stack', name)}"

    @property
    def newest(self) -> StackEvent | None:
        """The newest event about the stack itself."""
        own = [event for event in self.stack.events if event.resource is None]
        return max(own, key=lambda event: event.at, default=None)


def describe_stacks(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    placed = _placed(account, request.region)
    if params.get("StackName"):
        chosen = [each for each in placed if params["StackName"] in (each.stack.name, each.arn)]
        return {"Stacks": [_described(chosen[0])]} if chosen else from_moto(account, request)
    alone = params.get("NextToken") or account.moto.has_none_of("cloudformation")
    others = [] if alone else from_moto(account, request).get("Stacks", [])
    listed = sorted(placed, key=lambda each: each.stack.name)
    shown, token = page(listed, params, params.get("NextToken"), STACKS_A_PAGE, "ValidationError")
    stacks = [*(_described(each) for each in shown), *others]
    return {"Stacks": stacks, **({"NextToken": token} if token else {})}


def describe_stack_events(account: Account, request: Request) -> dict[str, Any]:
    """The newest first, a hundred at a time."""
    params = request.params
    placed = _find(account, request)
    if placed is None:
        return from_moto(account, request)
    events = sorted(_events(placed), key=lambda event: event["Timestamp"], reverse=True)
    shown, token = page(events, params, params.get("NextToken"), EVENTS_A_PAGE, "ValidationError")
    return {"StackEvents": shown, **({"NextToken": token} if token else {})}


def describe_stack_resource_drifts(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    placed = _find(account, request)
    if placed is None:
        raise AwsError("ValidationError", f"Stack [{params['StackName']}] does not exist")
    wanted = params.get("StackResourceDriftStatusFilters")
    drifts = [
        {
            "StackId": placed.arn,
            "LogicalResourceId": each.logical_id,
            "PhysicalResourceId": each.physical_id,
            "ResourceType": each.type,
            "StackResourceDriftStatus": each.drift,
            "Timestamp": placed.loaded.now,
        }
        for each in placed.stack.resources
        if not wanted or each.drift in wanted
    ]
    size = params.get("MaxResults") or 100
    shown, token = page(drifts, params, params.get("NextToken"), size, "ValidationError")
    return {"StackResourceDrifts": shown, **({"NextToken": token} if token else {})}


def list_stack_resources(account: Account, request: Request) -> dict[str, Any]:
    placed = _find(account, request)
    if placed is None:
        return from_moto(account, request)
    at = placed.loaded.at(placed.stack.updated or placed.stack.created)
    listed = [
        {
            "LogicalResourceId": each.logical_id,
            "PhysicalResourceId": each.physical_id,
            "ResourceType": each.type,
            "LastUpdatedTimestamp": at,
            "ResourceStatus": "UPDATE_COMPLETE",
            "DriftInformation": {"StackResourceDriftStatus": each.drift},
        }
        for each in placed.stack.resources
    ]
    token = request.params.get("NextToken")
    shown, following = page(listed, request.params, token, 100, "ValidationError")
    return {"StackResourceSummaries": shown, **({"NextToken": following} if following else {})}


def _placed(account: Account, region: str) -> list[Placed]:
    return [Placed(stack, loaded) for loaded in account.loaded(region) for stack in loaded.scenario.resources.stacks]


def _find(account: Account, request: Request) -> Placed | None:
    name = request.params["StackName"]
    return next((each for each in _placed(account, request.region) if name in (each.stack.name, each.arn)), None)


def _described(placed: Placed) -> dict[str, Any]:
    stack, loaded, newest = placed.stack, placed.loaded, placed.newest
    updated = stack.updated if stack.updated is not None else newest.at if newest else None
    reason = (newest.reason if newest else "") or stack.status_reason
    return {
        "StackId": placed.arn,
        "StackName": stack.name,
        "CreationTime": loaded.at(stack.created),
        "StackStatus": newest.status if newest else stack.status,
        "DisableRollback": False,
        "DriftInformation": {"StackDriftStatus": stack.drift},
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
        **({"StackStatusReason": reason} if reason else {}),
        **({"LastUpdatedTime": loaded.at(updated)} if updated is not None else {}),
        **({"ParentId": stack.parent} if stack.parent else {}),
    }


def _events(placed: Placed) -> Iterator[dict[str, Any]]:
    stack, loaded = placed.stack, placed.loaded
    for position, event in enumerate(stack.events):
        for number in range(event.count):
            logical = event.resource or stack.name
            yield {
                "StackId": placed.arn,
                "StackName": stack.name,
                "EventId": stable_id("stack event", stack.name, str(position), str(number)),
                "LogicalResourceId": f"{logical}{number}" if number else logical,
                "PhysicalResourceId": event.physical_id or (placed.arn if event.resource is None else ""),
                "ResourceType": event.type,
                "Timestamp": loaded.at(event.at) - timedelta(seconds=number),
                "ResourceStatus": event.status,
                **({"ResourceStatusReason": event.reason} if event.reason else {}),
            }


OPERATIONS: dict[str, Operation] = {
    "DescribeStackEvents": describe_stack_events,
    "DescribeStackResourceDrifts": describe_stack_resource_drifts,
    "DescribeStacks": describe_stacks,
    "ListStackResources": list_stack_resources,
}
