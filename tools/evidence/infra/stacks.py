"""CloudFormation stacks: the resource that failed first and why, rollbacks, drift."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from langchain_core.tools import BaseTool

from agent.figures import count
from agent.models import Finding, TimeRange
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.infra.inventory import Item, inventory, named
from tools.evidence.infra.state import Described, recent_strength, state_finding
from tools.evidence.names import bare_name
from tools.evidence.partial import gather

MAX_STACKS = 20
MAX_EVENTS = 2000
MAX_DEPTH = 3
"""Of nested stacks that are followed down to the resource that failed."""
STACK = "AWS::CloudFormation::Stack"
CONSEQUENCES = ("cancelled", "following resource(s) failed", "rollback requested")
"""Reasons of events that follow from another resource's failure."""


@dataclass(frozen=True)
class Operation:
    """One create, update or delete of a stack: its events, the newest first, and the event that began the trouble."""

    events: list[dict[str, Any]]
    culprit: dict[str, Any] | None

    @property
    def began(self) -> dict[str, Any]:
        return self.events[-1]

    @property
    def status(self) -> str:
        return next((e["ResourceStatus"] for e in self.events if _is_own(e)), self.events[0]["ResourceStatus"])

    @property
    def kind(self) -> str:
        """`create`, `update` or `delete`."""
        return self.began["ResourceStatus"].split("_", 1)[0].lower()


@evidence_tool("What happened to the stacks[ of {resource}]?", hours=24)
def stack_events(look: Look, resource: str = "") -> Found:
    """CloudFormation: which stack operations failed or rolled back, the first resource that failed and why, drift.

    Args:
        resource: name, fragment or ARN of a stack; empty for all that changed or are in a failed state
    """
    listed = inventory(look, "cloudformation")
    items = listed.results.get("cloudformation", [])
    chosen = named(items, resource) if resource else [item for item in items if _is_worth_a_look(look, item)]
    if not chosen:
        none = (
            f"No stack matches {resource}." if resource else f"None of {count(len(items), 'stack')} changed or failed."
        )
        return Found(none + listed.caveat, no_data=True)
    chosen.sort(key=lambda item: _changed(item.raw), reverse=True)
    read = gather({item.name: partial(describe, look, item) for item in chosen[:MAX_STACKS]})
    findings = [finding for described in read.results.values() for finding in described.findings]
    telling = sorted((f for f in findings if f.kind != "resource_state"), key=lambda f: -f.strength)
    words = " ".join(f.statement for f in telling[:3]) or " ".join(f.statement for f in findings[:3])
    cut = f" Only {MAX_STACKS} of {len(chosen)} stacks were read." if len(chosen) > MAX_STACKS else ""
    caveats = "".join(dict.fromkeys(described.caveat for described in read.results.values()))
    link = next(iter(read.results.values())).console_url
    return Found(words[:900] + cut + caveats + read.caveat + listed.caveat, telling or findings, link)


def describe(look: Look, item: Item) -> Described:
    stack = item.raw
    reads: dict[str, Callable[[], Any]] = {"stack events": lambda: operations(look, item.handle, look.window)}
    drifted = stack.get("DriftInformation", {}).get("StackDriftStatus") == "DRIFTED"
    if drifted:
        reads["drift"] = lambda: _drifts(look, item.handle)
    read = gather(reads)
    facts = {
        "status": stack["StackStatus"],
        "status_reason": stack.get("StackStatusReason"),
        "created": stack.get("CreationTime"),
        "updated": stack.get("LastUpdatedTime"),
        "drift": stack.get("DriftInformation", {}).get("StackDriftStatus"),
        "drifted_resources": read.results.get("drift", []),
        "rollback_disabled": stack.get("DisableRollback") or "",
    }
    findings = [state_finding(item, facts, stack.get("LastUpdatedTime"))]
    findings += [_operation(look, item, operation) for operation in read.results.get("stack events", [])[:3]]
    events = sum(len(operation.events) for operation in read.results.get("stack events", []))
    cut = f" Only the newest {MAX_EVENTS:,} events of {item.name} were read." if events >= MAX_EVENTS else ""
    return Described(findings, console.stack(look.aws, item.handle), read.caveat + cut)


def operations(look: Look, stack: str, span: TimeRange, depth: int = 0) -> list[Operation]:
    """What was done to a stack in a range, the newest first."""
    groups: list[list[dict[str, Any]]] = [[]]
    for event in _events(look, stack, span):
        groups[-1].append(event)
        if _is_own(event) and event["ResourceStatus"] in (
            "CREATE_IN_PROGRESS",
            "UPDATE_IN_PROGRESS",
            "DELETE_IN_PROGRESS",
            "REVIEW_IN_PROGRESS",
        ):
            groups.append([])
    return [Operation(group, _culprit(look, group, span, depth)) for group in groups if group]


def touched(operation: Operation) -> tuple[str, ...]:
    """The physical names of the resources that an operation changed."""
    names = [
        bare_name(e["PhysicalResourceId"])
        for e in operation.events
        if e.get("PhysicalResourceId") and not _is_own(e) and e["ResourceStatus"].endswith(("_COMPLETE", "_FAILED"))
    ]
    return tuple(dict.fromkeys(names))


def _events(look: Look, stack: str, span: TimeRange) -> list[dict[str, Any]]:
    """The events of a range, the newest first; CloudFormation keeps 90 days and knows no range."""
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        reply = look.call("cloudformation", "describe_stack_events", StackName=stack, **token)
        page = reply["StackEvents"]
        found += [e for e in page if span.start <= e["Timestamp"] <= span.end]
        older = bool(page) and page[-1]["Timestamp"] < span.start
        if older or not reply.get("NextToken") or len(found) >= MAX_EVENTS:
            return found[:MAX_EVENTS]
        token = {"NextToken": reply["NextToken"]}


def _is_own(event: dict[str, Any]) -> bool:
    """About the stack itself."""
    return event["ResourceType"] == STACK and event.get("PhysicalResourceId") == event["StackId"]


def _culprit(look: Look, events: Sequence[dict[str, Any]], span: TimeRange, depth: int) -> dict[str, Any] | None:
    """The first resource that failed for a reason of its own; in a nested stack, the one that failed there."""
    failed = [e for e in reversed(events) if e["ResourceStatus"].endswith("_FAILED")]
    own = [e for e in failed if not any(c in e.get("ResourceStatusReason", "").lower() for c in CONSEQUENCES)]
    first = next((e for e in own if not _is_own(e)), next(iter(own), None))
    if first is None or first["ResourceType"] != STACK or _is_own(first) or depth >= MAX_DEPTH:
        return first
    inner = first.get("PhysicalResourceId", "")
    nested = operations(look, inner, span, depth + 1) if inner else []
    return next((operation.culprit for operation in nested if operation.culprit), first)


def _operation(look: Look, item: Item, operation: Operation) -> Finding:
    began, culprit = operation.began["Timestamp"], operation.culprit
    status, when = operation.status, clock_time(began, look.now)
    failed = culprit is not None or "ROLLBACK" in status or status.endswith("FAILED")
    if not failed:
        details = {"service": "cloudformation", "version": "", "status": status}
        changed = ", ".join(touched(operation)[:4])
        statement = (
            f"Stack {item.name}: {operation.kind} from {when} is {status}{f', of {changed}' if changed else ''}."
        )
        strength = recent_strength(began, look.now)
        return _finding("deployment", statement, strength, operation, item, details)
    why = " ".join(culprit.get("ResourceStatusReason", "").split()) if culprit else "no reason given"
    name = f"{culprit['LogicalResourceId']} ({culprit['ResourceType']})" if culprit else "unknown"
    nested = f" in nested stack {culprit['StackName']}" if culprit and culprit["StackName"] != item.name else ""
    statement = (
        f"Stack {item.name}: {operation.kind} from {when} ended {status}; {name}{nested} failed first: {why[:260]}"
    )
    details = {
        "stack": item.name,
        "failed_resource": culprit["LogicalResourceId"] if culprit else "",
        "physical_id": bare_name(culprit.get("PhysicalResourceId", "")) if culprit else "",
        "type": culprit["ResourceType"] if culprit else "",
        "status": status,
        "reason": why[:200],
        "service": "cloudformation",
    }
    strength = 0.9 if recent_strength(began, look.now, 0.9) >= 0.5 else 0.5
    return _finding("stack_failed", statement, strength, operation, item, details)


def _finding(
    kind: str, statement: str, strength: float, operation: Operation, item: Item, details: dict[str, str]
) -> Finding:
    own = {key: text for key, text in details.items() if text}
    at = operation.began["Timestamp"]
    return Finding(kind=kind, statement=statement, strength=strength, at=at, resource=item.name, attributes=own)


def _is_worth_a_look(look: Look, item: Item) -> bool:
    status = item.raw["StackStatus"]
    return "FAILED" in status or "ROLLBACK" in status or _changed(item.raw) >= look.window.start


def _changed(stack: dict[str, Any]) -> Any:
    return stack.get("LastUpdatedTime") or stack["CreationTime"]


def _drifts(look: Look, stack: str) -> list[str]:
    """The resources that are no longer as the template says."""
    reply = look.call(
        "cloudformation",
        "describe_stack_resource_drifts",
        StackName=stack,
        StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
        MaxResults=50,
    )
    drifts = reply["StackResourceDrifts"]
    shown = [f"{d['LogicalResourceId']} ({d['StackResourceDriftStatus'].lower()})" for d in drifts[:6]]
    return [*shown, f"{len(drifts) - 6} more"] if len(drifts) > 6 else shown


TOOLS: tuple[BaseTool, ...] = (stack_events,)
