"""ECS services as their deployments go on: what runs, which rollout is where, and what a change brings about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from deploy.local.account.amending import with_service
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.compute import (
    EcsService,
    ServiceDeployment,
    ServiceEvent,
    Settling,
    StoppedTask,
)
from deploy.local.account.seed.ecs import current_revision, definition_arn, deployment_of
from deploy.local.account.services.forward import from_moto
from deploy.local.account.state import Account, Loaded
from deploy.local.account.text import stable_id

_ROLLOUT_SECONDS = 45
"""How long a healthy deployment, or a change of the count, takes."""
_AT_A_TIME = 10


def describe_services(account: Account, request: Request) -> dict[str, Any]:
    if len(request.params["services"]) > _AT_A_TIME:
        raise AwsError("InvalidParameterException", f"Services can contain at most {_AT_A_TIME} entries.")
    reply = from_moto(account, request)
    for described in reply["services"]:
        _as_it_is_now(account, request, described)
    return reply


def update_service(account: Account, request: Request) -> dict[str, Any]:
    """A new count takes effect after a while, a new revision or a forced restart by a new deployment."""
    params = request.params
    desired = params.get("desiredCount")
    if desired is not None and desired < 0:
        raise AwsError("InvalidParameterException", "desiredCount must be zero or more.")
    reply = from_moto(account, request)
    described = reply["service"]
    found = find_service(account, request.region, _last(described["clusterArn"]), described["serviceName"])
    if found is not None:
        loaded, cluster, service = found
        changes = _changes(account, loaded, service, params)
        account.amend(loaded.scenario.name, partial(with_service, cluster=cluster, name=service.name, **changes))
        _as_it_is_now(account, request, described)
    return reply


def find_service(account: Account, region: str, cluster: str, name: str) -> tuple[Loaded, str, EcsService] | None:
    """A service that a scenario describes, with its cluster's name."""
    for loaded in account.loaded(region):
        for each in loaded.scenario.resources.ecs_clusters:
            for service in each.services:
                if (each.name, service.name) == (cluster, name):
                    return loaded, each.name, service
    return None


def settled(loaded: Loaded, service: EcsService, now: datetime) -> Settling | None:
    """How the service stands since the last change that has taken effect; None before any."""
    past = [each for each in service.settles if loaded.at(each.at) <= now]
    return max(past, key=lambda each: each.at, default=None)


def running_count(loaded: Loaded, service: EcsService, now: datetime) -> int:
    state = settled(loaded, service, now)
    told = service.running if state is None else state.running
    return service.desired if told is None else told


def _changes(account: Account, loaded: Loaded, service: EcsService, params: Mapping[str, Any]) -> dict[str, Any]:
    now, at = account.now(), account.now() - loaded.now
    running = running_count(loaded, service, now)
    desired = service.desired if params.get("desiredCount") is None else params["desiredCount"]
    was_well = running == service.desired and _rollout(loaded, service, now) == "COMPLETED"
    over = at + account.seconds(_ROLLOUT_SECONDS)
    changes: dict[str, Any] = {"desired": desired, "running": running, "pending": max(desired - running, 0)}
    # Without a reaction that says otherwise, what is well stays so, and what is not does not get well by itself.
    outcome = Settling(
        at=over, follows=at, running=None if was_well else min(running, desired),
        rollout="COMPLETED" if was_well else "IN_PROGRESS",
    )  # fmt: skip
    events: list[ServiceEvent] = []
    revision = _revision(service, loaded, params)
    if params.get("forceNewDeployment") or revision is not None:
        changes |= _deployment(loaded, service, revision, at, over, running)
        events.append(ServiceEvent(at=at, message=f"has started {desired} tasks."))
    elif desired != service.desired:
        verb = "started" if desired > service.desired else "stopped"
        events.append(ServiceEvent(at=at, message=f"has {verb} {abs(desired - service.desired)} tasks."))
    settles = tuple(each for each in service.settles if each.at <= at)
    before = Settling(at=at, follows=at - timedelta(seconds=1), running=running, rollout="IN_PROGRESS")
    return changes | {"settles": (*settles, before, outcome), "events": (*service.events, *events)}


def _revision(service: EcsService, loaded: Loaded, params: Mapping[str, Any]) -> int | None:
    """The revision that a request asks for; the latest one where it names a family alone."""
    wanted = _last(params.get("taskDefinition") or "")
    if not wanted:
        return None
    family, _, number = wanted.partition(":")
    if family != service.task_definition:
        raise AwsError("ClientException", f"The simulated account does not deploy another family than {family}.")
    return (
        int(number)
        if number
        else current_revision(
            service.model_copy(update={"deployments": ()}), loaded.scenario.resources.task_definitions
        )
    )


def _deployment(
    loaded: Loaded, service: EcsService, revision: int | None, at: timedelta, over: timedelta, running: int
) -> dict[str, Any]:
    present = current_revision(service, loaded.scenario.resources.task_definitions)
    told = service.deployments or (ServiceDeployment(at=service.created, revision=present),)
    before = tuple(each.model_copy(update={"status": "ACTIVE"}) if each.status == "PRIMARY" else each for each in told)
    identity = f"ecs-svc/{int(stable_id(service.name, str(at)).replace('-', '')[:14], 16)}"
    made = ServiceDeployment(
        at=at, revision=revision or present, rollout="IN_PROGRESS", reason=f"ECS deployment {identity} in progress."
    )
    replaced = StoppedTask(
        at=over, reason=f"Scaling activity initiated by (deployment {identity})",
        stop_code="ServiceSchedulerInitiated", exit_code=0, revision=present, count=max(running, 1), every=timedelta(0),
    )  # fmt: skip
    return {"deployments": (made, *before), "stopped_tasks": (*service.stopped_tasks, *([replaced] if running else []))}


def _as_it_is_now(account: Account, request: Request, described: dict[str, Any]) -> None:
    """Put into moto's description what the scenario and the time make of it."""
    found = find_service(account, request.region, _last(described["clusterArn"]), described["serviceName"])
    if found is None:
        return
    loaded, _, service = found
    now, scenario = account.now(), loaded.scenario
    running = running_count(loaded, service, now)
    state = settled(loaded, service, now)
    pending = service.pending if state is None else max(service.desired - running, 0)
    revision = current_revision(service, scenario.resources.task_definitions)
    described |= {
        "desiredCount": service.desired,
        "runningCount": running,
        "pendingCount": pending,
        "taskDefinition": definition_arn(scenario.region, scenario.account_id, service.task_definition, revision),
        "deployments": _deployments(loaded, service, now, running, pending),
        "events": _events(loaded, service, now),
    }


def _rollout(loaded: Loaded, service: EcsService, now: datetime) -> str:
    state = settled(loaded, service, now)
    if state is not None:
        return state.rollout
    primary = next((each for each in service.deployments if each.status == "PRIMARY"), None)
    return primary.rollout if primary else "COMPLETED"


def _deployments(
    loaded: Loaded, service: EcsService, now: datetime, running: int, pending: int
) -> list[dict[str, Any]]:
    """The primary one, and while its rollout goes on those that it replaces."""
    scenario = loaded.scenario
    revision = current_revision(service, scenario.resources.task_definitions)
    told = service.deployments or (ServiceDeployment(at=service.created, revision=revision),)
    state = settled(loaded, service, now)
    rollout = _rollout(loaded, service, now)
    shown: list[dict[str, Any]] = []
    for each in sorted(told, key=lambda each: each.at, reverse=True):
        primary = each.status == "PRIMARY"
        if each.status == "INACTIVE" or (not primary and service.settles and rollout == "COMPLETED"):
            continue
        one = deployment_of(loaded, service, each, running, pending)
        if primary and state is not None and state.at >= each.at:
            one |= {"rolloutState": rollout, "failedTasks": each.failed_tasks + state.failed_tasks}
            said = rollout.lower().replace("_", " ")
            one["rolloutStateReason"] = state.reason or f"ECS deployment {one['id']} {said}."
            one["updatedAt"] = loaded.at(state.at)
        shown.append(one)
    return shown


def _events(loaded: Loaded, service: EcsService, now: datetime) -> list[dict[str, Any]]:
    steady = [
        ServiceEvent(at=each.at, message="has reached a steady state.")
        for each in service.settles
        if each.rollout == "COMPLETED"
    ]
    past = [each for each in (*service.events, *steady) if loaded.at(each.at) <= now]
    return [
        {
            "id": stable_id(service.name, each.message, str(each.at)),
            "createdAt": loaded.at(each.at),
            "message": f"(service {service.name}) {each.message}",
        }
        for each in sorted(past, key=lambda each: each.at, reverse=True)
    ]


def _last(name_or_arn: str) -> str:
    return name_or_arn.rpartition("/")[2]


OPERATIONS: dict[str, Operation] = {"DescribeServices": describe_services, "UpdateService": update_service}
