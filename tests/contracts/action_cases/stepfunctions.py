"""Failed executions of a state machine."""

from __future__ import annotations

from typing import Any

from tests.contracts.action_cases.case import ACCOUNT, REGION, SECRET, ActionCase, Client, target

NAME = "fulfilment"
FAILED = {"state": "Charge", "error": "PaymentFailed", "cause": "no answer"}
MACHINE = {
    "name": NAME,
    "executions": [{"at": "-20m", "status": "FAILED", "name": "order-1", "failed": FAILED, "input": {"card": SECRET}}],
    "tags": {"env": "prod"},
}
PARTS = {"resources": {"state_machines": [MACHINE]}}
TARGET = target("stepfunctions", "state-machine", NAME)


def _executions(client: Client) -> Any:
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{NAME}"
    found = client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]
    return sorted((each["name"], each.get("redriveCount", 0)) for each in found)


CASES = (
    ActionCase(
        id="stepfunctions_redrive",
        kind="stepfunctions_redrive",
        target=TARGET,
        parameters={"execution": "order-1"},
        state=_executions,
        denied="states:DescribeExecution",
        parts=PARTS,
        wrong=({}, {"execution": "order/1"}, {"execution": "order-1", "how": "twice"}),
    ),
    ActionCase(
        id="stepfunctions_redrive from the beginning",
        kind="stepfunctions_redrive",
        target=TARGET,
        parameters={"execution": "order-1", "how": "restart"},
        state=_executions,
        denied="states:DescribeStateMachine",
        parts=PARTS,
    ),
)
