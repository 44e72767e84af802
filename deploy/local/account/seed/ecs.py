"""ECS clusters, task definitions and services with their events and deployments."""

from __future__ import annotations

import re
from typing import Any

from deploy.local.account.schema.compute import (
    Container,
    EcsCluster,
    EcsService,
    ServiceDeployment,
    TaskDefinition,
    TaskRevision,
)
from deploy.local.account.seed.seeder import Seeder, naive
from deploy.local.account.state import Loaded
from deploy.local.account.text import stable_id

_DEPLOYMENT_ID = re.compile(r"ecs-svc/\d+")


def seed_ecs(seeder: Seeder) -> None:
    for definition in seeder.resources.task_definitions:
        _definition(seeder, definition)
    for cluster in seeder.resources.ecs_clusters:
        insights = "enabled" if cluster.container_insights else "disabled"
        seeder.client("ecs").create_cluster(
            clusterName=cluster.name,
            settings=[{"name": "containerInsights", "value": insights}],
            tags=[{"key": key, "value": value} for key, value in cluster.tags.items()],
        )
        for service in cluster.services:
            _service(seeder, cluster, service)


def current_revision(service: EcsService, definitions: tuple[TaskDefinition, ...]) -> int:
    """The revision that a service runs: its primary deployment's, else the last one of the family."""
    for deployment in service.deployments:
        if deployment.status == "PRIMARY":
            return deployment.revision
    family = next((each for each in definitions if each.family == service.task_definition), None)
    return family.first_revision + len(family.revisions) - 1 if family else 1


def definition_arn(region: str, account_id: str, family: str, revision: int) -> str:
    return f"arn:aws:ecs:{region}:{account_id}:task-definition/{family}:{revision}"


def _definition(seeder: Seeder, definition: TaskDefinition) -> None:
    """Register the revisions and give them their own numbers; moto alone would count from 1."""
    backend = seeder.backend("ecs")
    for offset, revision in enumerate(definition.revisions):
        seeder.client("ecs").register_task_definition(**_registration(seeder, definition, revision))
        registered = backend.task_definitions[definition.family]
        state = registered.pop(max(registered))
        state.revision = definition.first_revision + offset
        state.arn = definition_arn(seeder.region, seeder.account_id, definition.family, state.revision)
        state.registered_at = naive(seeder.at(revision.at))
        registered[state.revision] = state


def _registration(seeder: Seeder, definition: TaskDefinition, revision: TaskRevision) -> dict[str, Any]:
    sizes = {"memory": revision.memory_mb, "cpu": revision.cpu}
    return {
        "family": definition.family,
        "requiresCompatibilities": [definition.launch_type],
        "networkMode": "awsvpc",
        "executionRoleArn": seeder.role("ecs-task-execution", "ecs"),
        "taskRoleArn": seeder.role(definition.task_role or f"{definition.family}-task", "ecs"),
        "containerDefinitions": [_container(seeder, each) for each in revision.containers],
        **{name: str(size) for name, size in sizes.items() if size},
    }


def _container(seeder: Seeder, container: Container) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": container.name,
        "image": container.image,
        "cpu": container.cpu,
        "essential": container.essential,
        "environment": [{"name": name, "value": value} for name, value in container.environment.items()],
        "portMappings": [{"containerPort": port, "protocol": "tcp"} for port in container.ports],
    }
    if container.memory_mb:
        described["memory"] = container.memory_mb
    if container.memory_reservation_mb:
        described["memoryReservation"] = container.memory_reservation_mb
    if container.log_group:
        options = {"awslogs-group": container.log_group, "awslogs-region": seeder.region}
        described["logConfiguration"] = {
            "logDriver": "awslogs",
            "options": {**options, "awslogs-stream-prefix": container.name},
        }
    return described


def _service(seeder: Seeder, cluster: EcsCluster, service: EcsService) -> None:
    revision = current_revision(service, seeder.resources.task_definitions)
    seeder.client("ecs").create_service(
        cluster=cluster.name,
        serviceName=service.name,
        taskDefinition=f"{service.task_definition}:{revision}",
        desiredCount=service.desired,
        launchType=service.launch_type,
        tags=[{"key": key, "value": value} for key, value in service.tags.items()],
    )
    state = seeder.backend("ecs").services[f"{cluster.name}:{service.name}"]
    state.createdAt = state.created_at = naive(seeder.at(service.created))


def deployment_of(
    loaded: Loaded, service: EcsService, deployment: ServiceDeployment, running: int, pending: int
) -> dict[str, Any]:
    """A deployment as DescribeServices shows it."""
    primary = deployment.status == "PRIMARY"
    named = _DEPLOYMENT_ID.search(deployment.reason)
    identity = named[0] if named else f"ecs-svc/{int(stable_id(service.name, str(deployment.revision))[:8], 16)}"
    at, scenario = loaded.at(deployment.at), loaded.scenario
    family = service.task_definition
    return {
        "id": identity,
        "status": deployment.status,
        "taskDefinition": definition_arn(scenario.region, scenario.account_id, family, deployment.revision),
        "desiredCount": service.desired if primary else 0,
        "runningCount": running if primary else 0,
        "pendingCount": pending if primary else 0,
        "failedTasks": deployment.failed_tasks,
        "createdAt": at,
        "updatedAt": at,
        "launchType": service.launch_type,
        "rolloutState": deployment.rollout,
        "rolloutStateReason": deployment.reason or f"ECS deployment {identity} {deployment.rollout.lower()}.",
    }
