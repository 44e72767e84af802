"""Automation documents, and how far their executions have come. Executions are kept in the account's memory."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.local.account.request import AwsError
from deploy.local.account.schema.ssm import AutomationDocument, DocumentParameter, DocumentStep

RESTART = AutomationDocument(
    name="AWS-RestartEC2Instance",
    owner="Amazon",
    description="Restart EC2 instances",
    parameters=(
        DocumentParameter(name="InstanceId", type="StringList", pattern=r"i-[0-9a-f]{8,17}"),
        DocumentParameter(name="AutomationAssumeRole", required=False),
    ),
    steps=(
        DocumentStep(name="stopInstances", action="aws:changeInstanceState", seconds=20),
        DocumentStep(name="startInstances", action="aws:changeInstanceState", seconds=25),
    ),
)
OF_AMAZON = (RESTART,)
"""Documents that every account has."""


@dataclass
class Automation:
    """One execution of a document. `pace` is how long its steps take, compared with what the document says."""

    id: str
    document: AutomationDocument
    parameters: Mapping[str, list[str]]
    region: str
    started: datetime
    started_by: str
    client_token: str
    pace: float
    stopped: datetime | None = None

    def ends_of_steps(self) -> list[tuple[DocumentStep, datetime, datetime]]:
        """(step, its start, its end) of the steps up to the first that fails."""
        at, found = self.started, list[tuple[DocumentStep, datetime, datetime]]()
        for step in self.document.steps:
            end = at + timedelta(seconds=step.seconds * self.pace)
            found.append((step, at, end))
            if step.fails:
                break
            at = end
        return found

    def status(self, now: datetime) -> str:
        last, _, end = self.ends_of_steps()[-1]
        if self.stopped is not None and self.stopped < end:
            return "Cancelled"
        if now < end:
            return "InProgress"
        return "Failed" if last.fails else "Success"

    def ended(self, now: datetime) -> datetime | None:
        if self.status(now) == "InProgress":
            return None
        return min(self.stopped or now, self.ends_of_steps()[-1][2])


class Automations:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Automation] = []

    def start(self, wanted: Automation) -> Automation:
        """Remember it; the same client token gets the execution that it already started."""
        with self._lock:
            for known in self._all:
                if wanted.client_token and known.client_token == wanted.client_token:
                    if (known.document.name, known.parameters) != (wanted.document.name, wanted.parameters):
                        message = "The client token was already used with other parameters."
                        raise AwsError("IdempotentParameterMismatch", message)
                    return known
            self._all.append(wanted)
            return wanted

    def newest_first(self, region: str) -> list[Automation]:
        with self._lock:
            return [each for each in reversed(self._all) if each.region == region]


def checked(document: AutomationDocument, given: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The parameters with defaults filled in. Raises InvalidAutomationExecutionParametersException."""
    known = {each.name: each for each in document.parameters}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise _wrong(f"Parameters are not defined in the document: {', '.join(unknown)}")
    values: dict[str, list[str]] = {}
    for name, parameter in known.items():
        value = list(given.get(name) or parameter.default)
        if parameter.required and not value:
            raise _wrong(f"Missing required parameter: {name}")
        if parameter.type != "StringList" and len(value) > 1:
            raise _wrong(f"Parameter {name} takes one value")
        for each in value:
            _check(parameter, each)
        if value:
            values[name] = value
    return values


def _check(parameter: DocumentParameter, value: str) -> None:
    fits = not parameter.allowed or value in parameter.allowed
    fits = fits and (parameter.pattern is None or re.fullmatch(parameter.pattern, value) is not None)
    fits = fits and (parameter.type != "Boolean" or value in ("true", "false"))
    fits = fits and (parameter.type != "Integer" or re.fullmatch(r"-?\d+", value) is not None)
    if not fits:
        raise _wrong(f"Parameter {parameter.name} has a value that the document does not allow: {value}")


def _wrong(message: str) -> AwsError:
    return AwsError("InvalidAutomationExecutionParametersException", message)
