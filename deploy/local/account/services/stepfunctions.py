"""The executions of a scenario's state machines and their history. The rest of Step Functions is moto's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.workflows import Execution, FailedStep, StateMachine
from deploy.local.account.services.forward import from_moto
from deploy.local.account.state import Account, Loaded
from deploy.local.account.text import stable_id

_TASKS: dict[str, tuple[str, str]] = {
    "lambda": ("lambda", "invoke"),
    "ecs": ("ecs", "runTask.sync"),
    "glue": ("glue", "startJobRun.sync"),
    "states": ("states", "startExecution.sync:2"),
}
_ENDS = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
    "ABORTED": "ExecutionAborted",
}
_INVALID_TOKEN = "InvalidToken"  # noqa: S105 - an error code


@dataclass(frozen=True)
class Run:
    loaded: Loaded
    machine: StateMachine
    execution: Execution
    name: str
    started: datetime

    @property
    def stopped(self) -> datetime | None:
        return None if self.execution.status == "RUNNING" else self.started + self.execution.lasts

    @property
    def machine_arn(self) -> str:
        scenario = self.loaded.scenario
        return f"arn:aws:states:{scenario.region}:{scenario.account_id}:stateMachine:{self.machine.name}"

    @property
    def arn(self) -> str:
        return f"{self.machine_arn.replace(':stateMachine:', ':execution:')}:{self.name}"


def list_executions(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    if params.get("mapRunArn"):
        raise NotImplementedError
    arn = params["stateMachineArn"]
    runs = [run for run in _runs(account, request.region) if run.machine_arn == arn]
    if not runs:
        return from_moto(account, request)
    redriven = params.get("redriveFilter")
    chosen = [
        run
        for run in sorted(runs, key=lambda run: run.started, reverse=True)
        if params.get("statusFilter") in (None, run.execution.status)
        and (redriven is None or (redriven == "REDRIVEN") == bool(run.execution.redrives))
    ]
    size = params.get("maxResults") or 100
    shown, token = page(chosen, params, params.get("nextToken"), size, _INVALID_TOKEN)
    return {"executions": [_listed(run) for run in shown], **({"nextToken": token} if token else {})}


def describe_execution(account: Account, request: Request) -> dict[str, Any]:
    run = _find(account, request)
    if run is None:
        return from_moto(account, request)
    failed = run.execution.failed
    redrivable = run.execution.status in ("FAILED", "TIMED_OUT", "ABORTED") and run.machine.type == "STANDARD"
    return {
        **_listed(run),
        "input": json.dumps(dict(run.execution.input)),
        "redriveStatus": "REDRIVABLE" if redrivable else "NOT_REDRIVABLE",
        **({"error": failed.error, "cause": failed.cause} if failed else {}),
    }


def get_execution_history(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    run = _find(account, request)
    if run is None:
        return from_moto(account, request)
    events = list(_history(run))
    if params.get("reverseOrder"):
        events.reverse()
    shown, token = page(events, params, params.get("nextToken"), params.get("maxResults") or 100, _INVALID_TOKEN)
    return {"events": shown, **({"nextToken": token} if token else {})}


def _runs(account: Account, region: str) -> Iterator[Run]:
    for loaded in account.loaded(region):
        for machine in loaded.scenario.resources.state_machines:
            for position, execution in enumerate(machine.executions):
                for number in range(execution.count):
                    name = stable_id("execution", machine.name, str(position), str(number))
                    started = loaded.at(execution.at) - number * execution.every
                    yield Run(loaded, machine, execution, (not number and execution.name) or name, started)


def _find(account: Account, request: Request) -> Run | None:
    arn = request.params["executionArn"]
    run = next((run for run in _runs(account, request.region) if run.arn == arn), None)
    if run is not None and run.machine.type == "EXPRESS":
        raise AwsError("InvalidArn", f"Executions of express workflows are not kept: '{arn}'")
    return run


def _listed(run: Run) -> dict[str, Any]:
    return {
        "executionArn": run.arn,
        "stateMachineArn": run.machine_arn,
        "name": run.name,
        "status": run.execution.status,
        "startDate": run.started,
        "redriveCount": run.execution.redrives,
        **({"stopDate": run.stopped} if run.stopped else {}),
    }


def _history(run: Run) -> Iterator[dict[str, Any]]:
    """Every event with its number, each following the one before it."""
    for number, (at, kind, details) in enumerate(_events(run), 1):
        yield {"timestamp": at, "type": kind, "id": number, "previousEventId": number - 1, **details}


def _events(run: Run) -> Iterator[tuple[datetime, str, dict[str, Any]]]:
    given, at = json.dumps(dict(run.execution.input)), run.started
    yield at, "ExecutionStarted", {"executionStartedEventDetails": {"input": given}}
    for state in run.execution.states:
        at += timedelta(milliseconds=40)
        yield at, "PassStateEntered", {"stateEnteredEventDetails": {"name": state, "input": given}}
        yield at, "PassStateExited", {"stateExitedEventDetails": {"name": state, "output": given}}
    end, failed = run.stopped, run.execution.failed
    if failed:
        yield from _failing(failed, at, end or at, given)
    if end:
        kind = _ENDS[run.execution.status]
        details = {"error": failed.error, "cause": failed.cause} if failed else {}
        if run.execution.status == "SUCCEEDED":
            details = {"output": given}
        yield end, kind, {f"{kind[0].lower()}{kind[1:]}EventDetails": details}


def _failing(
    step: FailedStep, at: datetime, end: datetime, given: str
) -> Iterator[tuple[datetime, str, dict[str, Any]]]:
    """The task that failed as its integration reports it, or a Fail state."""
    if step.resource == "none":
        yield end, "FailStateEntered", {"stateEnteredEventDetails": {"name": step.state, "input": given}}
        return
    yield at, "TaskStateEntered", {"stateEnteredEventDetails": {"name": step.state, "input": given}}
    details = {"error": step.error, "cause": step.cause}
    if step.resource == "activity":
        yield (
            at,
            "ActivityScheduled",
            {"activityScheduledEventDetails": {"resource": step.target or "", "input": given}},
        )
        yield end, "ActivityFailed", {"activityFailedEventDetails": details}
        return
    if step.resource not in _TASKS:
        raise NotImplementedError
    kind, action = _TASKS[step.resource]
    called = {"resourceType": kind, "resource": action}
    parameters = json.dumps({"FunctionName" if kind == "lambda" else "Target": step.target or ""})
    yield at, "TaskScheduled", {"taskScheduledEventDetails": {**called, "region": "", "parameters": parameters}}
    yield at, "TaskStarted", {"taskStartedEventDetails": called}
    if step.error == "States.Timeout":
        yield end, "TaskTimedOut", {"taskTimedOutEventDetails": {**called, **details}}
    else:
        yield end, "TaskFailed", {"taskFailedEventDetails": {**called, **details}}


OPERATIONS: dict[str, Operation] = {
    "DescribeExecution": describe_execution,
    "GetExecutionHistory": get_execution_history,
    "ListExecutions": list_executions,
}
