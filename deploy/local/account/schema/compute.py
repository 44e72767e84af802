"""ECS, EC2, Auto Scaling and load balancers as a scenario describes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from deploy.local.account.schema.base import Entry, Length, Offset


class Container(Entry):
    name: str
    image: str
    memory_mb: int | None = None
    """Hard limit."""
    memory_reservation_mb: int | None = None
    cpu: int = 0
    environment: Mapping[str, str] = {}
    log_group: str | None = None
    essential: bool = True
    ports: tuple[int, ...] = ()


class TaskRevision(Entry):
    """One revision of a task definition; registered in the order listed, numbered from `first_revision`."""

    at: Offset
    containers: tuple[Container, ...]
    memory_mb: int | None = None
    cpu: int | None = None


class TaskDefinition(Entry):
    family: str
    launch_type: Literal["FARGATE", "EC2"] = "FARGATE"
    first_revision: int = 1
    revisions: tuple[TaskRevision, ...]
    task_role: str | None = None


class StoppedTask(Entry):
    """A task that ended lately (ECS keeps such for an hour); with count, several, `every` apart, back from `at`."""

    at: Offset
    reason: str = "Essential container in task exited"
    stop_code: str = "EssentialContainerExited"
    container_reason: str | None = None
    """For a container killed for memory: OutOfMemoryError: Container killed due to memory usage"""
    container: str | None = None
    """Which container stopped; the first one when absent."""
    exit_code: int | None = 1
    ran_for: Length = timedelta(minutes=15)
    revision: int | None = None
    count: int = 1
    every: Length = timedelta(minutes=5)


class ServiceEvent(Entry):
    at: Offset
    message: str
    """As ECS writes it, without the leading (service name)."""


class ServiceDeployment(Entry):
    at: Offset
    revision: int
    status: Literal["PRIMARY", "ACTIVE", "INACTIVE"] = "PRIMARY"
    rollout: Literal["COMPLETED", "IN_PROGRESS", "FAILED"] = "COMPLETED"
    reason: str = ""
    failed_tasks: int = 0


class Settling(Entry):
    """How a service stands from `at` on; written by calls and reactions rather than in a scenario's file."""

    at: Offset
    follows: Offset = timedelta(0)
    """When the call was that it comes of."""
    running: int | None = None
    """As many as desired when absent."""
    rollout: Literal["COMPLETED", "IN_PROGRESS", "FAILED"] = "COMPLETED"
    reason: str = ""
    failed_tasks: int = 0


class EcsService(Entry):
    name: str
    task_definition: str
    """Family; the revision is the newest PRIMARY deployment's, else the family's last."""
    desired: int = 2
    running: int | None = None
    """Desired when absent."""
    pending: int = 0
    launch_type: Literal["FARGATE", "EC2"] = "FARGATE"
    created: Offset = timedelta(days=-120)
    events: tuple[ServiceEvent, ...] = ()
    deployments: tuple[ServiceDeployment, ...] = ()
    stopped_tasks: tuple[StoppedTask, ...] = ()
    task_started: Offset = timedelta(days=-3)
    """When the tasks that run now were started."""
    settles: tuple[Settling, ...] = ()
    target_group: str | None = None
    tags: Mapping[str, str] = {}


class EcsCluster(Entry):
    name: str
    services: tuple[EcsService, ...] = ()
    container_insights: bool = True
    tags: Mapping[str, str] = {}


class Ec2Instance(Entry):
    name: str
    type: str = "m6i.large"
    subnet: str | None = None
    state: Literal["running", "stopped"] = "running"
    launched: Offset = timedelta(days=-60)
    stopped_at: Offset = timedelta(days=-30)
    """When it was stopped, if it is."""
    tags: Mapping[str, str] = {}


class ScalingActivity(Entry):
    """One activity of a group; with count, several, `every` apart, back from `at`."""

    at: Offset
    status: Literal["Successful", "Failed", "Cancelled", "InProgress", "WaitingForELBConnectionDraining"] = "Successful"
    description: str = "Launching a new EC2 instance."
    message: str = ""
    """Why it failed, as Auto Scaling writes it."""
    cause: str = ""
    lasts: Length = timedelta(seconds=40)
    count: int = 1
    every: Length = timedelta(minutes=5)


class InstanceRefresh(Entry):
    at: Offset
    status: Literal[
        "Pending", "InProgress", "Successful", "Failed", "Cancelling", "Cancelled", "RollbackInProgress",
        "RollbackFailed", "RollbackSuccessful", "Baking",
    ] = "Successful"  # fmt: skip
    reason: str = ""
    percent: int = 100
    lasts: Length = timedelta(minutes=20)


class AutoScalingGroup(Entry):
    name: str
    instance_type: str = "m6i.large"
    minimum: int = 1
    maximum: int = 4
    desired: int = 2
    subnets: tuple[str, ...] = ()
    activities: tuple[ScalingActivity, ...] = ()
    refreshes: tuple[InstanceRefresh, ...] = ()
    tags: Mapping[str, str] = {}


class Target(Entry):
    """What a target group routes to, and how its health checks go."""

    id: str
    """An address, an instance's id, or a function's ARN."""
    port: int | None = None
    """The group's when absent."""
    zone: str = "a"
    state: Literal[
        "healthy", "unhealthy", "initial", "draining", "unused", "unavailable", "unhealthy.draining"
    ] = "healthy"  # fmt: skip
    reason: str = ""
    """Target.ResponseCodeMismatch, Target.Timeout, Target.FailedHealthChecks ..."""
    description: str = ""
    count: int = 1
    """So many alike; of addresses the last number goes up, of others a number is put after."""


class TargetGroup(Entry):
    name: str
    port: int = 8080
    protocol: str = "HTTP"
    health_path: str = "/health"
    target_type: Literal["ip", "instance", "lambda"] = "ip"
    targets: tuple[Target, ...] = ()


class LoadBalancer(Entry):
    name: str
    type: Literal["application", "network"] = "application"
    scheme: Literal["internet-facing", "internal"] = "internet-facing"
    subnets: tuple[str, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    created: Offset = timedelta(days=-200)
