"""Volumes and snapshots in pages, and snapshots by owner, which moto does not look at. The rest of EC2 is moto's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import Operation, Request
from deploy.local.account.services.forward import from_moto
from deploy.local.account.state import Account

_PAGE = 50
_PAGING = ("NextToken", "MaxResults")


def describe_volumes(account: Account, request: Request) -> dict[str, Any]:
    return _page("Volumes", _all(account, request), request)


def describe_snapshots(account: Account, request: Request) -> dict[str, Any]:
    """Without those of the public images, unless the request wants other owners' too."""
    owners = request.params.get("OwnerIds") or []
    if "self" not in owners:
        return _page("Snapshots", _all(account, request), request)
    numbers = [loaded.scenario.account_id for loaded in account.loaded()]
    own = {"Name": "owner-id", "Values": [*dict.fromkeys(numbers)]}
    if not numbers:
        return {"Snapshots": []}
    filters = [*request.params.get("Filters", []), own]
    return _page("Snapshots", _all(account, request, Filters=filters), request)


def _all(account: Account, request: Request, **more: Any) -> dict[str, Any]:
    params = {name: value for name, value in request.params.items() if name not in _PAGING}
    return from_moto(account, replace(request, params=params | more))


def _page(member: str, reply: dict[str, Any], request: Request) -> dict[str, Any]:
    params = request.params
    size = params.get("MaxResults") or _PAGE
    shown, token = page(reply[member], params, params.get("NextToken"), size, "InvalidNextToken")
    return {member: shown, **({"NextToken": token} if token else {})}


OPERATIONS: dict[str, Operation] = {
    "DescribeSnapshots": describe_snapshots,
    "DescribeVolumes": describe_volumes,
}
