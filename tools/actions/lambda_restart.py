"""A Lambda function whose execution environments are all made anew, by a touch of its configuration."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from agent.errors import UncertainEffect, WriteRefused
from agent.models import ActionResult, Alert, Check, Difference, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from tools.actions import lambda_functions
from tools.actions.kind import ActionKind, NoParameters, Order
from tools.actions.looking import unreadable
from tools.actions.signals import signal_check
from tools.evidence.failures import EXPECTED

MARK = "WATCHKEEPER_RESTARTED_AT"
"""The environment variable that is touched: `2026-11-18T15:00:00Z wk-act_1a2b3c`."""
ENVIRONMENT_BYTES = 4096
"""The most that Lambda takes for all variables together."""
MARK_BYTES = 160
UNREADABLE = "Its environment variables cannot be read, so that setting them would lose them."
OWN_KEY = "Its environment variables are encrypted with your own key, which the executor may not use."


class LambdaRestartKind(ActionKind[NoParameters]):
    """All other variables stay as they are. Their values are secrets, so nothing but their names is ever shown."""

    name = "lambda_restart"
    parameters = NoParameters
    risk = Risk.low
    reversible = False
    service = "lambda"
    resource_type = "function"

    def title(self, order: Order[NoParameters]) -> str:
        return f"Restart {order.target.id} in new execution environments"

    def permissions(self, order: Order[NoParameters]) -> tuple[Permission, ...]:
        """The variables are read again with the same credentials: they are set as a whole."""
        arns = (lambda_functions.function_arn(order),)
        return (
            Permission("lambda", "get_function_configuration", "lambda:GetFunctionConfiguration", arns),
            Permission("lambda", "update_function_configuration", "lambda:UpdateFunctionConfiguration", arns),
        )

    def preview(self, order: Order[NoParameters], aws: AwsSession, now: datetime) -> Preview:
        try:
            found = lambda_functions.configuration(order, aws)
            tags = lambda_functions.tags(order, aws)
            warnings = lambda_functions.published(order, aws)
        except EXPECTED as error:
            return unreadable(now, error)
        names = sorted(found.get("Environment", {}).get("Variables", {}))
        return Preview(
            at=now,
            before={"revision": found["RevisionId"], "variables": [name for name in names if name != MARK]},
            after={"variables": sorted({*names, MARK})},
            differences=(Difference(field=f"variable {MARK}", before="", after=_written(now)),),
            blast_radius=f"Every call of {order.target.id} begins with a cold start once",
            tags=tags,
            warnings=warnings,
            problems=(*lambda_functions.busy(found), *_problems(found)),
        )

    def execute(
        self, order: Order[NoParameters], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        """The revision makes AWS refuse it when somebody has changed the function since the preview."""
        client = session.client("lambda")
        found = client.get_function_configuration(FunctionName=order.target.id)
        if found["RevisionId"] != preview.before["revision"]:
            raise WriteRefused(f"{order.target.id} has been changed since the preview.")
        environment = found.get("Environment", {})
        if "Error" in environment:
            raise WriteRefused(UNREADABLE)
        reply = client.update_function_configuration(
            FunctionName=order.target.id,
            Environment={"Variables": environment.get("Variables", {}) | {MARK: f"{_written(now)} {token}"}},
            RevisionId=found["RevisionId"],
        )
        return _result(order, preview, reply, now)

    def find_effect(
        self, order: Order[NoParameters], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        found = lambda_functions.configuration(order, aws)
        mark = found.get("Environment", {}).get("Variables", {}).get(MARK, "")
        if mark.endswith(f" {token}"):
            return _result(order, preview, found, since)
        if found["RevisionId"] != preview.before["revision"]:
            raise UncertainEffect(
                f"{order.target.id} has been changed since, and the mark of this restart is not there."
            )
        return None

    def outcome(self, order: Order[NoParameters], result: ActionResult, aws: AwsSession) -> ActionResult:
        return lambda_functions.updated(order, result, aws)

    def undo(self, order: Order[NoParameters], result: ActionResult) -> dict[str, Any] | None:
        return None

    def check(self, order: Order[NoParameters], alert: Alert | None) -> Check:
        return signal_check(
            alert, f"{order.target.id} no longer fails", "metric", "Errors", service="lambda", resource=order.target.id
        )


def _problems(found: dict[str, Any]) -> tuple[str, ...]:
    environment = found.get("Environment", {})
    if found.get("KMSKeyArn"):
        return (OWN_KEY,)
    if "Error" in environment:
        return (UNREADABLE,)
    size = len(json.dumps(environment.get("Variables", {})).encode())
    if size + MARK_BYTES > ENVIRONMENT_BYTES:
        return (f"Its environment variables take {size} of {ENVIRONMENT_BYTES} bytes: there is no room for one more.",)
    return ()


def _result(order: Order[NoParameters], preview: Preview, found: dict[str, Any], at: datetime) -> ActionResult:
    return ActionResult(
        succeeded=True,
        before=preview.before,
        after={"revision": found["RevisionId"], "variables": sorted(found.get("Environment", {}).get("Variables", {}))},
        reference=found["RevisionId"],
        message=f"{order.target.id} runs in new execution environments.",
        at=at,
    )


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
