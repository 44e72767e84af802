"""An ECS service put back on another revision of its task definition."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from agent.errors import UncertainEffect
from agent.models import ActionResult, Alert, Check, Difference, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from tools.actions.ecs_services import (
    EcsOrder,
    EcsService,
    is_rolling_out,
    read_service,
    rolled_out,
    update_permission,
)
from tools.actions.kind import ActionKind, Order
from tools.actions.looking import unreadable
from tools.actions.signals import signal_check
from tools.evidence.failures import EXPECTED


class EcsRollback(EcsOrder):
    task_definition: str = Field(pattern=r"^[A-Za-z0-9_-]{1,255}:[1-9]\d*$", description="family:revision")


class EcsRollbackKind(ActionKind[EcsRollback]):
    name = "ecs_rollback"
    parameters = EcsRollback
    risk = Risk.medium
    reversible = True
    service = "ecs"
    resource_type = "service"

    def title(self, order: Order[EcsRollback]) -> str:
        wanted = order.parameters
        return f"Deploy {wanted.task_definition} as {order.target.id} in {wanted.cluster}"

    def permissions(self, order: Order[EcsRollback]) -> tuple[Permission, ...]:
        return update_permission(order)

    def preview(self, order: Order[EcsRollback], aws: AwsSession, now: datetime) -> Preview:
        wanted = order.parameters.task_definition
        try:
            service = read_service(order, aws)
            old, new = _definition(aws, service.task_definition), _definition(aws, wanted)
        except EXPECTED as error:
            return unreadable(now, error)
        return Preview(
            at=now,
            before=service.deployed(),
            after={"task_definition": wanted},
            differences=(
                Difference(field="task definition", before=service.task_definition, after=wanted),
                *_differences(old, new),
            ),
            blast_radius=f"All {service.desired} tasks of {order.target.id}, a few at a time as its deployment allows",
            affected=service.desired,
            tags=service.tags,
            warnings=service.warnings(),
            problems=(*service.problems(), *_problems(service, wanted, new)),
        )

    def execute(
        self, order: Order[EcsRollback], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        """The same revision deployed twice is no second deployment."""
        wanted = order.parameters
        reply = session.client("ecs").update_service(
            cluster=wanted.cluster, service=order.target.id, taskDefinition=wanted.task_definition
        )
        return _result(order, preview, EcsService(reply["service"]), now)

    def find_effect(
        self, order: Order[EcsRollback], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        service = read_service(order, aws)
        if service.task_definition == order.parameters.task_definition:
            return _result(order, preview, service, since)
        if service.deployed() != preview.before:
            raise UncertainEffect(f"{order.target.id} has been deployed with {service.task_definition} meanwhile.")
        return None

    def outcome(self, order: Order[EcsRollback], result: ActionResult, aws: AwsSession) -> ActionResult:
        return rolled_out(order, result, aws)

    def going_on(self, order: Order[EcsRollback], result: ActionResult, aws: AwsSession) -> bool:
        return is_rolling_out(order, result, aws)

    def undo(self, order: Order[EcsRollback], result: ActionResult) -> dict[str, Any] | None:
        return {"cluster": order.parameters.cluster, **result.rollback_handle}

    def check(self, order: Order[EcsRollback], alert: Alert | None) -> Check:
        expected = f"{order.target.id} runs as many tasks as it should"
        return signal_check(alert, expected, cluster=order.parameters.cluster)


def _definition(aws: AwsSession, name: str) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("ecs").describe_task_definition(taskDefinition=name)["taskDefinition"]
    return found


def _problems(service: EcsService, wanted: str, new: dict[str, Any]) -> tuple[str, ...]:
    problems: list[str] = []
    if service.task_definition == wanted:
        problems.append(f"{wanted} is deployed already.")
    if service.task_definition.partition(":")[0] != wanted.partition(":")[0]:
        problems.append(f"It runs {service.task_definition}, which has nothing to do with {wanted}.")
    if new.get("status", "ACTIVE") != "ACTIVE":
        problems.append(f"{wanted} is {new['status']}: ECS runs it no more.")
    return tuple(problems)


def _differences(old: dict[str, Any], new: dict[str, Any]) -> tuple[Difference, ...]:
    """Sizes, images, and names of variables: their values may be secrets."""
    was, will = _facts(old), _facts(new)
    changed = [name for name in sorted({*was, *will}) if was.get(name) != will.get(name)]
    found: list[Difference] = []
    for name in changed:
        if " variable " in name:
            found.append(Difference(field=name, before=_there(name in was), after=_there(name in will, name in was)))
        else:
            found.append(Difference(field=name, before=was.get(name, ""), after=will.get(name, "")))
    return tuple(found)


def _there(is_there: bool, was_there: bool = False) -> str:
    return "another value" if is_there and was_there else "set" if is_there else "not set"


def _facts(definition: dict[str, Any]) -> dict[str, str]:
    facts = {name: str(definition.get(name, "")) for name in ("cpu", "memory")}
    for container in definition.get("containerDefinitions", []):
        name = container["name"]
        facts |= {f"{name} {what}": str(container.get(what, "")) for what in ("image", "memory", "cpu")}
        for variable in (*container.get("environment", []), *container.get("secrets", [])):
            facts[f"{name} variable {variable['name']}"] = str(variable.get("value", variable.get("valueFrom", "")))
    return facts


def _result(order: Order[EcsRollback], preview: Preview, service: EcsService, at: datetime) -> ActionResult:
    wanted = order.parameters.task_definition
    return ActionResult(
        succeeded=True,
        before=preview.before,
        after={"task_definition": wanted},
        reference=str(service.deployment.get("id", "")),
        rollback_handle={"task_definition": preview.before["task_definition"]},
        message=f"{wanted} is being deployed as {order.target.id}.",
        at=at,
    )
