"""The size of a table, and changes of its capacity, which take a while. The rest of DynamoDB is moto's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from deploy.local.account.amending import with_resource
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.serverless import DynamoDbTable
from deploy.local.account.services.forward import from_moto
from deploy.local.account.state import Account, Loaded

_UPDATING_SECONDS = 20
_MOST_UNITS = 40_000
_UNITS = ("ReadCapacityUnits", "WriteCapacityUnits")


def describe_table(account: Account, request: Request) -> dict[str, Any]:
    described: dict[str, Any] = from_moto(account, request)["Table"]
    _as_it_is_now(account, request.region, described)
    return {"Table": described}


def update_table(account: Account, request: Request) -> dict[str, Any]:
    """Billing mode and capacity; what else a request may hold is left to moto."""
    params = request.params
    describe = Request("dynamodb", "DescribeTable", {"TableName": params["TableName"]}, request.region)
    present = describe_table(account, describe)["Table"]
    if present["TableStatus"] != "ACTIVE":
        message = f"Attempt to change a resource which is still in use: Table is being updated: {present['TableName']}"
        raise AwsError("ResourceInUseException", message)
    if params.get("BillingMode") or params.get("ProvisionedThroughput"):
        _check(present, params)
    described: dict[str, Any] = from_moto(account, request)["TableDescription"]
    found = _declared(account, request.region, present["TableName"])
    if found is not None:
        loaded, table = found
        changes = _changes(table, params) | {"updated": account.now() - loaded.now}
        change = partial(with_resource, kind="dynamodb_tables", name=table.name, **changes)
        account.amend(loaded.scenario.name, change)
    _as_it_is_now(account, request.region, described)
    return {"TableDescription": described}


def _check(present: Mapping[str, Any], params: Mapping[str, Any]) -> None:
    """Refuse what DynamoDB refuses: capacity without the mode for it, none, too much, or the same as before."""
    was = _mode(present)
    mode = params.get("BillingMode") or was
    wanted = params.get("ProvisionedThroughput")
    if mode == "PAY_PER_REQUEST":
        if wanted:
            raise _invalid(
                "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be "
                "specified when BillingMode is PAY_PER_REQUEST"
            )
        return
    if not wanted:
        if was == mode:
            raise _invalid("The table's billing mode is PROVISIONED already.")
        raise _invalid(
            "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be "
            "specified when BillingMode is PROVISIONED"
        )
    for unit in _UNITS:
        if not 1 <= wanted[unit] <= _MOST_UNITS:
            raise _invalid(
                f"{unit} must be from 1 to {_MOST_UNITS}, the quota of a table; {wanted[unit]} was requested."
            )
    has = present["ProvisionedThroughput"]
    if was == mode and all(has[unit] == wanted[unit] for unit in _UNITS):
        raise _invalid(
            "The provisioned throughput for the table will not change. The requested value equals the current value. "
            f"Current ReadCapacityUnits provisioned for the table: {has['ReadCapacityUnits']}. Requested "
            f"ReadCapacityUnits: {wanted['ReadCapacityUnits']}. Current WriteCapacityUnits provisioned for the table: "
            f"{has['WriteCapacityUnits']}. Requested WriteCapacityUnits: {wanted['WriteCapacityUnits']}."
        )


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def _mode(described: Mapping[str, Any]) -> str:
    return described.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")


def _changes(table: DynamoDbTable, params: Mapping[str, Any]) -> dict[str, Any]:
    mode, units = params.get("BillingMode"), params.get("ProvisionedThroughput")
    changes: dict[str, Any] = {"on_demand": mode == "PAY_PER_REQUEST"} if mode else {}
    if units:
        changes |= {"read_capacity": units["ReadCapacityUnits"], "write_capacity": units["WriteCapacityUnits"]}
    return changes


def _as_it_is_now(account: Account, region: str, described: dict[str, Any]) -> None:
    found = _declared(account, region, described["TableName"])
    if found is None:
        return
    loaded, table = found
    described["ItemCount"] = described["ItemCount"] if table.item_count is None else table.item_count
    described["TableSizeBytes"] = table.size_bytes or described["TableSizeBytes"]
    if table.on_demand:
        described["ProvisionedThroughput"] = {**described.get("ProvisionedThroughput", {}), **dict.fromkeys(_UNITS, 0)}
    if table.updated is not None:
        over = loaded.at(table.updated) + account.seconds(_UPDATING_SECONDS)
        described["TableStatus"] = "UPDATING" if account.now() < over else "ACTIVE"


def _declared(account: Account, region: str, name: str) -> tuple[Loaded, DynamoDbTable] | None:
    for loaded in account.loaded(region):
        for table in loaded.scenario.resources.dynamodb_tables:
            if table.name == name:
                return loaded, table
    return None


OPERATIONS: dict[str, Operation] = {"DescribeTable": describe_table, "UpdateTable": update_table}
