"""RDS events, parameters, and what a scenario says of an instance's state. The rest of RDS is moto's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.databases import RdsInstance
from deploy.local.account.seed.databases import parameter_group_of
from deploy.local.account.services import rds_changes
from deploy.local.account.services.forward import from_moto
from deploy.local.account.services.rds_parameters import EngineParameter, parameters_of
from deploy.local.account.state import Account, Loaded
from deploy.local.account.text import stable_id

_KEPT = timedelta(days=14)


def describe_db_instances(account: Account, request: Request) -> dict[str, Any]:
    """moto's answer with pending changes, Performance Insights and the state of the parameter group."""
    reply = from_moto(account, request)
    known = {
        instance.name: instance
        for loaded in account.loaded(request.region)
        for instance in loaded.scenario.resources.rds_instances
    }
    for described in reply["DBInstances"]:
        instance = known.get(described["DBInstanceIdentifier"])
        if instance is not None:
            described |= _state(instance) | _rebooting(account, instance)
            for group in described.get("DBParameterGroups", []):
                group["ParameterApplyStatus"] = instance.parameters_status
    return reply


def resource_id_of(instance: RdsInstance) -> str:
    """What Performance Insights calls an instance: its DbiResourceId."""
    return f"db-{stable_id('rds', instance.name).replace('-', '')[:26].upper()}"


def _state(instance: RdsInstance) -> dict[str, Any]:
    performance = instance.performance
    return {
        "DbiResourceId": resource_id_of(instance),
        "DBInstanceStatus": instance.status,
        "PendingModifiedValues": dict(instance.pending),
        "PerformanceInsightsEnabled": performance is not None,
        **({"PerformanceInsightsRetentionPeriod": performance.retention.days} if performance else {}),
        **({"MaxAllocatedStorage": instance.max_storage_gb} if instance.max_storage_gb else {}),
    }


def _rebooting(account: Account, instance: RdsInstance) -> dict[str, Any]:
    for loaded in account.loaded():
        if any(each is instance for each in loaded.scenario.resources.rds_instances):
            return {"DBInstanceStatus": rds_changes.status_of(account, loaded, instance)}
    return {}


def describe_events(account: Account, request: Request) -> dict[str, Any]:
    """Events of the last hour unless a range or a duration (minutes) is given; kept for 14 days."""
    params, now = request.params, account.now()
    if params.get("SourceIdentifier") and not params.get("SourceType"):
        raise AwsError("InvalidParameterCombination", "SourceType must be given with SourceIdentifier.")
    end: datetime = params.get("EndTime", now)
    start: datetime = params.get("StartTime", end - timedelta(minutes=params.get("Duration", 60)))
    if start > end:
        raise AwsError("InvalidParameterCombination", "StartTime must be before EndTime.")
    categories = set(params.get("EventCategories", []))
    events = [
        event
        for event in _events(account, request.region)
        if max(start, now - _KEPT) <= event["Date"] <= min(end, now)
        and params.get("SourceIdentifier") in (None, event["SourceIdentifier"])
        and params.get("SourceType") in (None, event["SourceType"])
        and (not categories or categories & set(event["EventCategories"]))
    ]
    events.sort(key=lambda event: event["Date"])
    shown, marker = page(events, params, params.get("Marker"), params.get("MaxRecords") or 100)
    return {"Events": shown, **({"Marker": marker} if marker else {})}


def describe_db_parameters(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    group = params["DBParameterGroupName"]
    found = _instance_of_group(account, request.region, group)
    if found is None:
        client = account.moto.client("rds", request.region)
        if group not in {
            each["DBParameterGroupName"] for each in client.describe_db_parameter_groups()["DBParameterGroups"]
        }:
            raise AwsError("DBParameterGroupNotFound", f"DBParameterGroup not found: {group}", 404)
        found = RdsInstance(name=group)
    parameters = [each for each in _parameters(found) if params.get("Source") in (None, each["Source"])]
    shown, marker = page(parameters, params, params.get("Marker"), params.get("MaxRecords") or 100)
    return {"Parameters": shown, **({"Marker": marker} if marker else {})}


def _events(account: Account, region: str) -> Iterator[dict[str, Any]]:
    for loaded in account.loaded(region):
        for instance in loaded.scenario.resources.rds_instances:
            for event in (*instance.events, *rds_changes.events_of(account, instance)):
                yield {
                    "SourceIdentifier": instance.name,
                    "SourceType": "db-instance",
                    "Message": event.message,
                    "EventCategories": list(event.categories),
                    "Date": loaded.at(event.at),
                    "SourceArn": _arn(loaded, instance),
                }


def _arn(loaded: Loaded, instance: RdsInstance) -> str:
    return f"arn:aws:rds:{loaded.scenario.region}:{loaded.scenario.account_id}:db:{instance.name}"


def _instance_of_group(account: Account, region: str, group: str) -> RdsInstance | None:
    return next(
        (
            instance
            for loaded in account.loaded(region)
            for instance in loaded.scenario.resources.rds_instances
            if parameter_group_of(instance) == group
        ),
        None,
    )


def _parameters(instance: RdsInstance) -> Iterator[dict[str, Any]]:
    """The engine's parameters, with what the scenario sets as the user's."""
    known = parameters_of(instance)
    for name in sorted({*known, *instance.parameters}):
        set_by_user = name in instance.parameters
        parameter = known.get(name, EngineParameter("string", None))
        value = instance.parameters[name] if set_by_user else parameter.default
        yield {
            "ParameterName": name,
            **({} if value is None else {"ParameterValue": value}),
            "Source": "user" if set_by_user else "system" if value is not None else "engine-default",
            "ApplyType": "static" if parameter.static else "dynamic",
            "DataType": "string" if value and not value.isdigit() else "integer",
            **({"AllowedValues": parameter.allowed} if parameter.allowed else {}),
            "IsModifiable": True,
            "ApplyMethod": "pending-reboot" if parameter.static else "immediate",
        }


OPERATIONS: dict[str, Operation] = {
    "DescribeDBInstances": describe_db_instances,
    "DescribeDBParameters": describe_db_parameters,
    "DescribeEvents": describe_events,
    **rds_changes.OPERATIONS,
}
