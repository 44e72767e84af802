"""The executions of a scenario's state machines and their history. The rest of Step Functions is moto's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import Operation, Request
from deploy.local.account.schema.workflows import Execution, FailedStep
from deploy.local.account.services import stepfunctions_changes
from deploy.local.account.services.forward import from_moto
from deploy.local.account.services.stepfunctions_runs import Run, find_run, is_redrivable, runs
from deploy.local.account.state import Account

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


def list_executions(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    if params.get("mapRunArn"):
        raise NotImplementedError
    arn = params["stateMachineArn"]
    known = [run for run in runs(account, request.region) if run.machine_arn == arn]
    if not known:
        return from_moto(account, request)
    redriven = params.get("redriveFilter")
    chosen = [
        run
        for run in sorted(known, key=lambda run: run.started, reverse=True)
        if params.get("statusFilter") in (None, run.execution.status)
        and (redriven is None or (redriven == "REDRIVEN") == bool(run.execution.redrives))
    ]
    size = params.get("maxResults") or 100
    shown, token = page(chosen, params, params.get("nextToken"), size, _INVALID_TOKEN)
    return {"executions": [_listed(run) for run in shown], **({"nextToken": token} if token else {})}


def describe_execution(account: Account, request: Request) -> dict[str, Any]:
    run = find_run(account, request)
    if run is None:
        return from_moto(account, request)
    failed = run.execution.failed
    return {
        **_listed(run),
        "input": json.dumps(dict(run.execution.input)),
        "redriveStatus": "REDRIVABLE" if is_redrivable(run) else "NOT_REDRIVABLE",
        **({"error": failed.error, "cause": failed.cause} if failed else {}),
    }


def get_execution_history(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    run = find_run(account, request)
    if run is None:
        return from_moto(account, request)
    events = list(_history(run))
    if params.get("reverseOrder"):
        events.reverse()
    shown, token = page(events, params, params.get("nextToken"), params.get("maxResults") or 100, _INVALID_TOKEN)
    return {"events": shown, **({"nextToken": token} if token else {})}


def _listed(run: Run) -> dict[str, Any]:
    return {
        "executionArn": run.arn,
        "stateMachineArn": run.machine_arn,
        "name": run.name,
        "status": run.execution.status,
        "startDate": run.started,
        "redriveCount": run.execution.redrives,
        **({"redriveDate": run.resumed} if run.resumed else {}),
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
    if run.resumed is not None:
        yield from _ending(run.declared, at, run.started + run.declared.lasts, given)
        details = {"redriveCount": run.execution.redrives}
        yield run.resumed, "ExecutionRedriven", {"executionRedrivenEventDetails": details}
    if run.stopped is not None:
        yield from _ending(run.execution, run.resumed or at, run.stopped, given)


def _ending(
    execution: Execution, at: datetime, end: datetime, given: str
) -> Iterator[tuple[datetime, str, dict[str, Any]]]:
    failed = execution.failed
    if failed:
        yield from _failing(failed, at, end, given)
    kind = _ENDS[execution.status]
    details: dict[str, Any] = {"error": failed.error, "cause": failed.cause} if failed else {}
    if execution.status == "SUCCEEDED":
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
    **stepfunctions_changes.OPERATIONS,
}
