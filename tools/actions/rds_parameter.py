"""One parameter of the parameter group of an RDS instance or an Aurora cluster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from pydantic import Field, model_validator

from agent.errors import InputError, UncertainEffect
from agent.models import ActionResult, Alert, Check, Difference, Model, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from tools.actions.kind import ActionKind, Order
from tools.actions.looking import unreadable
from tools.actions.rds_groups import Of, User, parameter, takes, users
from tools.actions.signals import signal_check
from tools.evidence.failures import EXPECTED

SET_BY_US = "user"
DEFAULT = "the default"
SHOWN_INSTANCES = 10


class RdsParameter(Model):
    group: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9.-]{0,254}$", description="The parameter group's name")
    parameter: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,255}$")
    value: str | None = Field(default=None, min_length=1, max_length=1000)
    reset: bool = Field(default=False, description="Back to what the engine has by default, instead of a value")
    of: Of = Field(default="instance", description="Whose group it is: the instance's, or its Aurora cluster's")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.value is None) != self.reset:
            raise ValueError("give a value or reset, one of them")
        return self


class RdsParameterKind(ActionKind[RdsParameter]):
    """It changes every instance that shares the group. The same value set twice is no second effect."""

    name = "rds_parameter"
    parameters = RdsParameter
    risk = Risk.medium
    reversible = True
    service = "rds"
    resource_type = "db"

    def title(self, order: Order[RdsParameter]) -> str:
        wanted = order.parameters
        to = f"to {wanted.value}" if wanted.value else f"back to {DEFAULT}"
        return f"Set {wanted.parameter} {to} in {wanted.group}, the parameter group of {order.target.id}"

    def permissions(self, order: Order[RdsParameter]) -> tuple[Permission, ...]:
        wanted = order.parameters
        verb = "Reset" if wanted.reset else "Modify"
        kind = "Cluster" if wanted.of == "cluster" else ""
        operation = f"{verb.lower()}_db_{'cluster_' if kind else ''}parameter_group"
        arn = order.arn("rds", f"{'cluster-pg' if kind else 'pg'}:{wanted.group}")
        exactly = [(f"DB{kind}ParameterGroupName", wanted.group), ("Parameters.ParameterName", wanted.parameter)]
        exactly.append(
            ("ResetAllParameters", "False") if wanted.reset else ("Parameters.ParameterValue", wanted.value or "")
        )
        iam = f"rds:{verb}DB{kind}ParameterGroup"
        return (Permission("rds", operation, iam, (arn,), exactly=tuple(exactly)),)

    def preview(self, order: Order[RdsParameter], aws: AwsSession, now: datetime) -> Preview:
        wanted = order.parameters
        try:
            all_users = users(aws, wanted.of)
            owner = _owner(order, all_users)
            found = parameter(aws, wanted.of, wanted.group, wanted.parameter)
        except EXPECTED as error:
            return unreadable(now, error)
        touched = sorted(name for user in all_users if wanted.group in user.groups for name in user.instances)
        static = found.get("ApplyType") == "static"
        return Preview(
            at=now,
            before={**_state(found), "instances": touched},
            after={"value": wanted.value, "apply": "pending-reboot" if static else "immediate"},
            differences=(
                Difference(
                    field=f"{wanted.parameter} in {wanted.group}",
                    before=_said(found),
                    after=wanted.value or DEFAULT,
                ),
            ),
            blast_radius=_blast_radius(wanted.group, touched),
            affected=len(touched),
            tags=owner.tags,
            warnings=_warnings(static, touched),
            problems=_problems(wanted, owner, found),
        )

    def execute(
        self, order: Order[RdsParameter], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        wanted, client = order.parameters, session.client("rds")
        one = {"ParameterName": wanted.parameter, "ApplyMethod": preview.after["apply"]}
        if wanted.reset and wanted.of == "cluster":
            client.reset_db_cluster_parameter_group(
                DBClusterParameterGroupName=wanted.group, ResetAllParameters=False, Parameters=[one]
            )
        elif wanted.reset:
            client.reset_db_parameter_group(
                DBParameterGroupName=wanted.group, ResetAllParameters=False, Parameters=[one]
            )
        elif wanted.of == "cluster":
            client.modify_db_cluster_parameter_group(
                DBClusterParameterGroupName=wanted.group, Parameters=[{**one, "ParameterValue": wanted.value}]
            )
        else:
            client.modify_db_parameter_group(
                DBParameterGroupName=wanted.group, Parameters=[{**one, "ParameterValue": wanted.value}]
            )
        return _result(order, preview, now)

    def find_effect(
        self, order: Order[RdsParameter], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        wanted = order.parameters
        there = _state(parameter(aws, wanted.of, wanted.group, wanted.parameter))
        set_by_us = there["source"] == SET_BY_US
        if (set_by_us and there["value"] == wanted.value) if wanted.value else not set_by_us:
            return _result(order, preview, since)
        if there == {name: preview.before[name] for name in there}:
            return None
        raise UncertainEffect(f"{wanted.parameter} in {wanted.group} is {there['value']} now, which nobody foresaw.")

    def undo(self, order: Order[RdsParameter], result: ActionResult) -> dict[str, Any] | None:
        wanted, before = order.parameters, result.rollback_handle
        back = {"value": before["value"]} if before["source"] == SET_BY_US else {"reset": True}
        return {"group": wanted.group, "parameter": wanted.parameter, "of": wanted.of, **back}

    def check(self, order: Order[RdsParameter], alert: Alert | None) -> Check:
        return signal_check(alert, f"{order.target.id} works with its new parameter")


def _owner(order: Order[RdsParameter], all_users: Sequence[User]) -> User:
    """The target itself; InputError when there is none of that name."""
    found = next((user for user in all_users if user.name == order.target.id), None)
    if found is None:
        raise InputError(f"There is no database {order.parameters.of} {order.target.id}.")
    return found


def _state(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "value": found.get("ParameterValue"),
        "source": found.get("Source", ""),
        "apply_type": found.get("ApplyType", ""),
    }


def _said(found: dict[str, Any]) -> str:
    value = found.get("ParameterValue")
    if found.get("Source") == SET_BY_US:
        return str(value)
    return f"{value} (by default)" if value is not None else DEFAULT


def _blast_radius(group: str, touched: Sequence[str]) -> str:
    shown = ", ".join(touched[:SHOWN_INSTANCES]) + (", …" if len(touched) > SHOWN_INSTANCES else "")
    if len(touched) == 1:
        return f"{shown} alone uses {group}"
    return f"All {len(touched)} instances that share {group}: {shown}"


def _warnings(static: bool, touched: Sequence[str]) -> tuple[str, ...]:
    shared = () if len(touched) < 2 else (f"{len(touched)} instances share the group, and all of them change.",)
    if static:
        return (*shared, "The parameter is static: nothing happens before the next reboot.")
    return (*shared, "The parameter is dynamic: it takes effect at once, or with new connections, without a reboot.")


def _problems(wanted: RdsParameter, owner: User, found: dict[str, Any]) -> tuple[str, ...]:
    problems: list[str] = []
    if wanted.group not in owner.groups:
        problems.append(f"{owner.name} does not use {wanted.group}, but {', '.join(owner.groups) or 'no group'}.")
    if wanted.group.startswith("default."):
        problems.append("Groups of AWS's own cannot be changed: give it a parameter group of its own first.")
    if not found.get("IsModifiable", True):
        problems.append(f"{wanted.parameter} cannot be modified.")
    allowed = str(found.get("AllowedValues", ""))
    if wanted.value and not takes(allowed, wanted.value):
        problems.append(f"{wanted.parameter} takes {allowed}, and not {wanted.value}.")
    set_by_us = found.get("Source") == SET_BY_US
    if wanted.reset and not set_by_us:
        problems.append(f"{wanted.parameter} has its default already.")
    if wanted.value and set_by_us and found.get("ParameterValue") == wanted.value:
        problems.append(f"{wanted.parameter} is {wanted.value} already.")
    return tuple(problems)


def _result(order: Order[RdsParameter], preview: Preview, at: datetime) -> ActionResult:
    wanted = order.parameters
    when = "it waits for a reboot" if preview.after["apply"] == "pending-reboot" else "it is in effect"
    return ActionResult(
        succeeded=True,
        before=preview.before,
        after=preview.after,
        rollback_handle=preview.before,
        message=f"{wanted.parameter} is {wanted.value or DEFAULT} in {wanted.group}; {when}.",
        at=at,
    )
