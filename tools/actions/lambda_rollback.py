"""A Lambda alias pointed back at an earlier version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field

from agent.models import ActionResult, Alert, Check, Difference, Model, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from tools.actions import lambda_functions
from tools.actions.kind import ActionKind, Order
from tools.actions.looking import unreadable
from tools.actions.signals import signal_check
from tools.evidence.failures import EXPECTED

COMPARED = ("Runtime", "Handler", "MemorySize", "Timeout", "CodeSha256")
WORDS = {"MemorySize": "memory in MB", "Timeout": "timeout in s", "CodeSha256": "code"}


Version = Annotated[str, Field(pattern=r"^[1-9]\d{0,18}$")]


class LambdaRollback(Model):
    alias: str = Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")
    version: Version = Field(description="A published one; `$LATEST` is none to go back to")
    weights: dict[Version, Annotated[float, Field(gt=0, lt=1)]] | None = Field(
        default=None, max_length=1, description="Which part of the calls goes to another one: only to undo with"
    )


class LambdaRollbackKind(ActionKind[LambdaRollback]):
    name = "lambda_rollback"
    parameters = LambdaRollback
    risk = Risk.medium
    reversible = True
    service = "lambda"
    resource_type = "function"

    def title(self, order: Order[LambdaRollback]) -> str:
        wanted = order.parameters
        return f"Point the alias {wanted.alias} of {order.target.id} at version {wanted.version}"

    def permissions(self, order: Order[LambdaRollback]) -> tuple[Permission, ...]:
        return (Permission("lambda", "update_alias", "lambda:UpdateAlias", (lambda_functions.function_arn(order),)),)

    def preview(self, order: Order[LambdaRollback], aws: AwsSession, now: datetime) -> Preview:
        wanted, client = order.parameters, aws.client("lambda")
        try:
            alias = client.get_alias(FunctionName=order.target.id, Name=wanted.alias)
            old = client.get_function_configuration(FunctionName=order.target.id, Qualifier=alias["FunctionVersion"])
            new = client.get_function_configuration(FunctionName=order.target.id, Qualifier=wanted.version)
            tags = lambda_functions.tags(order, aws)
        except EXPECTED as error:
            return unreadable(now, error)
        before = _pointed(alias)
        changes = [(WORDS.get(name, name), str(old.get(name, "")), str(new.get(name, ""))) for name in COMPARED]
        return Preview(
            at=now,
            before=before,
            after=_wanted(wanted),
            differences=(
                Difference(field="version", before=_shown(before), after=_shown(_wanted(wanted))),
                Difference(field="deployed", before=_day(old), after=_day(new)),
                *(Difference(field=name, before=was, after=will) for name, was, will in changes if was != will),
            ),
            blast_radius=f"Every call of {order.target.id}:{wanted.alias}, at once",
            tags=tags,
            warnings=_warnings(before),
            problems=_problems(wanted, before, new),
        )

    def execute(
        self, order: Order[LambdaRollback], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        """The revision makes AWS refuse it when somebody has changed the alias since the preview."""
        reply = session.client("lambda").update_alias(
            FunctionName=order.target.id,
            Name=order.parameters.alias,
            FunctionVersion=order.parameters.version,
            RoutingConfig={"AdditionalVersionWeights": order.parameters.weights or {}},
            RevisionId=preview.before["revision"],
        )
        return _result(order, preview, reply, now)

    def find_effect(
        self, order: Order[LambdaRollback], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        alias = aws.client("lambda").get_alias(FunctionName=order.target.id, Name=order.parameters.alias)
        there = {name: _pointed(alias)[name] for name in ("version", "weights")}
        return _result(order, preview, alias, since) if there == _wanted(order.parameters) else None

    def undo(self, order: Order[LambdaRollback], result: ActionResult) -> dict[str, Any] | None:
        before = result.rollback_handle
        split = {"weights": before["weights"]} if before["weights"] else {}
        return {"alias": order.parameters.alias, "version": before["version"], **split}

    def check(self, order: Order[LambdaRollback], alert: Alert | None) -> Check:
        return signal_check(
            alert, f"{order.target.id} no longer fails", "metric", "Errors", service="lambda", resource=order.target.id
        )


def _pointed(alias: dict[str, Any]) -> dict[str, Any]:
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return {"version": alias["FunctionVersion"], "weights": weights, "revision": alias["RevisionId"]}


def _wanted(wanted: LambdaRollback) -> dict[str, Any]:
    return {"version": wanted.version, "weights": wanted.weights or {}}


def _shown(pointed: dict[str, Any]) -> str:
    """`41`, or `41 (10% to 42)`."""
    others = ", ".join(f"{weight:.0%} to {version}" for version, weight in pointed["weights"].items())
    return f"{pointed['version']} ({others})" if others else pointed["version"]


def _day(version: dict[str, Any]) -> str:
    """`2026-11-13 14:58 UTC`, of Lambda's `2026-11-13T14:58:11.000+0000`."""
    try:
        return f"{datetime.fromisoformat(version['LastModified']).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except (KeyError, ValueError):
        return ""


def _problems(wanted: LambdaRollback, before: dict[str, Any], new: dict[str, Any]) -> tuple[str, ...]:
    problems: list[str] = []
    if _wanted(wanted) == {name: before[name] for name in ("version", "weights")}:
        problems.append(f"The alias {wanted.alias} points at version {wanted.version} already.")
    if new.get("State", "Active") not in ("Active", "Inactive"):
        problems.append(f"Version {wanted.version} cannot run: it is {new['State']}.")
    return tuple(problems)


def _warnings(before: dict[str, Any]) -> tuple[str, ...]:
    if not before["weights"]:
        return ()
    return ("A part of the calls goes to another version now.",)


def _result(order: Order[LambdaRollback], preview: Preview, alias: dict[str, Any], at: datetime) -> ActionResult:
    after = _pointed(alias)
    return ActionResult(
        succeeded=True,
        before=preview.before,
        after=after,
        reference=after["revision"],
        rollback_handle={name: preview.before[name] for name in ("version", "weights")},
        message=f"The alias {order.parameters.alias} of {order.target.id} points at version {after['version']}.",
        at=at,
    )
