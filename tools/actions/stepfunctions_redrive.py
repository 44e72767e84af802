"""A failed execution of a state machine taken up again where it failed, or begun anew with the same input."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from botocore.exceptions import ClientError
from pydantic import Field

from agent.errors import WriteRefused
from agent.models import ActionResult, Alert, Check, Difference, Model, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from tools.actions.kind import ActionKind, Order
from tools.actions.looking import tags_of, unreadable
from tools.actions.signals import signal_check
from tools.evidence.failures import EXPECTED

GOING_ON = ("RUNNING", "PENDING_REDRIVE")
ENDED_BADLY = ("FAILED", "TIMED_OUT", "ABORTED")


class StepfunctionsRedrive(Model):
    execution: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,80}$", description="The failed execution's name")
    how: Literal["redrive", "restart"] = Field(
        default="redrive", description="From the state that failed; or from the beginning, where that is not possible"
    )


class StepfunctionsRedriveKind(ActionKind[StepfunctionsRedrive]):
    """A redrive takes a token; a new execution is named by it, and each name can be taken only once."""

    name = "stepfunctions_redrive"
    parameters = StepfunctionsRedrive
    risk = Risk.medium
    reversible = False
    service = "stepfunctions"
    resource_type = "state-machine"

    def title(self, order: Order[StepfunctionsRedrive]) -> str:
        wanted = order.parameters
        if wanted.how == "redrive":
            return f"Take up the execution {wanted.execution} of {order.target.id} where it failed"
        return f"Start {order.target.id} again with the input of {wanted.execution}"

    def permissions(self, order: Order[StepfunctionsRedrive]) -> tuple[Permission, ...]:
        """A new execution's input, which may hold secrets, is read with the same credentials."""
        execution = (_execution_arn(order),)
        if order.parameters.how == "redrive":
            return (Permission("stepfunctions", "redrive_execution", "states:RedriveExecution", execution),)
        return (
            Permission("stepfunctions", "describe_execution", "states:DescribeExecution", execution),
            Permission("stepfunctions", "start_execution", "states:StartExecution", (_machine_arn(order),)),
        )

    def preview(self, order: Order[StepfunctionsRedrive], aws: AwsSession, now: datetime) -> Preview:
        try:
            machine = aws.client("stepfunctions").describe_state_machine(stateMachineArn=_machine_arn(order))
            found = _execution(order, aws)
            tags = tags_of(aws.client("stepfunctions").list_tags_for_resource(resourceArn=_machine_arn(order))["tags"])
        except EXPECTED as error:
            return unreadable(now, error)
        again = order.parameters.how == "redrive"
        return Preview(
            at=now,
            before=_state(found),
            after={"how": order.parameters.how},
            differences=(
                Difference(
                    field=f"execution {order.parameters.execution}",
                    before=found["status"],
                    after="runs on from the state that failed" if again else "stays as it is; a new one runs beside it",
                ),
            ),
            blast_radius=(
                "The state that failed, and those after it, run again"
                if again
                else "All states run again, those too that had succeeded"
            ),
            tags=tags,
            warnings=_warnings(order, found),
            problems=_problems(order, machine, found),
        )

    def execute(
        self, order: Order[StepfunctionsRedrive], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        client = session.client("stepfunctions")
        if order.parameters.how == "redrive":
            client.redrive_execution(executionArn=_execution_arn(order), clientToken=token)
            return _result(order, preview, _execution_arn(order), now)
        failed = client.describe_execution(executionArn=_execution_arn(order))
        if "input" not in failed:
            raise WriteRefused(f"The input of {order.parameters.execution} cannot be read.")
        try:
            started = client.start_execution(stateMachineArn=_machine_arn(order), name=token, input=failed["input"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
            return _result(order, preview, _execution_arn(order, token), now)  # an earlier attempt has begun it
        return _result(order, preview, started["executionArn"], now)

    def find_effect(
        self, order: Order[StepfunctionsRedrive], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        if order.parameters.how == "redrive":
            redriven = _state(_execution(order, aws))["redrives"] > preview.before["redrives"]
            return _result(order, preview, _execution_arn(order), since) if redriven else None
        try:
            started = aws.client("stepfunctions").describe_execution(executionArn=_execution_arn(order, token))
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
                return None
            raise
        return _result(order, preview, started["executionArn"], since)

    def outcome(self, order: Order[StepfunctionsRedrive], result: ActionResult, aws: AwsSession) -> ActionResult:
        """Its own words for an error are not shown: they may hold secrets."""
        found = aws.client("stepfunctions").describe_execution(executionArn=result.reference)
        status, name = str(found["status"]), result.reference.rpartition(":")[2]
        if status in GOING_ON:
            return result
        worked = status == "SUCCEEDED"
        message = f"The execution {name} {'has succeeded' if worked else f'ended as {status}'}."
        after = {**result.after, "status": status}
        return result.model_copy(update={"succeeded": worked, "over": True, "after": after, "message": message})

    def undo(self, order: Order[StepfunctionsRedrive], result: ActionResult) -> dict[str, Any] | None:
        return None

    def check(self, order: Order[StepfunctionsRedrive], alert: Alert | None) -> Check:
        return signal_check(alert, f"The execution of {order.target.id} succeeds", "execution", order.target.id)


def _machine_arn(order: Order[StepfunctionsRedrive]) -> str:
    return order.arn("states", f"stateMachine:{order.target.id}")


def _execution_arn(order: Order[StepfunctionsRedrive], name: str = "") -> str:
    return order.arn("states", f"execution:{order.target.id}:{name or order.parameters.execution}")


def _execution(order: Order[StepfunctionsRedrive], aws: AwsSession) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("stepfunctions").describe_execution(executionArn=_execution_arn(order))
    return found


def _state(found: dict[str, Any]) -> dict[str, Any]:
    """Never its input or output, which may hold secrets."""
    return {"status": found["status"], "redrives": int(found.get("redriveCount", 0))}


def _problems(order: Order[StepfunctionsRedrive], machine: dict[str, Any], found: dict[str, Any]) -> tuple[str, ...]:
    if machine.get("type") == "EXPRESS":
        return ("Executions of express state machines cannot be taken up again.",)
    if found["status"] not in ENDED_BADLY:
        return (f"The execution is {found['status']}: there is nothing to repeat.",)
    redrivable = found.get("redriveStatus") == "REDRIVABLE"
    if order.parameters.how == "redrive" and not redrivable:
        why = found.get("redriveStatusReason") or "Step Functions says so"
        return (f"The execution cannot be taken up where it failed ({why}); start it again instead.",)
    return ()


def _warnings(order: Order[StepfunctionsRedrive], found: dict[str, Any]) -> tuple[str, ...]:
    if order.parameters.how == "redrive":
        return ("It goes on with the definition that the state machine had when the execution began.",)
    twice = "What the first execution did before it failed is done a second time."
    if found.get("redriveStatus") != "REDRIVABLE":
        return (twice,)
    return (twice, "It could be taken up where it failed, which repeats less.")


def _result(order: Order[StepfunctionsRedrive], preview: Preview, arn: str, at: datetime) -> ActionResult:
    wanted = order.parameters
    anew = f"{order.target.id} was started again with the input of {wanted.execution}."
    return ActionResult(
        succeeded=True,
        over=False,
        before=preview.before,
        after={"execution": arn.rpartition(":")[2]},
        reference=arn,
        message=f"The execution {wanted.execution} was taken up again." if wanted.how == "redrive" else anew,
        at=at,
    )
