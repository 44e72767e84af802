"""What brings software into the account: CloudFormation stacks, CodeDeploy and API Gateway's stages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from pydantic import Field

from deploy.local.account.schema.base import Entry, Length, Offset


class StackEvent(Entry):
    """One event of a stack; an event about the stack itself names no resource."""

    at: Offset
    status: str
    """UPDATE_FAILED, UPDATE_ROLLBACK_COMPLETE ..."""
    resource: str | None = None
    """The logical id."""
    type: str = "AWS::CloudFormation::Stack"
    physical_id: str = ""
    reason: str = ""
    count: int = 1
    """Repeated so often, a second apart, back from `at`, with a number after the logical id: for long histories."""


class StackResource(Entry):
    logical_id: str
    type: str
    physical_id: str
    drift: Literal["IN_SYNC", "MODIFIED", "DELETED", "NOT_CHECKED"] = "NOT_CHECKED"


class Stack(Entry):
    """A stack. Its status is that of its newest event about itself, else `status`."""

    name: str
    status: str = "UPDATE_COMPLETE"
    status_reason: str = ""
    created: Offset = timedelta(days=-300)
    updated: Offset | None = None
    events: tuple[StackEvent, ...] = ()
    resources: tuple[StackResource, ...] = ()
    drift: Literal["IN_SYNC", "DRIFTED", "NOT_CHECKED", "UNKNOWN"] = "NOT_CHECKED"
    parent: str | None = None
    tags: Mapping[str, str] = {}


class Deployment(Entry):
    """A CodeDeploy deployment; with count, several, `every` apart, back from `at`."""

    at: Offset
    id: str | None = None
    status: Literal["Created", "Queued", "InProgress", "Succeeded", "Failed", "Stopped", "Ready"] = "Succeeded"
    lasts: Length = timedelta(minutes=6)
    error_code: str | None = None
    """ALARM_ACTIVE, HEALTH_CONSTRAINTS, TIMEOUT ..."""
    error_message: str = ""
    revision: str = ""
    """What is deployed: a commit, or the key of a bundle in S3."""
    previous_revision: str = ""
    creator: Literal["user", "autoscaling", "codeDeployRollback", "CodeDeploy", "CloudFormation"] = "user"
    description: str = ""
    rolled_back_by: str | None = None
    """The id of the deployment that rolled this one back."""
    rollback_of: str | None = None
    failed_targets: int = 0
    succeeded_targets: int = 0
    count: int = 1
    every: Length = timedelta(hours=1)


class DeploymentGroup(Entry):
    name: str
    config: str = "CodeDeployDefault.AllAtOnce"
    auto_rollback: bool = True
    alarms: tuple[str, ...] = ()
    deployments: tuple[Deployment, ...] = ()


class DeployApplication(Entry):
    name: str
    platform: Literal["Server", "Lambda", "ECS"] = "ECS"
    groups: tuple[DeploymentGroup, ...] = ()


class ApiDeployment(Entry):
    at: Offset
    description: str = ""
    status: Literal["DEPLOYED", "FAILED", "PENDING"] = "DEPLOYED"
    message: str = ""


class ApiStage(Entry):
    """A stage; its newest deployment that did not fail is the one that serves."""

    name: str = "prod"
    deployments: tuple[ApiDeployment, ...] = Field(default=(ApiDeployment(at=timedelta(days=-60)),))
    rate_limit: float | None = None
    """Requests a second; the account's when absent."""
    burst_limit: int | None = None
    tracing: bool = False


class Api(Entry):
    name: str
    kind: Literal["REST", "HTTP"] = "REST"
    stages: tuple[ApiStage, ...] = ()
    created: Offset = timedelta(days=-200)
    tags: Mapping[str, str] = {}
