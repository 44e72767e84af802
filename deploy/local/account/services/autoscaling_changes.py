"""Changes of an Auto Scaling group's capacity, within its limits."""

from __future__ import annotations

from typing import Any

from deploy.local.account.amending import with_resource
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.compute import AutoScalingGroup, ScalingActivity
from deploy.local.account.services.forward import from_moto
from deploy.local.account.state import Account, Loaded


def set_desired_capacity(account: Account, request: Request) -> dict[str, Any]:
    """Within minimum and maximum, which moto does not look at."""
    name, wanted = request.params["AutoScalingGroupName"], request.params["DesiredCapacity"]
    group = _existing(account, request.region, name)
    for word, limit, beyond in (
        ("above max", group["MaxSize"], wanted > group["MaxSize"]),
        ("below min", group["MinSize"], wanted < group["MinSize"]),
    ):
        if beyond:
            message = f"New SetDesiredCapacity value {wanted} is {word} value {limit} for the AutoScalingGroup."
            raise AwsError("ValidationError", message)
    reply = from_moto(account, request)
    _amend(account, request.region, name, group["DesiredCapacity"], desired=wanted)
    return reply


def update_auto_scaling_group(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    name = params["AutoScalingGroupName"]
    group = _existing(account, request.region, name)
    low, high = params.get("MinSize", group["MinSize"]), params.get("MaxSize", group["MaxSize"])
    wanted = params.get("DesiredCapacity", min(max(group["DesiredCapacity"], low), high))
    if low > high:
        raise AwsError("ValidationError", "Max bound must be greater than or equal to min bound")
    if not low <= wanted <= high:
        message = f"Desired capacity:{wanted} must be between the specified min size:{low} and max size:{high}"
        raise AwsError("ValidationError", message)
    reply = from_moto(account, request)
    _amend(account, request.region, name, group["DesiredCapacity"], desired=wanted, minimum=low, maximum=high)
    return reply


def _existing(account: Account, region: str, name: str) -> dict[str, Any]:
    client = account.moto.client("autoscaling", region)
    groups = client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    if not groups:
        raise AwsError("ValidationError", f"AutoScalingGroup name not found - no such group: {name}")
    return groups[0]


def _amend(account: Account, region: str, name: str, before: int, **changes: Any) -> None:
    for loaded in account.loaded(region):
        for group in loaded.scenario.resources.autoscaling_groups:
            if group.name == name:
                if changes["desired"] != before:
                    changes["activities"] = (*group.activities, _activity(account, loaded, before, changes["desired"]))
                _apply(account, loaded, group, changes)


def _apply(account: Account, loaded: Loaded, group: AutoScalingGroup, changes: dict[str, Any]) -> None:
    account.amend(loaded.scenario.name, lambda told: with_resource(told, "autoscaling_groups", group.name, **changes))


def _activity(account: Account, loaded: Loaded, before: int, after: int) -> ScalingActivity:
    now = account.now()
    verb = "Launching a new EC2 instance." if after > before else "Terminating EC2 instance."
    cause = (
        f"At {now:%Y-%m-%dT%H:%M:%SZ} a user request explicitly set group desired capacity changing the desired "
        f"capacity from {before} to {after}."
    )
    return ScalingActivity(
        at=now - loaded.now, description=verb, cause=cause, count=abs(after - before), every=account.seconds(1)
    )


OPERATIONS: dict[str, Operation] = {
    "SetDesiredCapacity": set_desired_capacity,
    "UpdateAutoScalingGroup": update_auto_scaling_group,
}
