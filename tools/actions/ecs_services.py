"""What the actions on ECS services read of them, and which services cannot be changed through ECS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from agent.errors import InputError
from agent.models import ActionResult, Model
from agent.ports import AwsSession
from agent.ports.writing import Permission
from agent.redaction import redact
from tools.actions.kind import Order
from tools.actions.looking import tags_of

REASON_CHARS = 300


class EcsOrder(Model):
    cluster: str = Field(default="default", pattern=r"^[A-Za-z0-9_-]{1,255}$", description="Its name")


@dataclass(frozen=True)
class EcsService:
    """A service as DescribeServices shows it."""

    raw: dict[str, Any]

    @property
    def desired(self) -> int:
        return int(self.raw["desiredCount"])

    @property
    def task_definition(self) -> str:
        """`checkout:42`"""
        return str(self.raw["taskDefinition"]).rpartition("/")[2]

    @property
    def deployment(self) -> dict[str, Any]:
        """The one that the service is on its way to; an empty one where something else than ECS deploys."""
        deployments: list[dict[str, Any]] = self.raw.get("deployments", [])
        return next((each for each in deployments if each["status"] == "PRIMARY"), {})

    def deployed(self) -> dict[str, Any]:
        """What a deployment replaces; another id of the same definition is a restart."""
        return {"deployment": self.deployment.get("id", ""), "task_definition": self.task_definition}

    @property
    def tags(self) -> dict[str, str]:
        return tags_of(self.raw.get("tags", []))

    def problems(self) -> tuple[str, ...]:
        """Why no action can change it."""
        controller = self.raw.get("deploymentController", {}).get("type", "ECS")
        if self.raw["status"] != "ACTIVE":
            return (f"The service is {self.raw['status']}.",)
        if controller != "ECS":
            return (f"The service is deployed by {controller}, not by ECS itself.",)
        return ()

    def warnings(self) -> tuple[str, ...]:
        """A deployment that is still going on will be replaced."""
        if self.deployment.get("rolloutState") != "IN_PROGRESS":
            return ()
        return (f"A deployment of {self.task_definition} is still going on; it would be given up.",)


def read_service(order: Order[Any], aws: AwsSession) -> EcsService:
    """InputError when there is no such service."""
    cluster, name = order.parameters.cluster, order.target.id
    reply = aws.client("ecs").describe_services(cluster=cluster, services=[name], include=["TAGS"])
    if not reply["services"]:
        raise InputError(f"There is no service {name} in the cluster {cluster}.")
    return EcsService(reply["services"][0])


def rolled_out(order: Order[Any], result: ActionResult, aws: AwsSession) -> ActionResult:
    """The same result, unless ECS has given up the deployment that an action began."""
    own = _own(order, result, aws)
    if own.get("rolloutState") != "FAILED":
        return result
    why = redact(str(own.get("rolloutStateReason") or "it does not say why"))[:REASON_CHARS]
    return result.model_copy(update={"succeeded": False, "message": f"ECS has given the deployment up ({why})."})


def is_rolling_out(order: Order[Any], result: ActionResult, aws: AwsSession) -> bool:
    """Whether ECS is still at the deployment that an action began."""
    return _own(order, result, aws).get("rolloutState") == "IN_PROGRESS"


def _own(order: Order[Any], result: ActionResult, aws: AwsSession) -> dict[str, Any]:
    deployments: list[dict[str, Any]] = read_service(order, aws).raw.get("deployments", [])
    return next((each for each in deployments if each["id"] == result.reference), {})


def update_permission(order: Order[Any]) -> tuple[Permission, ...]:
    arn = order.arn("ecs", f"service/{order.parameters.cluster}/{order.target.id}")
    return (Permission("ecs", "update_service", "ecs:UpdateService", (arn,)),)
