"""How many tasks an ECS service runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field, model_validator

from agent.errors import UncertainEffect
from agent.models import ActionResult, Alert, Check, Difference, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from tools.actions.ecs_services import EcsOrder, EcsService, read_service, update_permission
from tools.actions.kind import ActionKind, Order
from tools.actions.looking import dollars, too_far, unreadable
from tools.actions.signals import signal_check
from tools.evidence.cost.prices import FARGATE_GB_HOUR, FARGATE_VCPU_HOUR, HOURS_A_MONTH, WHERE
from tools.evidence.failures import EXPECTED

FREE_TASKS = 2
"""So many more or fewer are one step, however few there are."""
CPU_UNITS = 1024
MB_A_GB = 1024


class EcsScale(EcsOrder):
    desired: int = Field(ge=0, le=1000)
    to_zero: bool = Field(default=False, description="Only then may it stop every task")

    @model_validator(mode="after")
    def _zero_is_meant(self) -> Self:
        if (self.desired == 0) != self.to_zero:
            raise ValueError("desired 0 needs to_zero, and nothing else does")
        return self


class EcsScaleKind(ActionKind[EcsScale]):
    name = "ecs_scale"
    parameters = EcsScale
    risk = Risk.medium
    reversible = True
    service = "ecs"
    resource_type = "service"

    def title(self, order: Order[EcsScale]) -> str:
        tasks = "1 task" if order.parameters.desired == 1 else f"{order.parameters.desired} tasks"
        return f"Let {order.target.id} in {order.parameters.cluster} run {tasks}"

    def risk_of(self, order: Order[EcsScale]) -> Risk:
        return Risk.high if order.parameters.to_zero else self.risk

    def permissions(self, order: Order[EcsScale]) -> tuple[Permission, ...]:
        return update_permission(order)

    def preview(self, order: Order[EcsScale], aws: AwsSession, now: datetime) -> Preview:
        wanted = order.parameters.desired
        try:
            service = read_service(order, aws)
            scaling = _autoscaling(order, aws)
            month = _task_month(service, aws) if service.raw.get("launchType") == "FARGATE" else None
        except EXPECTED as error:
            return unreadable(now, error)
        usd = (month or 0.0) * (wanted - service.desired)
        cost = dollars(usd)
        return Preview(
            at=now,
            before={"desired": service.desired},
            after={"desired": wanted},
            differences=(Difference(field="desired tasks", before=str(service.desired), after=str(wanted)),),
            cost=f"{cost} {WHERE}" if cost else "" if month else "None by itself: its tasks run on your own instances",
            usd_month=round(usd, 2),
            blast_radius=f"{abs(wanted - service.desired)} tasks of {order.target.id}",
            affected=abs(wanted - service.desired),
            tags=service.tags,
            warnings=_warnings(scaling),
            problems=(*service.problems(), *_problems(service, wanted, scaling)),
        )

    def execute(
        self, order: Order[EcsScale], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        """The same count set twice is no second effect."""
        session.client("ecs").update_service(
            cluster=order.parameters.cluster, service=order.target.id, desiredCount=order.parameters.desired
        )
        return _result(order, preview, now)

    def find_effect(
        self, order: Order[EcsScale], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        there = read_service(order, aws).desired
        if there == order.parameters.desired:
            return _result(order, preview, since)
        if there != preview.before["desired"]:
            raise UncertainEffect(f"{order.target.id} is meant to run {there} tasks now, which nobody foresaw.")
        return None

    def undo(self, order: Order[EcsScale], result: ActionResult) -> dict[str, Any] | None:
        desired = result.rollback_handle["desired"]
        return {"cluster": order.parameters.cluster, "desired": desired, "to_zero": desired == 0}

    def check(self, order: Order[EcsScale], alert: Alert | None) -> Check:
        expected = f"{order.target.id} runs as many tasks as it should"
        return signal_check(alert, expected, cluster=order.parameters.cluster)


def _autoscaling(order: Order[EcsScale], aws: AwsSession) -> tuple[int, int] | None:
    """The least and the most tasks that Application Auto Scaling lets it run; None where it does not scale it."""
    reply = aws.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[f"service/{order.parameters.cluster}/{order.target.id}"]
    )
    targets = reply["ScalableTargets"]
    return (targets[0]["MinCapacity"], targets[0]["MaxCapacity"]) if targets else None


def _task_month(service: EcsService, aws: AwsSession) -> float:
    """What one task on Fargate costs in a month, in USD."""
    reply = aws.client("ecs").describe_task_definition(taskDefinition=service.task_definition)
    size = reply["taskDefinition"]
    cpus, gigabytes = int(size.get("cpu") or 0) / CPU_UNITS, int(size.get("memory") or 0) / MB_A_GB
    return (cpus * FARGATE_VCPU_HOUR + gigabytes * FARGATE_GB_HOUR) * HOURS_A_MONTH


def _problems(service: EcsService, wanted: int, scaling: tuple[int, int] | None) -> tuple[str, ...]:
    problems: list[str] = []
    if service.raw.get("schedulingStrategy") == "DAEMON":
        problems.append("It runs one task on each instance, so that it has no count.")
    if service.desired == wanted:
        problems.append(f"It is meant to run {wanted} tasks already.")
    if scaling and not scaling[0] <= wanted <= scaling[1]:
        problems.append(f"Auto Scaling lets it run {scaling[0]} to {scaling[1]} tasks; change that first.")
    stops_or_starts = 0 in (service.desired, wanted)
    if not stops_or_starts and (far := too_far("The count of tasks", service.desired, wanted, free=FREE_TASKS)):
        problems.append(far)
    return tuple(problems)


def _warnings(scaling: tuple[int, int] | None) -> tuple[str, ...]:
    if scaling is None:
        return ()
    return (f"Auto Scaling ({scaling[0]} to {scaling[1]} tasks) may set another count again.",)


def _result(order: Order[EcsScale], preview: Preview, at: datetime) -> ActionResult:
    desired = order.parameters.desired
    return ActionResult(
        succeeded=True,
        before=preview.before,
        after={"desired": desired},
        rollback_handle=preview.before,
        message=f"{order.target.id} is meant to run {desired} instead of {preview.before['desired']} tasks.",
        at=at,
    )
