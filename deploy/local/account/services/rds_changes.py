"""Changes of RDS: parameters, which take effect at once or with the next reboot, and reboots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from deploy.local.account.amending import with_resource
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.databases import RdsEvent, RdsInstance
from deploy.local.account.seed.databases import parameter_group_of
from deploy.local.account.services.forward import from_moto
from deploy.local.account.services.rds_parameters import EngineParameter, parameters_of
from deploy.local.account.state import Account, Loaded

_REBOOT_SECONDS = 40
_MOST_PARAMETERS = 20


def modify_db_parameter_group(account: Account, request: Request) -> dict[str, Any]:
    """Each parameter must exist and take its value; a static one can only wait for a reboot."""
    group, wanted = request.params["DBParameterGroupName"], request.params["Parameters"]
    if group.startswith("default."):
        raise AwsError("InvalidParameterValue", f"Modification of the default DBParameterGroup {group} is not allowed")
    if len(wanted) > _MOST_PARAMETERS:
        raise AwsError("InvalidParameterValue", f"At most {_MOST_PARAMETERS} parameters can be modified at a time.")
    found = _of_group(account, request.region, group)
    if not found:
        return from_moto(account, request)
    for each in wanted:
        _check(parameters_of(found[0][1]), each)
    for loaded, instance in found:
        _apply(account, loaded, instance, wanted)
    return {"DBParameterGroupName": group}


def reset_db_parameter_group(account: Account, request: Request) -> dict[str, Any]:
    """Back to the engine's defaults: the parameters named, or all; static ones wait for a reboot."""
    params = request.params
    group = params["DBParameterGroupName"]
    found = _of_group(account, request.region, group)
    if not found:
        return from_moto(account, request)
    for loaded, instance in found:
        names = [each["ParameterName"] for each in params.get("Parameters", [])]
        names = names or (list(instance.parameters) if params.get("ResetAllParameters", True) else [])
        known = parameters_of(instance)
        static = {name for name in names if known.get(name, EngineParameter("string", None)).static}
        _store(account, loaded, instance, dict.fromkeys(names), static)
    return {"DBParameterGroupName": group}


def reboot_db_instance(account: Account, request: Request) -> dict[str, Any]:
    """Parameters that waited take effect. The instance must be available."""
    name = request.params["DBInstanceIdentifier"]
    found = _instance(account, request.region, name)
    if found is None:
        return from_moto(account, request)
    loaded, instance = found
    status = status_of(account, loaded, instance)
    if status != "available":
        message = f"Instance {name} is not in available state."
        raise AwsError("InvalidDBInstanceState", message)
    if request.params.get("ForceFailover") and not instance.multi_az:
        message = "Cannot force failover since the instance is not configured for Multi-AZ"
        raise AwsError("InvalidParameterCombination", message)
    at = account.now() - loaded.now
    changes = {"rebooted": (*instance.rebooted, at), "in_effect": {}, "parameters_status": "in-sync"}
    account.amend(loaded.scenario.name, partial(with_resource, kind="rds_instances", name=name, **changes))
    reply = from_moto(account, request)
    return {"DBInstance": {**reply["DBInstance"], "DBInstanceStatus": "rebooting"}}


def status_of(account: Account, loaded: Loaded, instance: RdsInstance) -> str:
    now, lasts = account.now(), account.seconds(_REBOOT_SECONDS)
    rebooting = any(loaded.at(each) <= now < loaded.at(each) + lasts for each in instance.rebooted)
    return "rebooting" if rebooting else instance.status


def events_of(account: Account, instance: RdsInstance) -> Iterator[RdsEvent]:
    """What RDS reports of the reboots."""
    lasts = account.seconds(_REBOOT_SECONDS)
    for at in instance.rebooted:
        yield RdsEvent(at=at + lasts / 2, message="DB instance shutdown", categories=("availability",))
        yield RdsEvent(at=at + lasts, message="DB instance restarted", categories=("availability",))


def _check(known: Mapping[str, EngineParameter], wanted: Mapping[str, Any]) -> None:
    name, value = wanted.get("ParameterName", ""), str(wanted.get("ParameterValue", ""))
    parameter = known.get(name)
    if parameter is None:
        raise AwsError("InvalidParameterValue", f"Could not find parameter with name: {name}")
    if not parameter.takes(value):
        message = f"Value: {value} is outside of range: {parameter.allowed} for parameter: {name}"
        raise AwsError("InvalidParameterValue", message)
    method = wanted.get("ApplyMethod")
    if method not in ("immediate", "pending-reboot"):
        raise AwsError("InvalidParameterValue", f"ApplyMethod of {name} must be immediate or pending-reboot.")
    if parameter.static and method == "immediate":
        raise AwsError("InvalidParameterCombination", "cannot use immediate apply method for static parameter")


def _apply(account: Account, loaded: Loaded, instance: RdsInstance, wanted: Sequence[Mapping[str, Any]]) -> None:
    values = {each["ParameterName"]: str(each["ParameterValue"]) for each in wanted}
    waiting = {each["ParameterName"] for each in wanted if each["ApplyMethod"] == "pending-reboot"}
    _store(account, loaded, instance, values, waiting)


def _store(
    account: Account, loaded: Loaded, instance: RdsInstance, values: Mapping[str, str | None], waiting: set[str]
) -> None:
    """Set the group's values (None removes one), and remember what holds for those that wait for the reboot."""
    known = parameters_of(instance)
    parameters = {name: value for name, value in {**instance.parameters, **values}.items() if value is not None}
    holds = dict(instance.in_effect)
    for name in waiting:
        default = known[name].default if name in known else None
        before = instance.parameters.get(name, default)
        if before is not None:
            holds.setdefault(name, before)
    status = "pending-reboot" if waiting else instance.parameters_status
    changes = {"parameters": parameters, "in_effect": holds, "parameters_status": status}
    account.amend(loaded.scenario.name, partial(with_resource, kind="rds_instances", name=instance.name, **changes))


def _of_group(account: Account, region: str, group: str) -> list[tuple[Loaded, RdsInstance]]:
    return [
        (loaded, instance)
        for loaded in account.loaded(region)
        for instance in loaded.scenario.resources.rds_instances
        if parameter_group_of(instance) == group
    ]


def _instance(account: Account, region: str, name: str) -> tuple[Loaded, RdsInstance] | None:
    for loaded in account.loaded(region):
        for instance in loaded.scenario.resources.rds_instances:
            if instance.name == name:
                return loaded, instance
    return None


OPERATIONS: dict[str, Operation] = {
    "ModifyDBParameterGroup": modify_db_parameter_group,
    "RebootDBInstance": reboot_db_instance,
    "ResetDBParameterGroup": reset_db_parameter_group,
}
