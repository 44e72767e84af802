"""The executions of the scenarios' state machines as they stand by now, also those that calls started or redrove."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from deploy.local.account.reactions.outcomes import machine_succeeds
from deploy.local.account.request import AwsError, Request
from deploy.local.account.schema.workflows import Execution, StateMachine
from deploy.local.account.state import Account, Loaded
from deploy.local.account.text import stable_id

FAILED = ("FAILED", "TIMED_OUT", "ABORTED")


@dataclass(frozen=True)
class Run:
    """One execution. `execution` is how it stands by now; `resumed` is when it was last redriven."""

    loaded: Loaded
    machine: StateMachine
    execution: Execution
    name: str
    started: datetime
    declared: Execution
    """As the scenario has it."""
    resumed: datetime | None = None

    @property
    def stopped(self) -> datetime | None:
        return None if self.execution.status == "RUNNING" else (self.resumed or self.started) + self.execution.lasts

    @property
    def machine_arn(self) -> str:
        scenario = self.loaded.scenario
        return f"arn:aws:states:{scenario.region}:{scenario.account_id}:stateMachine:{self.machine.name}"

    @property
    def arn(self) -> str:
        return f"{self.machine_arn.replace(':stateMachine:', ':execution:')}:{self.name}"


def runs(account: Account, region: str) -> Iterator[Run]:
    for loaded in account.loaded(region):
        for machine in loaded.scenario.resources.state_machines:
            for position, execution in enumerate(machine.executions):
                for number in range(execution.count):
                    name = stable_id("execution", machine.name, str(position), str(number))
                    started = loaded.at(execution.at) - number * execution.every
                    run = Run(loaded, machine, execution, (not number and execution.name) or name, started, execution)
                    yield _by_now(account, run)


def find_run(account: Account, request: Request) -> Run | None:
    """The execution that a request names, if a scenario describes it."""
    arn = request.params["executionArn"]
    run = next((run for run in runs(account, request.region) if run.arn == arn), None)
    if run is not None and run.machine.type == "EXPRESS":
        raise AwsError("InvalidArn", f"Executions of express workflows are not kept: '{arn}'")
    return run


def is_redrivable(run: Run) -> bool:
    return run.execution.status in FAILED and run.machine.type == "STANDARD"


def _by_now(account: Account, run: Run) -> Run:
    redrives = [each for each in run.machine.redriven if each.name == run.name]
    if not redrives and not run.execution.by_call:
        return run
    began = run.loaded.at(max(each.at for each in redrives)) if redrives else run.started
    lasts = run.execution.lasts * account.pace
    changes: dict[str, Any] = {"lasts": lasts, "redrives": run.execution.redrives + len(redrives)}
    if account.now() < began + lasts:
        changes |= {"status": "RUNNING", "failed": None}
    elif _succeeds(run, began + lasts):
        changes |= {"status": "SUCCEEDED", "failed": None}
    else:
        last = run.execution if redrives else latest_declared(run.machine)
        changes |= {"status": "FAILED", "failed": last.failed if last else None}
    execution = run.execution.model_copy(update=changes)
    return replace(run, execution=execution, resumed=began if redrives else None)


def _succeeds(run: Run, at: datetime) -> bool:
    """As the reactions say; else it goes as the latest execution that the scenario describes."""
    said = machine_succeeds(run.loaded, run.machine.name, at)
    if said is not None:
        return said
    last = latest_declared(run.machine)
    return last is None or last.status not in FAILED


def latest_declared(machine: StateMachine) -> Execution | None:
    told = [each for each in machine.executions if not each.by_call and each.status != "RUNNING"]
    return max(told, key=lambda each: each.at, default=None)
