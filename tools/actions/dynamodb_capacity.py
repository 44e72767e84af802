"""How much a DynamoDB table may be read and written: provisioned units, or on demand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from agent.errors import RetryLater, UncertainEffect
from agent.models import ActionResult, Alert, Check, Difference, Model, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from tools.actions.dynamodb_tables import (
    ON_DEMAND,
    PROVISIONED,
    READ,
    WRITE,
    Table,
    describe,
    on_demand_month,
    read_table,
    state_of,
)
from tools.actions.kind import ActionKind, Order
from tools.actions.looking import dollars, too_far, unreadable
from tools.actions.signals import signal_check
from tools.evidence.cost.prices import WHERE, capacity_month
from tools.evidence.failures import EXPECTED

MOST_UNITS = 40_000
"""DynamoDB's own quota of a table, unless it was raised."""
FREE_UNITS = 5
"""So many more or fewer are one step, however few there are."""
A_DAY = timedelta(days=1)
SWITCHES_A_DAY = 4
AGAIN_SECONDS = 15.0
UPDATING = "UPDATING"


class DynamodbCapacity(Model):
    mode: Literal["provisioned", "on_demand"] = "provisioned"
    read: int | None = Field(default=None, ge=1, le=MOST_UNITS, description="Read units; as they are when absent")
    write: int | None = Field(default=None, ge=1, le=MOST_UNITS, description="Write units; as they are when absent")

    @model_validator(mode="after")
    def _units(self) -> Self:
        given = self.read is not None or self.write is not None
        if given == (self.mode == "on_demand"):
            raise ValueError("provisioned needs read or write units, and on_demand takes none")
        return self


class DynamodbCapacityKind(ActionKind[DynamodbCapacity]):
    """The same capacity set twice is no second effect: DynamoDB refuses it."""

    name = "dynamodb_capacity"
    parameters = DynamodbCapacity
    risk = Risk.medium
    reversible = True
    service = "dynamodb"
    resource_type = "table"

    def title(self, order: Order[DynamodbCapacity]) -> str:
        wanted = order.parameters
        if wanted.mode == "on_demand":
            return f"Switch the table {order.target.id} to on-demand capacity"
        units = [f"{count} {what} units" for what, count in (("read", wanted.read), ("write", wanted.write)) if count]
        return f"Provision {' and '.join(units)} for the table {order.target.id}"

    def permissions(self, order: Order[DynamodbCapacity]) -> tuple[Permission, ...]:
        wanted = order.parameters
        exactly = [("TableName", order.target.id), ("BillingMode", _mode(wanted))]
        for unit, count in ((READ, wanted.read), (WRITE, wanted.write)):
            if count:
                exactly.append((f"ProvisionedThroughput.{unit}", str(count)))
        arn = order.arn("dynamodb", f"table/{order.target.id}")
        return (Permission("dynamodb", "update_table", "dynamodb:UpdateTable", (arn,), exactly=tuple(exactly)),)

    def preview(self, order: Order[DynamodbCapacity], aws: AwsSession, now: datetime) -> Preview:
        try:
            table = read_table(order, aws)
            month = on_demand_month(order, aws, now) if _mode(order.parameters) != table.state()["mode"] else 0.0
        except EXPECTED as error:
            return unreadable(now, error)
        before, after = table.state(), _after(order.parameters, table.state())
        usd = _month(after, month) - _month(before, month)
        return Preview(
            at=now,
            before={**before, "status": table.raw["TableStatus"], "indexes": table.indexes},
            after=after,
            differences=_differences(before, after),
            cost=_cost(before, after, usd),
            usd_month=round(usd, 2),
            blast_radius=f"Whoever reads or writes {order.target.id}; it stays available meanwhile",
            tags=table.tags,
            warnings=_warnings(table, after, now),
            problems=_problems(table, order.parameters, after),
        )

    def execute(
        self, order: Order[DynamodbCapacity], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        units = {READ: preview.after["read"], WRITE: preview.after["write"]}
        more = {"ProvisionedThroughput": units} if order.parameters.mode == "provisioned" else {}
        session.client("dynamodb").update_table(TableName=order.target.id, BillingMode=_mode(order.parameters), **more)
        return _result(order, preview, now)

    def find_effect(
        self, order: Order[DynamodbCapacity], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        """RetryLater while the table is being updated: it shows its old capacity until then."""
        found = describe(order, aws)
        there = state_of(found)
        if there == preview.after:
            return _result(order, preview, since)
        if found["TableStatus"] == UPDATING:
            raise RetryLater(f"{order.target.id} is being updated.", AGAIN_SECONDS)
        if there != {name: preview.before[name] for name in there}:
            raise UncertainEffect(f"{order.target.id} has {_words(there)} now, which nobody foresaw.")
        return None

    def undo(self, order: Order[DynamodbCapacity], result: ActionResult) -> dict[str, Any] | None:
        """None for a table with indexes that became an on-demand one: their units would have to be given, too."""
        before = result.rollback_handle
        if before["mode"] == ON_DEMAND:
            return {"mode": "on_demand"}
        if before["indexes"] and order.parameters.mode == "on_demand":
            return None
        return {"mode": "provisioned", "read": before["read"], "write": before["write"]}

    def check(self, order: Order[DynamodbCapacity], alert: Alert | None) -> Check:
        name = order.target.id
        metrics = "ReadThrottleEvents, WriteThrottleEvents"
        expected = f"Requests to {name} are not throttled any more"
        return signal_check(alert, expected, "metric", metrics, service="dynamodb", resource=name)


def _mode(wanted: DynamodbCapacity) -> str:
    return ON_DEMAND if wanted.mode == "on_demand" else PROVISIONED


def _after(wanted: DynamodbCapacity, before: dict[str, Any]) -> dict[str, Any]:
    if wanted.mode == "on_demand":
        return {"mode": ON_DEMAND, "read": 0, "write": 0}
    return {"mode": PROVISIONED, "read": wanted.read or before["read"], "write": wanted.write or before["write"]}


def _words(state: dict[str, Any]) -> str:
    return "on demand" if state["mode"] == ON_DEMAND else f"{state['read']} read and {state['write']} write units"


def _differences(before: dict[str, Any], after: dict[str, Any]) -> tuple[Difference, ...]:
    if before["mode"] != after["mode"]:
        return (Difference(field="capacity", before=_words(before), after=_words(after)),)
    changed = [name for name in ("read", "write") if before[name] != after[name]]
    return tuple(
        Difference(field=f"{name} units", before=str(before[name]), after=str(after[name])) for name in changed
    )


def _month(state: dict[str, Any], on_demand: float) -> float:
    return on_demand if state["mode"] == ON_DEMAND else capacity_month(state["write"], state["read"])


def _cost(before: dict[str, Any], after: dict[str, Any], usd: float) -> str:
    cost = f"{dollars(usd)} {WHERE}" if dollars(usd) else ""
    if before["mode"] == after["mode"]:
        return cost
    return f"{cost or 'about the same'}, if it is used as in the last 24 hours: on demand, each request is paid for"


def _problems(table: Table, wanted: DynamodbCapacity, after: dict[str, Any]) -> tuple[str, ...]:
    before, problems = table.state(), list[str]()
    if table.raw["TableStatus"] != "ACTIVE":
        problems.append(f"The table is {table.raw['TableStatus']}.")
    if before == after:
        problems.append(f"It has {_words(after)} already.")
    if table.on_demand and wanted.mode == "provisioned":
        problems += _back_to_provisioned(table, wanted)
    elif wanted.mode == "provisioned":
        for name in ("read", "write"):
            if far := too_far(f"The {name} units", before[name], after[name], free=FREE_UNITS):
                problems.append(far)
    if wanted.mode == "provisioned":
        for unit, count in ((READ, wanted.read), (WRITE, wanted.write)):
            low, high = table.bounds.get(unit, (1, MOST_UNITS))
            if count and not low <= count <= high:
                problems.append(f"Auto Scaling keeps {unit} between {low} and {high}; change that first.")
    return tuple(problems)


def _back_to_provisioned(table: Table, wanted: DynamodbCapacity) -> list[str]:
    problems: list[str] = []
    if not (wanted.read and wanted.write):
        problems.append("It is on demand now: give both read and write units.")
    if table.indexes:
        problems.append("Its indexes need units of their own, which have to be chosen in the console.")
    return problems


def _warnings(table: Table, after: dict[str, Any], now: datetime) -> tuple[str, ...]:
    before, warnings = table.state(), list[str]()
    if after["mode"] == ON_DEMAND and not table.on_demand:
        warnings.append(
            f"DynamoDB lets a table become on-demand {SWITCHES_A_DAY} times in 24 hours, and no more often."
        )
        if table.switched and now - table.switched < A_DAY:
            warnings.append(f"It last did at {table.switched:%H:%M} UTC.")
        if table.indexes:
            warnings.append("It has indexes: going back to provisioned units is not something I can do then.")
    elif after["mode"] == PROVISIONED:
        scaled = ", ".join(f"{unit} from {low} to {high}" for unit, (low, high) in sorted(table.bounds.items()))
        if scaled:
            warnings.append(f"Auto Scaling ({scaled}) may set other units again.")
        if not table.on_demand and (after["read"] < before["read"] or after["write"] < before["write"]):
            today = table.raw.get("ProvisionedThroughput", {}).get("NumberOfDecreasesToday", 0)
            warnings.append(f"DynamoDB allows only a few decreases a day; there were {today} today.")
    return tuple(warnings)


def _result(order: Order[DynamodbCapacity], preview: Preview, at: datetime) -> ActionResult:
    return ActionResult(
        succeeded=True,
        before=preview.before,
        after=preview.after,
        rollback_handle=preview.before,
        message=f"{order.target.id} gets {_words(preview.after)} instead of {_words(preview.before)}.",
        at=at,
    )
