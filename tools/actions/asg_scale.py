"""How many instances an Auto Scaling group runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from agent.errors import InputError, UncertainEffect
from agent.models import ActionResult, Alert, Check, Difference, Model, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from tools.actions.kind import ActionKind, Order
from tools.actions.looking import dollars, tags_of, too_far, unreadable
from tools.actions.signals import signal_check
from tools.evidence.cost.prices import WHERE, instance_month
from tools.evidence.failures import EXPECTED

FREE_INSTANCES = 2
"""So many more or fewer are one step, however few there are."""


class AsgScale(Model):
    desired: int = Field(ge=1, le=1000, description="0 is refused: it would leave nothing that answers")


class AsgScaleKind(ActionKind[AsgScale]):
    name = "asg_scale"
    parameters = AsgScale
    risk = Risk.medium
    reversible = True
    service = "autoscaling"
    resource_type = "auto-scaling-group"

    def title(self, order: Order[AsgScale]) -> str:
        instances = "1 instance" if order.parameters.desired == 1 else f"{order.parameters.desired} instances"
        return f"Let the group {order.target.id} run {instances}"

    def permissions(self, order: Order[AsgScale]) -> tuple[Permission, ...]:
        """The group's ARN has an id that AWS made; its name alone is what is known beforehand, and unique."""
        arn = order.arn("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{order.target.id}")
        exactly = (("AutoScalingGroupName", order.target.id),)
        right = "autoscaling:SetDesiredCapacity"
        return (Permission("autoscaling", "set_desired_capacity", right, (arn,), exactly=exactly),)

    def preview(self, order: Order[AsgScale], aws: AwsSession, now: datetime) -> Preview:
        wanted = order.parameters.desired
        try:
            group = _group(order, aws)
        except EXPECTED as error:
            return unreadable(now, error)
        desired, kind = int(group["DesiredCapacity"]), _instance_type(group)
        month = instance_month(kind)
        usd = (month or 0.0) * (wanted - desired)
        count = abs(wanted - desired)
        return Preview(
            at=now,
            before={"desired": desired},
            after={"desired": wanted},
            differences=(Difference(field="desired instances", before=str(desired), after=str(wanted)),),
            cost=_cost(kind, wanted - desired, usd if month else None),
            usd_month=round(usd, 2),
            blast_radius=f"{count} instances of {order.target.id}, and what runs on them",
            affected=count,
            tags=tags_of(group.get("Tags", [])),
            warnings=_warnings(group, wanted),
            problems=_problems(group, wanted),
        )

    def execute(
        self, order: Order[AsgScale], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        """The same capacity set twice is no second effect. A cooldown is not waited for: a person decided it."""
        session.client("autoscaling").set_desired_capacity(
            AutoScalingGroupName=order.target.id, DesiredCapacity=order.parameters.desired, HonorCooldown=False
        )
        return _result(order, preview, now)

    def find_effect(
        self, order: Order[AsgScale], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        there = int(_group(order, aws)["DesiredCapacity"])
        if there == order.parameters.desired:
            return _result(order, preview, since)
        if there != preview.before["desired"]:
            raise UncertainEffect(f"{order.target.id} is meant to run {there} instances now, which nobody foresaw.")
        return None

    def undo(self, order: Order[AsgScale], result: ActionResult) -> dict[str, Any] | None:
        """A group that ran nothing cannot be led back: 0 is never set."""
        return dict(result.rollback_handle) if result.rollback_handle["desired"] else None

    def check(self, order: Order[AsgScale], alert: Alert | None) -> Check:
        return signal_check(alert, f"{order.target.id} has as many healthy instances as it should")


def _group(order: Order[AsgScale], aws: AwsSession) -> dict[str, Any]:
    """InputError when there is no such group."""
    reply = aws.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[order.target.id])
    if not reply["AutoScalingGroups"]:
        raise InputError(f"There is no Auto Scaling group {order.target.id}.")
    return reply["AutoScalingGroups"][0]


def _instance_type(group: dict[str, Any]) -> str:
    """Of what runs now; "" when nothing does, or of several types."""
    kinds = {str(instance.get("InstanceType", "")) for instance in group.get("Instances", [])}
    return kinds.pop() if len(kinds) == 1 else ""


def _cost(kind: str, more: int, usd: float | None) -> str:
    what = f"{abs(more)} {kind or 'instances'} {'more' if more > 0 else 'less'}"
    change = dollars(usd) if usd is not None else ""
    return f"{what}: {change} {WHERE}" if change else f"{what}, whose price is not known here"


def _problems(group: dict[str, Any], wanted: int) -> tuple[str, ...]:
    problems: list[str] = []
    desired, least, most = (int(group[name]) for name in ("DesiredCapacity", "MinSize", "MaxSize"))
    suspended = {each["ProcessName"] for each in group.get("SuspendedProcesses", [])}
    needed = "Launch" if wanted > desired else "Terminate"
    if group.get("Status"):  # only there while the group is being deleted
        problems.append(f"The group is being deleted ({group['Status']}).")
    if desired == wanted:
        problems.append(f"It is meant to run {wanted} instances already.")
    if not least <= wanted <= most:
        problems.append(f"The group may run {least} to {most} instances; change that first.")
    if needed in suspended:
        problems.append(f"Its process {needed} is suspended, so that nothing would happen.")
    if far := too_far("The count of instances", desired, wanted, free=FREE_INSTANCES):
        problems.append(far)
    return tuple(problems)


def _warnings(group: dict[str, Any], wanted: int) -> tuple[str, ...]:
    protected = sum(1 for each in group.get("Instances", []) if each.get("ProtectedFromScaleIn"))
    if wanted < int(group["DesiredCapacity"]) and protected:
        return (f"{protected} of its instances are protected from being ended.",)
    return ()


def _result(order: Order[AsgScale], preview: Preview, at: datetime) -> ActionResult:
    desired = order.parameters.desired
    return ActionResult(
        succeeded=True,
        before=preview.before,
        after={"desired": desired},
        rollback_handle=preview.before,
        message=f"{order.target.id} is meant to run {desired} instead of {preview.before['desired']} instances.",
        at=at,
    )
