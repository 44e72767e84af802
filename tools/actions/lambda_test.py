"""A Lambda function called with safe events, to see how it answers: alone or beside another version."""

from __future__ import annotations

import base64
import json
import time
from datetime import datetime
from typing import Any, Self

from pydantic import Field, model_validator

from agent.errors import UncertainEffect
from agent.models import ActionResult, Alert, Check, Difference, Model, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from tools.actions import lambda_functions
from tools.actions.kind import ActionKind, Order
from tools.actions.lambda_calls import INVOCATION_TYPES, MOST_CALLS, Call, Expected, Mode, SafeEvent, call_of
from tools.actions.looking import unreadable
from tools.actions.signals import signal_check
from tools.evidence.failures import EXPECTED, explain

BATCH_SECONDS = 25.0
"""Calls that would begin later than this are not made: the executor's own deadline would cut them off."""
QUALIFIER = r"^([1-9]\d{0,18}|[A-Za-z_-][A-Za-z0-9_-]{0,127}|\$LATEST)$"
LONGEST_WAIT_SECONDS = 10


class LambdaTest(Model):
    mode: Mode = Field(default="dry_run", description="dry_run only asks whether it may be called")
    events: tuple[SafeEvent, ...] = Field(min_length=1, max_length=MOST_CALLS)
    qualifier: str = Field(default="$LATEST", pattern=QUALIFIER, description="The version or alias that is called")
    compare_with: str | None = Field(default=None, pattern=QUALIFIER, description="Another one, called with the same")
    expected: Expected = Expected()

    @model_validator(mode="after")
    def _comparable(self) -> Self:
        if self.mode != "sync" and (self.compare_with or self.expected != Expected()):
            raise ValueError("only a synchronous call has an answer to compare")
        if len(self.events) * len(self.versions) > MOST_CALLS:
            raise ValueError(f"that is {len(self.events) * len(self.versions)} calls; at most {MOST_CALLS} are made")
        return self

    @property
    def versions(self) -> tuple[str, ...]:
        return (self.qualifier, self.compare_with) if self.compare_with else (self.qualifier,)


class LambdaTestKind(ActionKind[LambdaTest]):
    name = "lambda_test"
    parameters = LambdaTest
    risk = Risk.medium
    reversible = False
    service = "lambda"
    resource_type = "function"

    def title(self, order: Order[LambdaTest]) -> str:
        wanted = order.parameters
        how = {"sync": "Call", "async": "Call without waiting", "dry_run": "Ask whether one may call"}[wanted.mode]
        which = " and ".join(f"{order.target.id}:{version}" for version in wanted.versions)
        return f"{how} {which} with {', '.join(event.name for event in wanted.events)}"

    def risk_of(self, order: Order[LambdaTest]) -> Risk:
        return Risk.low if order.parameters.mode == "dry_run" else self.risk

    def permissions(self, order: Order[LambdaTest]) -> tuple[Permission, ...]:
        arns = tuple(f"{lambda_functions.function_arn(order)}:{version}" for version in order.parameters.versions)
        exactly = (("InvocationType", INVOCATION_TYPES[order.parameters.mode]),)
        return (Permission("lambda", "invoke", "lambda:InvokeFunction", arns, exactly=exactly),)

    def preview(self, order: Order[LambdaTest], aws: AwsSession, now: datetime) -> Preview:
        wanted = order.parameters
        try:
            found = {version: _version(order, aws, version) for version in wanted.versions}
            tags = lambda_functions.tags(order, aws)
        except EXPECTED as error:
            return unreadable(now, error)
        calls = len(wanted.events) * len(found)
        states = {version: str(each.get("State", "")) for version, each in found.items()}
        bad = [f"{version} cannot run: it is {state}." for version, state in states.items() if _unable(state)]
        really = f"{calls} real calls of {order.target.id}: whatever it writes, sends or deletes, it does"
        return Preview(
            at=now,
            before={version: each["CodeSha256"] for version, each in found.items()},
            differences=(Difference(field=f"{wanted.mode} calls", before="0", after=str(calls)),),
            blast_radius="None: it is not run" if wanted.mode == "dry_run" else really,
            affected=0 if wanted.mode == "dry_run" else calls,
            tags=tags,
            warnings=_warnings(wanted, found),
            problems=tuple(bad),
        )

    def execute(
        self, order: Order[LambdaTest], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        """An error of the first call is raised; after that, what was done is kept."""
        client, calls, began = session.client("lambda"), list[Call](), time.monotonic()
        context = base64.b64encode(json.dumps({"custom": {"watchkeeper": token}}).encode()).decode()
        for event in order.parameters.events:
            for version in order.parameters.versions:
                if time.monotonic() - began > BATCH_SECONDS:
                    calls.append(Call(event=event.name, version=version, error="it was not called: no time was left"))
                    continue
                try:
                    calls.append(_invoke(client, order, event, version, context))
                except EXPECTED as error:
                    if not calls:
                        raise
                    calls.append(Call(event=event.name, version=version, error=explain(error)))
        return _result(order, preview, calls, now)

    def find_effect(
        self, order: Order[LambdaTest], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        if order.parameters.mode == "dry_run":
            return None  # it has no effect that could be had twice
        raise UncertainEffect(f"Lambda does not say whether {order.target.id} was called.")

    def undo(self, order: Order[LambdaTest], result: ActionResult) -> dict[str, Any] | None:
        return None

    def check(self, order: Order[LambdaTest], alert: Alert | None) -> Check:
        return signal_check(alert, f"{order.target.id} answers as expected", "command")

    def expected(self, order: Order[LambdaTest]) -> str:
        return f"It shows whether {order.target.id} works; it repairs nothing."


def _version(order: Order[LambdaTest], aws: AwsSession, version: str) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("lambda").get_function_configuration(
        FunctionName=order.target.id, Qualifier=version
    )
    return found


def _unable(state: str) -> bool:
    return state not in lambda_functions.RUNNABLE


def _warnings(wanted: LambdaTest, found: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    slow = max(int(each.get("Timeout", 0)) for each in found.values())
    if wanted.mode == "sync" and slow > LONGEST_WAIT_SECONDS:
        return (f"It may run for {slow} s; an answer is waited for no longer than WATCHKEEPER_AWS_TIMEOUT_SECONDS.",)
    return ()


def _invoke(client: Any, order: Order[LambdaTest], event: SafeEvent, version: str, context: str) -> Call:
    """The client context, which the function can see, goes with synchronous calls only."""
    mode = order.parameters.mode
    more = {"LogType": "Tail", "ClientContext": context} if mode == "sync" else {}
    reply = client.invoke(
        FunctionName=order.target.id,
        InvocationType=INVOCATION_TYPES[mode],
        Qualifier=version,
        Payload=event.body,
        **more,
    )
    return call_of(event, version, reply)


def _result(order: Order[LambdaTest], preview: Preview, calls: list[Call], now: datetime) -> ActionResult:
    """It succeeded when every call ended as expected, and as that of the other version did."""
    wanted = order.parameters
    faults = [f"{call.event} at {call.version}: {why}" for call in calls if (why := call.wrong(wanted.expected))]
    faults += _unlike(calls, len(wanted.versions))
    good = f"{len(calls)} of {len(calls)} calls of {order.target.id} ended as expected."
    took = [f"{call.milliseconds:.0f}" for call in calls if call.milliseconds is not None]
    return ActionResult(
        succeeded=not faults,
        before=preview.before,
        after={"calls": [call.model_dump(mode="json") for call in calls], "milliseconds": took},
        message=good if not faults else f"Not as expected: {'; '.join(faults)}.",
        at=now,
    )


def _unlike(calls: list[Call], versions: int) -> list[str]:
    """Events that two versions answered differently: their calls stand side by side."""
    pairs = zip(calls[0::2], calls[1::2], strict=False) if versions > 1 else ()
    return [
        f"{one.event}: {one.version} and {other.version} answer differently"
        for one, other in pairs
        if one.status and other.status and (one.error, one.answer) != (other.error, other.answer)
    ]
