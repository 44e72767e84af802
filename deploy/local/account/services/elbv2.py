"""Target health as the scenario has it; moto would call every target healthy. The rest of elbv2 is moto's."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from deploy.local.account.request import Operation, Request
from deploy.local.account.schema.compute import Target, TargetGroup
from deploy.local.account.services.forward import from_moto
from deploy.local.account.state import Account


def describe_target_health(account: Account, request: Request) -> dict[str, Any]:
    name = request.params["TargetGroupArn"].split("/")[1]
    groups = [
        group
        for loaded in account.loaded(request.region)
        for balancer in loaded.scenario.resources.load_balancers
        for group in balancer.target_groups
        if group.name == name
    ]
    described = from_moto(account, request)
    if not groups or not groups[0].targets:
        return described
    wanted = {(each["Id"], each.get("Port")) for each in request.params.get("Targets", [])}
    targets = [_described(groups[0], target, identity, request.region) for target, identity in _targets(groups[0])]
    return {
        "TargetHealthDescriptions": [
            each
            for each in targets
            if not wanted or wanted & {(each["Target"]["Id"], each["Target"].get("Port")), (each["Target"]["Id"], None)}
        ]
    }


def _targets(group: TargetGroup) -> Iterator[tuple[Target, str]]:
    for target in group.targets:
        for number in range(target.count):
            yield target, _nth(target.id, number)


def _nth(identity: str, number: int) -> str:
    try:
        return str(ipaddress.ip_address(identity) + number)
    except ValueError:
        return f"{identity}{number + 1}" if number else identity


def _described(group: TargetGroup, target: Target, identity: str, region: str) -> dict[str, Any]:
    port = target.port or group.port
    where: dict[str, Any] = {} if group.target_type == "lambda" else {"Port": port}
    if group.target_type == "ip":
        where["AvailabilityZone"] = f"{region}{target.zone}"
    health = {"State": target.state, "Reason": target.reason, "Description": target.description}
    return {
        "Target": {"Id": identity, **where},
        **({} if group.target_type == "lambda" else {"HealthCheckPort": str(port)}),
        "TargetHealth": {key: value for key, value in health.items() if value},
    }


OPERATIONS: dict[str, Operation] = {"DescribeTargetHealth": describe_target_health}
