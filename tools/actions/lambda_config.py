"""One limit of a Lambda function: its memory, its timeout or its reserved concurrency."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import Field, model_validator

from agent.errors import UncertainEffect
from agent.models import ActionResult, Alert, Check, Difference, Model, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from tools.actions import lambda_functions
from tools.actions.kind import ActionKind, Order
from tools.actions.looking import dollars, too_far, unreadable
from tools.actions.signals import signal_check
from tools.evidence.cost.prices import LAMBDA_GB_SECOND, WHERE
from tools.evidence.failures import EXPECTED

UNRESERVED_FLOOR = 100
"""Lambda keeps so many for functions that reserve none."""
FREE_SECONDS = 30
"""A timeout may grow by so many, however short it was."""
FREE_CONCURRENCY = 10
DAYS_A_MONTH = 30.4
HOUR_SECONDS = 3600
MB_A_GB = 1024
UNITS = {"memory_mb": "MB", "timeout_s": "s", "reserved_concurrency": ""}


class LambdaConfig(Model):
    """Exactly one of them, so that there is one effect."""

    memory_mb: int | None = Field(default=None, ge=128, le=10240)
    timeout_s: int | None = Field(default=None, ge=1, le=900)
    reserved_concurrency: int | None = Field(default=None, ge=0, le=10_000, description="0: it is not run any more")
    unreserved: bool | None = Field(default=None, description="True: reserve no concurrency any more")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_dump(exclude_none=True)) != 1 or self.unreserved is False:
            raise ValueError("give exactly one of memory_mb, timeout_s, reserved_concurrency and unreserved (true)")
        return self

    @property
    def field(self) -> str:
        name = next(iter(self.model_dump(exclude_none=True)))
        return "reserved_concurrency" if name == "unreserved" else name

    @property
    def words(self) -> str:
        """The field as people call it: `timeout`."""
        return self.field.removesuffix("_mb").removesuffix("_s").replace("_", " ")

    @property
    def value(self) -> int | None:
        """None: no concurrency is reserved."""
        return None if self.unreserved else getattr(self, self.field)


class LambdaConfigKind(ActionKind[LambdaConfig]):
    name = "lambda_config"
    parameters = LambdaConfig
    risk = Risk.medium
    reversible = True
    service = "lambda"
    resource_type = "function"

    def title(self, order: Order[LambdaConfig]) -> str:
        wanted, name = order.parameters, order.target.id
        if wanted.value is None:
            return f"Let {name} reserve no concurrency"
        return f"Set the {wanted.words} of {name} to {_shown(wanted.field, wanted.value)}"

    def risk_of(self, order: Order[LambdaConfig]) -> Risk:
        return Risk.high if order.parameters.value == 0 else self.risk

    def permissions(self, order: Order[LambdaConfig]) -> tuple[Permission, ...]:
        arns = (lambda_functions.function_arn(order),)
        if order.parameters.unreserved:
            return (Permission("lambda", "delete_function_concurrency", "lambda:DeleteFunctionConcurrency", arns),)
        if order.parameters.reserved_concurrency is not None:
            return (Permission("lambda", "put_function_concurrency", "lambda:PutFunctionConcurrency", arns),)
        return (Permission("lambda", "update_function_configuration", "lambda:UpdateFunctionConfiguration", arns),)

    def preview(self, order: Order[LambdaConfig], aws: AwsSession, now: datetime) -> Preview:
        wanted = order.parameters
        try:
            found = lambda_functions.configuration(order, aws)
            before = _before(order, aws, found)
            tags = lambda_functions.tags(order, aws)
            warnings = _stopped(order) if _of_calls(wanted) else lambda_functions.published(order, aws)
            more = _more_usd(order, aws, found, now) if wanted.memory_mb else 0.0
            problems = (*lambda_functions.busy(found), *_problems(wanted, before, aws))
        except EXPECTED as error:
            return unreadable(now, error)
        was = _shown(wanted.field, before["value"])
        will = _shown(wanted.field, wanted.value)
        return Preview(
            at=now,
            before=before,
            after={"value": wanted.value},
            differences=(Difference(field=wanted.words, before=was, after=will),),
            cost=_cost(wanted, more),
            usd_month=round(more, 2),
            blast_radius=f"Every call of {order.target.id}",
            tags=tags,
            warnings=warnings,
            problems=problems,
        )

    def execute(
        self, order: Order[LambdaConfig], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        client, wanted, name = session.client("lambda"), order.parameters, order.target.id
        if wanted.unreserved:
            client.delete_function_concurrency(FunctionName=name)
        elif wanted.reserved_concurrency is not None:
            client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=wanted.reserved_concurrency)
        else:
            change = {"MemorySize": wanted.memory_mb} if wanted.memory_mb else {"Timeout": wanted.timeout_s}
            client.update_function_configuration(FunctionName=name, RevisionId=preview.before["revision"], **change)
        return _result(order, preview, now)

    def find_effect(
        self, order: Order[LambdaConfig], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        there = _before(order, aws, lambda_functions.configuration(order, aws))["value"]
        if there == order.parameters.value:
            return _result(order, preview, since)
        if there != preview.before["value"]:
            raise UncertainEffect(
                f"The {order.parameters.words} of {order.target.id} is {there} now, which nobody foresaw."
            )
        return None

    def outcome(self, order: Order[LambdaConfig], result: ActionResult, aws: AwsSession) -> ActionResult:
        return lambda_functions.updated(order, result, aws)

    def undo(self, order: Order[LambdaConfig], result: ActionResult) -> dict[str, Any] | None:
        value = result.rollback_handle["value"]
        return {"unreserved": True} if value is None else {order.parameters.field: value}

    def check(self, order: Order[LambdaConfig], alert: Alert | None) -> Check:
        """Without a signal: a function that is stopped is called no more; else more room ends throttles or errors."""
        wanted, name = order.parameters, order.target.id
        metric, expected = ("Throttles", "is not throttled") if _of_calls(wanted) else ("Errors", "no longer fails")
        if wanted.reserved_concurrency == 0:
            metric, expected = "Invocations", "does not run more than usual"
        told = {"service": "lambda", "resource": name, "comparison": "above"}
        return signal_check(alert, f"{name} {expected}", "metric", metric, **told)


def _of_calls(wanted: LambdaConfig) -> bool:
    """Whether it is about concurrency, which is the function's, and not about the configuration of $LATEST."""
    return wanted.field == "reserved_concurrency"


def _stopped(order: Order[LambdaConfig]) -> tuple[str, ...]:
    return (
        (f"{order.target.id} would not be run any more: every call of it fails.",)
        if order.parameters.value == 0
        else ()
    )


def _before(order: Order[LambdaConfig], aws: AwsSession, found: dict[str, Any]) -> dict[str, Any]:
    """The revision where Lambda can be held to it: setting the concurrency takes none."""
    if _of_calls(order.parameters):
        reserved = aws.client("lambda").get_function_concurrency(FunctionName=order.target.id)
        return {"value": reserved.get("ReservedConcurrentExecutions")}
    name = {"memory_mb": "MemorySize", "timeout_s": "Timeout"}[order.parameters.field]
    return {"value": found[name], "revision": found["RevisionId"]}


def _problems(wanted: LambdaConfig, before: dict[str, Any], aws: AwsSession) -> tuple[str, ...]:
    was, will = before["value"], wanted.value
    if was == will:
        return (f"Its {wanted.words} is {_shown(wanted.field, will)} already.",)
    if _of_calls(wanted):
        free = int(aws.client("lambda").get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"])
        left = free + (was or 0) - (will or 0)
        if left < UNRESERVED_FLOOR:
            return (f"Only {left} would be left to all other functions; Lambda keeps {UNRESERVED_FLOOR} for them.",)
        if was is None or will is None:
            return ()
    free_steps = {"memory_mb": 0, "timeout_s": FREE_SECONDS, "reserved_concurrency": FREE_CONCURRENCY}
    far = too_far(wanted.field, was, will or 0, free=free_steps[wanted.field])
    return (far,) if far else ()


def _more_usd(order: Order[LambdaConfig], aws: AwsSession, found: dict[str, Any], now: datetime) -> float:
    """What a month's calls cost more with other memory, if they take as long as before (with more they rarely do).

    Calls and their mean duration are those of the last day.
    """
    calls, milliseconds = (
        _of_a_day(order, aws, now, *which) for which in (("Invocations", "Sum"), ("Duration", "Average"))
    )
    gigabytes = ((order.parameters.memory_mb or 0) - found["MemorySize"]) / MB_A_GB
    return calls * DAYS_A_MONTH * milliseconds / 1000 * gigabytes * LAMBDA_GB_SECOND


def _of_a_day(order: Order[LambdaConfig], aws: AwsSession, now: datetime, metric: str, statistic: str) -> float:
    dimensions = [{"Name": "FunctionName", "Value": order.target.id}]
    measured = {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": dimensions}
    query = {"Id": "m", "MetricStat": {"Metric": measured, "Period": HOUR_SECONDS, "Stat": statistic}}
    reply = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=[query], StartTime=now - timedelta(days=1), EndTime=now
    )
    values = reply["MetricDataResults"][0]["Values"]
    return sum(values) / (len(values) if statistic == "Average" and values else 1)


def _cost(wanted: LambdaConfig, usd_month: float) -> str:
    if wanted.memory_mb:
        change = dollars(usd_month)
        return f"At most {change} {WHERE}, if calls take as long as before" if change else ""
    return "Only calls that were cut off until now run longer, and cost more" if wanted.timeout_s else ""


def _shown(field: str, value: int | None) -> str:
    return "none" if value is None else f"{value} {UNITS[field]}".strip()


def _result(order: Order[LambdaConfig], preview: Preview, at: datetime) -> ActionResult:
    wanted = order.parameters
    return ActionResult(
        succeeded=True,
        before=preview.before,
        after={"value": wanted.value},
        rollback_handle={"value": preview.before["value"]},
        message=f"The {wanted.words} of {order.target.id} is {_shown(wanted.field, wanted.value)} now.",
        at=at,
    )
