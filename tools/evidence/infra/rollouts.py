"""What was rolled out: Lambda versions, ECS deployments, CodeDeploy, stack updates and API stages, as changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from langchain_core.tools import BaseTool

from agent.changes import Change
from agent.figures import count
from agent.models import Finding, TimeRange
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.infra import apis, codedeploy, containers, functions, stacks
from tools.evidence.infra.differences import changed_by
from tools.evidence.infra.inventory import Item, inventory, named
from tools.evidence.infra.state import has_failed, recent_strength
from tools.evidence.infra.trail import Trail
from tools.evidence.names import matches, service_key
from tools.evidence.partial import gather

MAX_FUNCTIONS = 12
MAX_SERVICES = 50
MAX_APIS = 20
MAX_STACKS = 8


Outcomes = tuple[list[Finding], str]
"""What came of deployments, and what ends a summary when not all were read."""


@dataclass(frozen=True)
class Wanted:
    """What rollouts are asked for: of a resource (all when empty), of a service (all when empty), since when."""

    name: str
    service: str
    start: datetime
    end: datetime

    def is_of(self, service: str) -> bool:
        """Whether rollouts by a service count: those of the one asked for, and those that deploy others."""
        return self.service in ("", service) or service in ("codedeploy", "cloudformation")


def readers(look: Look, wanted: Wanted) -> dict[str, Callable[[], Trail]]:
    """Reads of everything that was rolled out in the range, each under its label."""
    return {label: partial(read, look, wanted) for key, (label, read) in READERS.items() if wanted.is_of(key)}


@evidence_tool("What was deployed[ to {resource}], and did it fail?", hours=24)
def deployments(look: Look, resource: str = "", service: str = "") -> Found:
    """Deployments and their outcome: CodeDeploy (errors, rollbacks), ECS, Lambda versions, stacks, API stages.

    Args:
        resource: name, fragment or ARN of what is deployed, or of a CodeDeploy application or group; empty for all
        service: only this one: codedeploy, ecs, lambda, cloudformation or apigateway
    """
    wanted = Wanted(resource, service_key(service), look.window.start, look.window.end)
    reads: dict[str, Callable[[], Outcomes]] = {
        label: partial(_outcomes, look, wanted, read) for key, (label, read) in READERS.items() if wanted.is_of(key)
    }
    if wanted.is_of("codedeploy"):
        reads[READERS["codedeploy"][0]] = partial(_code_outcomes, look, wanted)
    read = gather(reads)
    findings = [finding for outcomes, _ in read.results.values() for finding in outcomes]
    findings.sort(key=lambda f: (-f.strength, -(f.at.timestamp() if f.at else 0)))
    caveat = read.caveat + "".join(cut for _, cut in read.results.values())
    if not findings:
        about = f" on {resource}" if resource else ""
        return Found(f"Nothing was deployed{about} in the range.{caveat}", no_data=True)
    bad = sum(f.kind == "deployment_failed" for f in findings)
    first = f"{count(len(findings), 'deployment')}, {bad} of them failed or rolled back. "
    link = console.codedeploy(look.aws, findings[0].attributes.get("deployment", ""))
    return Found((first + " ".join(f.statement for f in findings[:3]))[:900] + caveat, findings, link)


def _outcomes(look: Look, wanted: Wanted, read: Callable[[Look, Wanted], Trail]) -> Outcomes:
    trail = read(look, wanted)
    changes = [change for change in trail.changes if wanted.start <= change.at <= wanted.end]
    if wanted.name:
        changes = [c for c in changes if any(matches(name, wanted.name) for name in c.resources)]
    return [_rolled_out(look, change) for change in changes], trail.caveat


def _code_outcomes(look: Look, wanted: Wanted) -> Outcomes:
    infos, cut = codedeploy.deployments(look, wanted.name, wanted.start, wanted.end)
    return [codedeploy.finding_of(look, info) for info in infos], cut


def _cut(known: int, most: int, noun: str) -> str:
    """Ends a summary: that not all of something were looked into, or nothing."""
    return f" Only {most} of {known:,} {noun} were looked into." if known > most else ""


def _lambda_versions(look: Look, wanted: Wanted) -> Trail:
    items = inventory(look, "lambda").results.get("lambda", [])
    chosen = [item for item in items if wanted.name and matches(item.name, wanted.name)]
    if not wanted.name:
        chosen = [item for item in items if (at := functions.modified(item.raw)) and at >= wanted.start]
    found = [change for item in chosen[:MAX_FUNCTIONS] for change in functions.versions(look, item.name)]
    cut = _cut(len(chosen), MAX_FUNCTIONS, "functions that changed")
    return Trail([change for change in found if change.at >= wanted.start], cut)


def _ecs_deployments(look: Look, wanted: Wanted) -> Trail:
    items = [i for i in inventory(look, "ecs").results.get("ecs", []) if i.type == "service"]
    chosen = [item for item in items if not wanted.name or matches(item.name, wanted.name)]
    by_cluster: dict[str, list[Item]] = {}
    for item in chosen[:MAX_SERVICES]:
        by_cluster.setdefault(item.parent, []).append(item)
    found: list[Change] = []
    for cluster, members in by_cluster.items():
        for batch in (members[i : i + 10] for i in range(0, len(members), 10)):
            reply = look.call("ecs", "describe_services", cluster=cluster, services=[m.name for m in batch])
            found += [change for described in reply["services"] for change in containers.deployments(described)]
    cut = _cut(len(chosen), MAX_SERVICES, "ECS services")
    return Trail([change for change in found if change.at >= wanted.start], cut)


def _api_deployments(look: Look, wanted: Wanted) -> Trail:
    items = named(inventory(look, "apigateway").results.get("apigateway", []), wanted.name)
    found = [change for item in items[:MAX_APIS] for change in apis.deployments(look, item)]
    return Trail([change for change in found if change.at >= wanted.start], _cut(len(items), MAX_APIS, "APIs"))


def _stack_updates(look: Look, wanted: Wanted) -> Trail:
    """Operations on stacks in the range, each with the resources that it touched."""
    items = inventory(look, "cloudformation").results.get("cloudformation", [])
    moments = [(item.raw.get("LastUpdatedTime") or item.raw["CreationTime"], item) for item in items]
    moved = sorted(((at, item) for at, item in moments if at >= wanted.start), key=lambda pair: pair[0], reverse=True)
    span = TimeRange(start=wanted.start, end=max(wanted.end, wanted.start + timedelta(seconds=1)))
    found = [
        _stack_change(item, operation)
        for _, item in moved[:MAX_STACKS]
        for operation in stacks.operations(look, item.handle, span)
    ]
    return Trail(found, _cut(len(moved), MAX_STACKS, "stacks that changed"))


def _stack_change(item: Item, operation: stacks.Operation) -> Change:
    return Change(
        at=operation.began["Timestamp"],
        event=f"{operation.kind.capitalize()}Stack",
        service="cloudformation",
        principal="",
        resources=(item.name, *stacks.touched(operation)[:12]),
        detail=operation.status,
        deployment=True,
        version=f"Stack {item.name}",
    )


def _code_deploy(look: Look, wanted: Wanted) -> Trail:
    infos, cut = codedeploy.deployments(look, wanted.name, wanted.start, wanted.end)
    return Trail([codedeploy.change_of(info) for info in infos], cut)


def _rolled_out(look: Look, change: Change) -> Finding:
    failed = has_failed(change)
    changed = changed_by(look, change) if change.service in ("ecs", "lambda") else ""
    what = "; ".join(part for part in (change.detail, f"changed {changed}" if changed else "") if part)
    version = change.version if not change.version.isdigit() else f"Version {change.version}"
    name = change.resources[0] if change.resources else change.service
    details = {
        "service": change.service,
        "application": name,
        "version": change.version,
        "previous": change.previous,
        "cluster": change.cluster,
        "error": change.detail[:160] if failed else "",
    }
    strength = 0.75 if failed else recent_strength(change.at, look.now)
    tail = f" ({what})" if what else ""
    return Finding(
        kind="deployment_failed" if failed else "deployment",
        statement=f"{version} was rolled out to {name} at {clock_time(change.at, look.now)}{tail}.",
        strength=strength,
        at=change.at,
        resource=name,
        attributes={key: text for key, text in details.items() if text},
    )


READERS: dict[str, tuple[str, Callable[[Look, Wanted], Trail]]] = {
    "lambda": ("Lambda versions", _lambda_versions),
    "ecs": ("ECS deployments", _ecs_deployments),
    "codedeploy": ("CodeDeploy deployments", _code_deploy),
    "cloudformation": ("stack updates", _stack_updates),
    "apigateway": ("API deployments", _api_deployments),
}
"""Who rolls things out: a label for what could not be read, and its reader."""


TOOLS: tuple[BaseTool, ...] = (deployments,)
