"""Whether a resource itself is as it should be, where no alarm, metric or run says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agent.errors import InputError
from agent.verifying import Reading
from tools.actions.readers.airflow import paused
from tools.actions.readers.watched import Watched

NOT_READ = "What would show it cannot be read by a program; a person has to look."
BROKEN = ("failed", "incompatible-parameters", "incompatible-restore", "inaccessible-encryption-credentials")


def state(watched: Watched) -> Reading:
    reader = _OF.get(watched.target.service)
    return reader(watched) if reader else Reading(None, NOT_READ)


def _ecs(watched: Watched) -> Reading:
    """It runs as many tasks as it should, of one deployment."""
    name, cluster = watched.target.id, watched.said("cluster") or "default"
    services = watched.aws.client("ecs").describe_services(cluster=cluster, services=[name])["services"]
    if not services:
        raise InputError(f"There is no service {name} in the cluster {cluster}.")
    service: dict[str, Any] = services[0]
    running, desired = int(service["runningCount"]), int(service["desiredCount"])
    rolling = any(each.get("rolloutState") == "IN_PROGRESS" for each in service.get("deployments", []))
    seen = f"{name} runs {running} of {desired} tasks{', and a deployment goes on' if rolling else ''}."
    return Reading(running == desired and not rolling, seen, float(running), watched.before, False, rolling)


def _asg(watched: Watched) -> Reading:
    """As many instances in service and healthy as it should have."""
    name = watched.target.id
    client = watched.aws.client("autoscaling")
    groups = client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    if not groups:
        raise InputError(f"There is no Auto Scaling group {name}.")
    instances: list[dict[str, Any]] = groups[0].get("Instances", [])
    well = sum(each["LifecycleState"] == "InService" and each["HealthStatus"] == "Healthy" for each in instances)
    desired = int(groups[0]["DesiredCapacity"])
    starting = any(str(each["LifecycleState"]).startswith("Pending") for each in instances)
    seen = f"{name} has {well} of {desired} healthy instances."
    return Reading(well >= desired, seen, float(well), watched.before, False, starting)


def _rds(watched: Watched) -> Reading:
    reply = watched.aws.client("rds").describe_db_instances(DBInstanceIdentifier=watched.target.id)
    status = str(reply["DBInstances"][0]["DBInstanceStatus"])
    return _named(watched, status, "available", going_on=status not in BROKEN)


def _dynamodb(watched: Watched) -> Reading:
    status = str(watched.aws.client("dynamodb").describe_table(TableName=watched.target.id)["Table"]["TableStatus"])
    return _named(watched, status, "ACTIVE", going_on=status == "UPDATING")


def _named(watched: Watched, status: str, good: str, going_on: bool) -> Reading:
    is_good = status == good
    return Reading(is_good, f"{watched.target.id} is {status}.", going_on=going_on and not is_good)


_OF: Mapping[str, Callable[[Watched], Reading]] = {
    "ecs": _ecs,
    "autoscaling": _asg,
    "rds": _rds,
    "dynamodb": _dynamodb,
    "mwaa": paused,
}
