"""Step Functions state machines as a scenario describes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from deploy.local.account.schema.base import Entry, Json, Length, Offset


class FailedStep(Entry):
    """Where and why an execution ended badly."""

    state: str
    resource: str = "lambda"
    """The service integration of the state: lambda, ecs, glue, states; `activity`; or none for a Fail state."""
    target: str | None = None
    """What the state calls: the name or ARN of a function."""
    error: str = "States.TaskFailed"
    cause: str = ""


class Execution(Entry):
    """One execution; with count, several, `every` apart, back from `at`, which is the start of the last one."""

    at: Offset
    status: Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"] = "SUCCEEDED"
    lasts: Length = timedelta(minutes=2)
    failed: FailedStep | None = None
    states: tuple[str, ...] = ("Start",)
    """The states that were passed before the failing one."""
    input: Mapping[str, Json] = {}
    name: str | None = None
    count: int = 1
    every: Length = timedelta(minutes=10)
    redrives: int = 0
    by_call: bool = False
    """Whether a call started it; how it ends shows when it has lasted as long as it lasts."""


class Redriven(Entry):
    """An execution that was taken up again where it had failed; written by calls."""

    name: str
    at: Offset
    token: str = ""
    """The client token of the call: a second call with the same one is the same."""


class StateMachine(Entry):
    name: str
    type: Literal["STANDARD", "EXPRESS"] = "STANDARD"
    definition: Mapping[str, Json] = {"StartAt": "Start", "States": {"Start": {"Type": "Pass", "End": True}}}
    executions: tuple[Execution, ...] = ()
    redriven: tuple[Redriven, ...] = ()
    created: Offset = timedelta(days=-200)
    tags: Mapping[str, str] = {}
