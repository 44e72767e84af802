"""An ECS service whose tasks are all replaced by new ones of the same task definition."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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


class EcsRestartKind(ActionKind[EcsOrder]):
    """UpdateService takes no token: each call that is carried out replaces the tasks once more."""

    name = "ecs_restart"
    parameters = EcsOrder
    risk = Risk.low
    reversible = False
    service = "ecs"
    resource_type = "service"

    def title(self, order: Order[EcsOrder]) -> str:
        return f"Restart all tasks of {order.target.id} in {order.parameters.cluster}"

    def permissions(self, order: Order[EcsOrder]) -> tuple[Permission, ...]:
        return update_permission(order)

    def preview(self, order: Order[EcsOrder], aws: AwsSession, now: datetime) -> Preview:
        try:
            service = read_service(order, aws)
        except EXPECTED as error:
            return unreadable(now, error)
        tasks = service.desired
        return Preview(
            at=now,
            before=service.deployed(),
            after={"task_definition": service.task_definition},
            differences=(Difference(field="tasks", before=f"{tasks} running", after=f"{tasks} new ones"),),
            blast_radius=f"All {tasks} tasks of {order.target.id}, a few at a time as its deployment allows",
            affected=tasks,
            tags=service.tags,
            warnings=service.warnings(),
            problems=(*service.problems(), *(() if tasks else ("The service is meant to run no task.",))),
        )

    def execute(
        self, order: Order[EcsOrder], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        reply = session.client("ecs").update_service(
            cluster=order.parameters.cluster, service=order.target.id, forceNewDeployment=True
        )
        return _result(order, preview, EcsService(reply["service"]), now)

    def find_effect(
        self, order: Order[EcsOrder], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        """Any new deployment of what ran before replaces all tasks: it does not matter who began it."""
        service, before = read_service(order, aws), preview.before
        if service.deployment.get("id") == before["deployment"]:
            return None
        if service.task_definition != before["task_definition"]:
            raise UncertainEffect(f"{order.target.id} has been deployed with {service.task_definition} meanwhile.")
        return _result(order, preview, service, since)

    def outcome(self, order: Order[EcsOrder], result: ActionResult, aws: AwsSession) -> ActionResult:
        return rolled_out(order, result, aws)

    def going_on(self, order: Order[EcsOrder], result: ActionResult, aws: AwsSession) -> bool:
        return is_rolling_out(order, result, aws)

    def undo(self, order: Order[EcsOrder], result: ActionResult) -> dict[str, Any] | None:
        return None

    def check(self, order: Order[EcsOrder], alert: Alert | None) -> Check:
        expected = f"{order.target.id} runs as many tasks as it should"
        return signal_check(alert, expected, cluster=order.parameters.cluster)


def _result(order: Order[EcsOrder], preview: Preview, service: EcsService, at: datetime) -> ActionResult:
    after = service.deployed()
    return ActionResult(
        succeeded=True,
        before=preview.before,
        after=after,
        reference=after["deployment"],
        message=f"All tasks of {order.target.id} are being replaced.",
        at=at,
    )
