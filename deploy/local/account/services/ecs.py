"""ECS tasks: those that run, and those that stopped within the last hour. The rest of ECS is moto's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.compute import Container, EcsCluster, EcsService, StoppedTask, TaskDefinition
from deploy.local.account.seed.ecs import current_revision, definition_arn
from deploy.local.account.services import ecs_services
from deploy.local.account.services.ecs_services import running_count
from deploy.local.account.state import Account, Loaded
from deploy.local.account.text import stable_id

_KEPT = timedelta(hours=1)
"""How long ECS remembers a stopped task."""


@dataclass(frozen=True)
class Task:
    loaded: Loaded
    cluster: EcsCluster
    service: EcsService
    id: str
    revision: int
    started: datetime
    stopped: datetime | None = None
    cause: StoppedTask | None = None

    @property
    def arn(self) -> str:
        scenario = self.loaded.scenario
        return f"arn:aws:ecs:{scenario.region}:{scenario.account_id}:task/{self.cluster.name}/{self.id}"


def list_tasks(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    wanted = params.get("desiredStatus", "RUNNING")
    service = _last(params.get("serviceName", ""))
    family = params.get("family")
    arns = [
        task.arn
        for task in _tasks(account, request)
        if (task.stopped is not None) == (wanted == "STOPPED")
        and service in ("", task.service.name)
        and family in (None, task.service.task_definition)
        and params.get("launchType") in (None, task.service.launch_type)
    ]
    shown, token = page(arns, params, params.get("nextToken"), params.get("maxResults") or 100)
    return {"taskArns": shown, **({"nextToken": token} if token else {})}


def describe_tasks(account: Account, request: Request) -> dict[str, Any]:
    wanted = [_last(each) for each in request.params["tasks"]]
    if len(wanted) > 100:
        raise AwsError("InvalidParameterException", "Tasks can contain at most 100 entries.")
    known = {task.id: task for task in _tasks(account, request)}
    return {
        "tasks": [_described(known[each]) for each in wanted if each in known],
        "failures": [
            {"arn": given, "reason": "MISSING"}
            for given, each in zip(request.params["tasks"], wanted, strict=True)
            if each not in known
        ],
    }


def _tasks(account: Account, request: Request) -> Iterator[Task]:
    """Every task of a cluster. ClusterNotFoundException when there is no such cluster."""
    name = _last(request.params.get("cluster") or "default")
    clusters = [
        (loaded, cluster)
        for loaded in account.loaded(request.region)
        for cluster in loaded.scenario.resources.ecs_clusters
        if cluster.name == name
    ]
    if not clusters:
        raise AwsError("ClusterNotFoundException", "Cluster not found.")
    for loaded, cluster in clusters:
        for service in cluster.services:
            yield from _running(loaded, cluster, service, account.now())
            yield from _stopped(loaded, cluster, service, account.now())


def _running(loaded: Loaded, cluster: EcsCluster, service: EcsService, now: datetime) -> Iterator[Task]:
    revision = current_revision(service, loaded.scenario.resources.task_definitions)
    began = loaded.at(max([service.task_started, *(each.at for each in service.deployments if service.settles)]))
    for number in range(running_count(loaded, service, now)):
        started = began + timedelta(seconds=7 * number)
        identity = _id(loaded, service, f"running {number} {began}" if service.settles else f"running {number}")
        yield Task(loaded, cluster, service, identity, revision, started)


def _stopped(loaded: Loaded, cluster: EcsCluster, service: EcsService, now: datetime) -> Iterator[Task]:
    primary = current_revision(service, loaded.scenario.resources.task_definitions)
    for group, cause in enumerate(service.stopped_tasks):
        for number in range(cause.count):
            stopped = loaded.at(cause.at) - number * cause.every
            if now - _KEPT <= stopped <= now:
                identity = _id(loaded, service, f"stopped {group} {number}")
                started = stopped - cause.ran_for
                yield Task(loaded, cluster, service, identity, cause.revision or primary, started, stopped, cause)


def _id(loaded: Loaded, service: EcsService, what: str) -> str:
    return stable_id(loaded.scenario.name, service.name, what, loaded.now.isoformat()).replace("-", "")


def _described(task: Task) -> dict[str, Any]:
    scenario = task.loaded.scenario
    family = task.service.task_definition
    status = "STOPPED" if task.stopped else "RUNNING"
    described: dict[str, Any] = {
        "taskArn": task.arn,
        "clusterArn": f"arn:aws:ecs:{scenario.region}:{scenario.account_id}:cluster/{task.cluster.name}",
        "taskDefinitionArn": definition_arn(scenario.region, scenario.account_id, family, task.revision),
        "group": f"service:{task.service.name}",
        "launchType": task.service.launch_type,
        "lastStatus": status,
        "desiredStatus": status,
        "healthStatus": "UNKNOWN",
        "connectivity": "CONNECTED",
        "availabilityZone": f"{scenario.region}a",
        "createdAt": task.started - timedelta(seconds=25),
        "startedAt": task.started,
        "startedBy": "ecs-svc/" + str(int(task.id[:10], 16)),
        "containers": [_container(task, each) for each in _containers(task)],
    }
    if task.stopped and task.cause:
        described |= {
            "stoppedAt": task.stopped,
            "stoppingAt": task.stopped - timedelta(seconds=1),
            "executionStoppedAt": task.stopped,
            "stopCode": task.cause.stop_code,
            "stoppedReason": task.cause.reason,
        }
    return described


def _containers(task: Task) -> tuple[Container, ...]:
    definition = _definition(task)
    if definition is None:
        return ()
    index = min(max(task.revision - definition.first_revision, 0), len(definition.revisions) - 1)
    return definition.revisions[index].containers


def _definition(task: Task) -> TaskDefinition | None:
    definitions = task.loaded.scenario.resources.task_definitions
    return next((each for each in definitions if each.family == task.service.task_definition), None)


def _container(task: Task, container: Container) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": container.name,
        "image": container.image,
        "taskArn": task.arn,
        "lastStatus": "STOPPED" if task.stopped else "RUNNING",
        "healthStatus": "UNKNOWN",
        "cpu": str(container.cpu),
        **({"memory": str(container.memory_mb)} if container.memory_mb else {}),
    }
    cause = task.cause
    if cause is not None:
        stopped_first = cause.container or _containers(task)[0].name
        if container.name != stopped_first:
            return {**described, "exitCode": 0}
        if cause.exit_code is not None:
            described["exitCode"] = cause.exit_code
        if cause.container_reason:
            described["reason"] = cause.container_reason
    return described


def _last(name_or_arn: str) -> str:
    return name_or_arn.rpartition("/")[2]


OPERATIONS: dict[str, Operation] = {
    "DescribeTasks": describe_tasks,
    "ListTasks": list_tasks,
    **ecs_services.OPERATIONS,
}
