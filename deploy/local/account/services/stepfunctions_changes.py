"""Starting executions of a scenario's state machines, and redriving those that failed."""

from __future__ import annotations

import json
import uuid
from functools import partial
from typing import Any

from deploy.local.account.amending import with_resource
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.workflows import Execution, Redriven, StateMachine
from deploy.local.account.services.forward import from_moto
from deploy.local.account.services.stepfunctions_runs import find_run, is_redrivable, latest_declared, runs
from deploy.local.account.state import Account, Loaded


def redrive_execution(account: Account, request: Request) -> dict[str, Any]:
    """Take up a failed execution where it failed; once for a client token."""
    arn = request.params["executionArn"]
    run = find_run(account, request)
    if run is None:
        raise AwsError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    token = request.params.get("clientToken", "")
    for each in run.machine.redriven:
        if token and (each.name, each.token) == (run.name, token):
            return {"redriveDate": run.loaded.at(each.at)}
    if not is_redrivable(run):
        status = run.execution.status
        message = f"Execution is {status} and cannot be redriven. '{arn}'"
        raise AwsError("ExecutionNotRedrivable", message)
    now = account.now()
    redriven = Redriven(name=run.name, at=now - run.loaded.now, token=token)
    _amend(account, run.loaded, run.machine, redriven=(*run.machine.redriven, redriven))
    return {"redriveDate": now}


def start_execution(account: Account, request: Request) -> dict[str, Any]:
    """A name is taken for 90 days, unless the same execution with the same input still runs."""
    params = request.params
    found = _machine(account, request.region, params["stateMachineArn"])
    if found is None:
        return from_moto(account, request)
    loaded, machine = found
    given = _input(params.get("input", "{}"))
    name = params.get("name") or str(uuid.uuid4())
    arn = params["stateMachineArn"].replace(":stateMachine:", ":execution:") + f":{name}"
    for run in runs(account, request.region):
        if run.arn == arn:
            if run.execution.status == "RUNNING" and dict(run.execution.input) == given:
                return {"executionArn": arn, "startDate": run.started}
            raise AwsError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
    last = latest_declared(machine)
    started = Execution(at=account.now() - loaded.now, name=name, input=given, by_call=True)
    if last is not None:
        started = started.model_copy(update={"lasts": last.lasts, "states": last.states})
    _amend(account, loaded, machine, executions=(*machine.executions, started))
    return {"executionArn": arn, "startDate": account.now()}


def _input(text: str) -> dict[str, Any]:
    try:
        given: Any = json.loads(text)
    except ValueError:
        raise AwsError("InvalidExecutionInput", "Invalid State Machine Execution Input: it is not JSON") from None
    return given if isinstance(given, dict) else {"input": given}


def _machine(account: Account, region: str, arn: str) -> tuple[Loaded, StateMachine] | None:
    for loaded in account.loaded(region):
        for machine in loaded.scenario.resources.state_machines:
            if arn.endswith(f":stateMachine:{machine.name}"):
                return loaded, machine
    return None


def _amend(account: Account, loaded: Loaded, machine: StateMachine, **changes: Any) -> None:
    account.amend(loaded.scenario.name, partial(with_resource, kind="state_machines", name=machine.name, **changes))


OPERATIONS: dict[str, Operation] = {"RedriveExecution": redrive_execution, "StartExecution": start_execution}
