"""Step Functions: which executions failed, in which state, with what error, and whether they can be redriven."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.figures import count
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.infra.inventory import Item, inventory, named
from tools.evidence.infra.state import Described, state_finding
from tools.evidence.names import bare_name
from tools.evidence.partial import gather

STATUSES = ("FAILED", "TIMED_OUT", "ABORTED")
MAX_MACHINES = 60
MAX_EXECUTIONS = 1000
"""Of one state machine and status."""
MAX_EXPLAINED = 6
"""Executions of one state machine whose history is read."""
PAGE = 100
HISTORY_PAGE = 200


@dataclass(frozen=True)
class Failure:
    """Why an execution ended badly. `state` is empty when its history does not tell."""

    state: str = ""
    error: str = ""
    cause: str = ""
    target: str = ""
    """What the state called."""


@dataclass
class Machine:
    """A state machine with the executions that ended badly in the window, the newest first."""

    item: Item
    executions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    failures: dict[str, Failure] = field(default_factory=dict[str, Failure])
    capped: bool = False
    caveat: str = ""


@evidence_tool("Which workflows failed, in which state and why?", hours=24)
def workflow_failures(look: Look, resource: str = "") -> Found:
    """Step Functions executions that failed, timed out or were aborted: the failing state, its error and cause.

    Args:
        resource: name, fragment or ARN of a state machine or execution; empty for all
    """
    listed = inventory(look, "stepfunctions")
    machines = named(listed.results.get("stepfunctions", []), resource)
    if not machines:
        return Found(f"No state machine matches {resource or 'anything'}.{listed.caveat}", no_data=True)
    kept = [item for item in machines if item.raw.get("type") != "EXPRESS"]
    read = gather({item.name: partial(_read, look, item) for item in kept[:MAX_MACHINES]})
    found = [machine for machine in read.results.values() if machine.executions]
    findings = sorted((f for machine in found for f in _findings(look, machine)), key=lambda f: -f.strength)
    caveat = _caveats(machines, kept, found) + read.caveat + listed.caveat
    if not findings:
        span = f"between {clock_time(look.window.start, look.now)} and {clock_time(look.window.end, look.now)}"
        looked = count(len(kept[:MAX_MACHINES]), "state machine")
        return Found(f"No execution of {looked} failed {span}.{caveat}", no_data=True)
    link = console.state_machine(look.aws, found[0].item.handle)
    return Found(" ".join(f.statement for f in findings[:3])[:900] + caveat, findings, link)


def describe(look: Look, item: Item) -> Described:
    link = console.state_machine(look.aws, item.handle)
    if item.raw.get("type") == "EXPRESS":
        facts = {"kind": "EXPRESS", "executions": "kept in its log group only"}
        return Described([state_finding(item, facts)], link)
    machine = _read(look, item)
    facts = {"kind": item.raw.get("type"), "failed_executions": len(machine.executions)}
    return Described([state_finding(item, facts), *_findings(look, machine)], link, _caveats([], [], [machine]))


def _read(look: Look, item: Item) -> Machine:
    machine = Machine(item)
    for status in STATUSES:
        executions = _executions(look, item.handle, status)
        machine.capped = machine.capped or len(executions) >= MAX_EXECUTIONS
        machine.executions += executions
    machine.executions.sort(key=lambda e: e["stopDate"], reverse=True)
    for execution in machine.executions[:MAX_EXPLAINED]:
        try:
            machine.failures[execution["executionArn"]] = _failure(look, execution["executionArn"])
        except ClientError as error:
            machine.caveat = f" Why executions of {item.name} failed could not be read ({error.operation_name})."
            break
    return machine


def _executions(look: Look, arn: str, status: str) -> list[dict[str, Any]]:
    """Those that stopped within the window; the listing comes newest first and knows no range."""
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        reply = look.call(
            "stepfunctions", "list_executions", stateMachineArn=arn, statusFilter=status, maxResults=PAGE, **token
        )
        page = reply["executions"]
        found += [e for e in page if look.window.start <= e["stopDate"] <= look.window.end]
        older = bool(page) and page[-1]["stopDate"] < look.window.start
        if older or not reply.get("nextToken") or len(found) >= MAX_EXECUTIONS:
            return found[:MAX_EXECUTIONS]
        token = {"nextToken": reply["nextToken"]}


def _failure(look: Look, arn: str) -> Failure:
    """The last failure in an execution's history, and the state that it happened in."""
    events = look.call(
        "stepfunctions", "get_execution_history", executionArn=arn, reverseOrder=True, maxResults=HISTORY_PAGE
    )["events"]
    return explain(events)


def explain(events: Sequence[dict[str, Any]]) -> Failure:
    """Why an execution failed, from its events, newest first: the failing event, then back to the state's entry."""
    by_id = {event["id"]: event for event in events}
    end = next((e for e in events if e["type"].startswith("Execution")), None)
    failed = next((e for e in events if _is_failure(e)), end)
    if failed is None:
        return Failure()
    details = _details(failed) or (_details(end) if end else {})
    state, target, event = "", "", failed
    while event and not state:
        entered = event.get("stateEnteredEventDetails")
        state = entered["name"] if entered else ""
        target = target or _target(event)
        event = by_id.get(event.get("previousEventId", 0), {})
    return Failure(state, str(details.get("error", "")), _plain(str(details.get("cause", ""))), target)


def _is_failure(event: dict[str, Any]) -> bool:
    kind = event["type"]
    own = not kind.startswith(("Execution", "MapState", "ParallelState", "MapIteration", "MapRun"))
    return own and (kind.endswith(("Failed", "TimedOut", "Aborted")) or kind == "FailStateEntered")


def _details(event: dict[str, Any]) -> dict[str, Any]:
    """The member of an event that says what happened, whatever its name."""
    return next((value for key, value in event.items() if key.endswith("EventDetails") and "error" in value), {})


def _target(event: dict[str, Any]) -> str:
    """The function, task or job that a state calls, from the event that scheduled it."""
    scheduled = event.get("taskScheduledEventDetails", {})
    parameters = _json(scheduled.get("parameters", ""))
    for key in ("FunctionName", "TaskDefinition", "JobName", "StateMachineArn", "Target"):
        if isinstance(parameters.get(key), str) and parameters[key]:
            return bare_name(parameters[key])
    resource = event.get("lambdaFunctionScheduledEventDetails", {}).get("resource", "")
    return bare_name(resource or event.get("activityScheduledEventDetails", {}).get("resource", ""))


def _plain(cause: str) -> str:
    """A cause in one line; of a function's JSON only the message."""
    parsed = _json(cause)
    text = parsed.get("errorMessage") or parsed.get("StoppedReason") or parsed.get("ErrorMessage") or cause
    return " ".join(str(text).split())


def _json(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _findings(look: Look, machine: Machine) -> list[Finding]:
    """One finding for each state and error; executions that were not explained count with the most frequent."""
    if not machine.executions:
        return []
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for execution in machine.executions[:MAX_EXPLAINED]:
        why = machine.failures.get(execution["executionArn"], Failure())
        groups[execution["status"], why.state, why.error].append(execution)
    ranked = sorted(groups.values(), key=len, reverse=True)
    ranked[0].extend(machine.executions[MAX_EXPLAINED:])
    return [_finding(look, machine, group) for group in ranked]


def _finding(look: Look, machine: Machine, group: Sequence[dict[str, Any]]) -> Finding:
    why = machine.failures.get(group[0]["executionArn"], Failure())
    first = min(execution["stopDate"] for execution in group)
    verb = {"TIMED_OUT": "timed out", "ABORTED": "were aborted"}.get(group[0]["status"], "failed")
    where = f" in state {why.state}" if why.state else ""
    target = f" (which calls {why.target})" if why.target else ""
    said = f" with {why.error}" if why.error else ""
    cause = f": {why.cause[:220]}" if why.cause else ""
    standard = machine.item.raw.get("type", "STANDARD") == "STANDARD"
    aborted = group[0]["status"] == "ABORTED"
    details = {
        "state_machine": machine.item.name,
        "state": why.state,
        "error": why.error,
        "cause": why.cause[:160],
        "target": why.target,
        "count": str(len(group)),
        "status": group[0]["status"],
        "execution": group[0]["executionArn"],
        "redrivable": "yes" if standard else "no",
        "service": "stepfunctions",
    }
    return Finding(
        kind="workflow_failed",
        statement=(
            f"{count(len(group), 'execution')} of {machine.item.name} {verb} since {clock_time(first, look.now)}"
            f"{where}{target}{said}{cause}"
        ),
        strength=round((0.35 if aborted else 0.6) + min(0.05 * len(group), 0.32), 3),
        at=first,
        resource=machine.item.name,
        attributes={key: text for key, text in details.items() if text},
    )


def _caveats(machines: Sequence[Item], kept: Sequence[Item], found: Iterable[Machine]) -> str:
    express = len(machines) - len(kept)
    parts = [f" {count(express, 'express workflow')} keep no executions; see their logs."] if express else []
    if len(kept) > MAX_MACHINES:
        parts.append(f" Only {MAX_MACHINES} of {len(kept)} state machines were read.")
    for machine in found:
        parts.append(machine.caveat)
        if machine.capped:
            parts.append(f" Of {machine.item.name} only the newest {MAX_EXECUTIONS:,} executions were read.")
    return "".join(parts)


TOOLS: tuple[BaseTool, ...] = (workflow_failures,)
