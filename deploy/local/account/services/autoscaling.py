"""Auto Scaling's activities and instance refreshes, which moto lacks. The rest of Auto Scaling is moto's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.compute import AutoScalingGroup, InstanceRefresh, ScalingActivity
from deploy.local.account.services import autoscaling_changes
from deploy.local.account.state import Account, Loaded
from deploy.local.account.text import stable_id

MAX_RECORDS = 100


def describe_scaling_activities(account: Account, request: Request) -> dict[str, Any]:
    """The newest first, of one group or of all."""
    params = request.params
    if params.get("Filters"):
        raise NotImplementedError
    wanted, ids = params.get("AutoScalingGroupName"), params.get("ActivityIds")
    found = [
        activity
        for loaded, group in _groups(account, request.region)
        if wanted in (None, group.name)
        for activity in _activities(loaded, group)
        if not ids or activity["ActivityId"] in ids
    ]
    found.sort(key=lambda activity: activity["StartTime"], reverse=True)
    shown, token = page(found, params, params.get("NextToken"), params.get("MaxRecords") or MAX_RECORDS)
    return {"Activities": shown, **({"NextToken": token} if token else {})}


def describe_instance_refreshes(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    group = next(
        ((loaded, g) for loaded, g in _groups(account, request.region) if g.name == params["AutoScalingGroupName"]),
        None,
    )
    if group is None:
        raise AwsError("ValidationError", "AutoScalingGroup name not found - null")
    found = [_refresh(group[0], group[1], refresh) for refresh in group[1].refreshes]
    found.sort(key=lambda refresh: refresh["StartTime"], reverse=True)
    shown, token = page(found, params, params.get("NextToken"), params.get("MaxRecords") or 50)
    return {"InstanceRefreshes": shown, **({"NextToken": token} if token else {})}


def _groups(account: Account, region: str) -> Iterator[tuple[Loaded, AutoScalingGroup]]:
    for loaded in account.loaded(region):
        for group in loaded.scenario.resources.autoscaling_groups:
            yield loaded, group


def _activities(loaded: Loaded, group: AutoScalingGroup) -> Iterator[dict[str, Any]]:
    for position, activity in enumerate(group.activities):
        for number in range(activity.count):
            yield _activity(loaded, group, activity, f"{position} {number}", number)


def _activity(
    loaded: Loaded, group: AutoScalingGroup, activity: ScalingActivity, key: str, number: int
) -> dict[str, Any]:
    started = loaded.at(activity.at) - number * activity.every
    over = activity.status in ("Successful", "Failed", "Cancelled")
    return {
        "ActivityId": stable_id("activity", group.name, key),
        "AutoScalingGroupName": group.name,
        "Description": activity.description,
        "Cause": activity.cause or f"At {started:%Y-%m-%dT%H:%M:%SZ} the group's desired capacity was not met.",
        "StartTime": started,
        "StatusCode": activity.status,
        "Progress": 100 if over else 50,
        **({"EndTime": started + activity.lasts} if over else {}),
        **({"StatusMessage": activity.message} if activity.message else {}),
    }


def _refresh(loaded: Loaded, group: AutoScalingGroup, refresh: InstanceRefresh) -> dict[str, Any]:
    started = loaded.at(refresh.at)
    over = refresh.status in ("Successful", "Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful")
    return {
        "InstanceRefreshId": stable_id("refresh", group.name, str(refresh.at)),
        "AutoScalingGroupName": group.name,
        "Status": refresh.status,
        "StartTime": started,
        "PercentageComplete": refresh.percent,
        "InstancesToUpdate": round(group.desired * (100 - refresh.percent) / 100),
        **({"StatusReason": refresh.reason} if refresh.reason else {}),
        **({"EndTime": started + refresh.lasts} if over else {}),
    }


OPERATIONS: dict[str, Operation] = {
    **autoscaling_changes.OPERATIONS,
    "DescribeInstanceRefreshes": describe_instance_refreshes,
    "DescribeScalingActivities": describe_scaling_activities,
}
