"""ECS services: deployments, memory limits, why tasks stopped, what the service itself reported."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agent.changes import Change
from agent.figures import count
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Look
from tools.evidence.infra.differences import changed_by
from tools.evidence.infra.inventory import Item
from tools.evidence.infra.state import Described, has_failed, recent_strength, state_finding
from tools.evidence.names import bare_name
from tools.evidence.partial import gather

MAX_STOPPED = 100
KILLED = 137
_OUT_OF_MEMORY = re.compile(r"OutOfMemory|out of memory|memory usage", re.IGNORECASE)
_TROUBLE = re.compile(
    r"unable|fail|unhealthy|error|insufficient|was not|stopped|deregister|rolling back", re.IGNORECASE
)
_QUEUE = re.compile(r"(?:https://sqs\.[^/]+/\d+/|arn:[^:]+:sqs:[^:]*:\d*:)([\w.-]+)$")
_TASK_ID = re.compile(r"\(?(task|taskSet|targets?|instance)s? [\w-]*\d[\w-]*\)?")


def describe(look: Look, item: Item) -> Described:
    reply = look.call("ecs", "describe_services", cluster=item.parent, services=[item.name])
    service = next(iter(reply.get("services", [])), None)
    if service is None:
        raise ValueError(f"ECS knows no service {item.name} in cluster {item.parent}.")
    read = gather(
        {
            "task definition": lambda: _definition(look, service["taskDefinition"]),
            "stopped tasks": lambda: _stopped(look, item),
        }
    )
    definition = read.results.get("task definition", [{}])[0]
    stopped = read.results.get("stopped tasks", [])
    findings = [state_finding(item, _facts(service, definition, item))]
    findings += _stopped_findings(look, item, stopped, definition)
    findings += [_deployment(look, item, change) for change in deployments(service)[-1:]]
    findings += _events(look, item, service.get("events", []))
    return Described(findings, console.ecs_service(look.aws, item.parent, item.name), read.caveat)


def describe_cluster(look: Look, item: Item) -> Described:
    """A cluster: how many tasks and services, what capacity they run on."""
    reply = look.call("ecs", "describe_clusters", clusters=[item.handle], include=["ATTACHMENTS", "SETTINGS"])
    cluster = next(iter(reply.get("clusters", [])), None)
    if cluster is None:
        raise ValueError(f"ECS knows no cluster {item.name}.")
    failed = [a for a in cluster.get("attachments", []) if "FAILED" in a.get("status", "").upper()]
    facts = {
        "status": cluster.get("status"),
        "services": cluster.get("activeServicesCount"),
        "running_tasks": cluster.get("runningTasksCount"),
        "pending_tasks": cluster.get("pendingTasksCount") or "",
        "container_instances": cluster.get("registeredContainerInstancesCount") or "",
        "capacity_providers": cluster.get("capacityProviders"),
        "failed_attachments": [a.get("type") for a in failed],
    }
    return Described([state_finding(item, facts)], console.ecs_cluster(look.aws, item.name))


def deployments(service: dict[str, Any]) -> list[Change]:
    """The deployments that ECS still knows, oldest first."""
    known = sorted(service.get("deployments", []), key=lambda d: d["createdAt"])
    changes: list[Change] = []
    for number, deployment in enumerate(known):
        revision = str(deployment["taskDefinition"]).rsplit("/", 1)[-1]
        before = str(known[number - 1]["taskDefinition"]).rsplit("/", 1)[-1] if number else revision_before(revision)
        failed = deployment.get("failedTasks", 0)
        changes.append(
            Change(
                at=deployment["createdAt"],
                event="Deployment",
                service="ecs",
                principal="",
                resources=(service["serviceName"],),
                detail=f"{deployment.get('rolloutState', '').lower()}" + (f", {failed} tasks failed" if failed else ""),
                deployment=True,
                version=revision,
                previous=before,
                cluster=bare_name(service.get("clusterArn", "")),
            )
        )
    return changes


def revision_before(revision: str) -> str:
    """`web:41` for `web:42`: what a service most likely ran before."""
    family, _, number = revision.rpartition(":")
    return f"{family}:{int(number) - 1}" if number.isdigit() and int(number) > 1 else ""


def _definition(look: Look, arn: str) -> list[dict[str, Any]]:
    return [look.call("ecs", "describe_task_definition", taskDefinition=arn)["taskDefinition"]]


def _stopped(look: Look, item: Item) -> list[dict[str, Any]]:
    arns = look.pages(
        "ecs",
        "list_tasks",
        "taskArns",
        limit=MAX_STOPPED,
        cluster=item.parent,
        serviceName=item.name,
        desiredStatus="STOPPED",
    )
    return look.call("ecs", "describe_tasks", cluster=item.parent, tasks=arns)["tasks"] if arns else []


def _facts(service: dict[str, Any], definition: dict[str, Any], item: Item) -> dict[str, object]:
    return {
        "cluster": item.parent,
        "running": f"{service.get('runningCount')} of {service.get('desiredCount')}",
        "pending": service.get("pendingCount") or "",
        "task_definition": str(service.get("taskDefinition", "")).rsplit("/", 1)[-1],
        "task_memory_mb": definition.get("memory"),
        "container_memory_mb": {
            c["name"]: c["memory"] for c in definition.get("containerDefinitions", []) if c.get("memory")
        },
        "task_cpu": definition.get("cpu"),
        "queues": sorted({name for c in definition.get("containerDefinitions", []) for name in queues_of(c)}),
    }


def queues_of(container: dict[str, Any]) -> list[str]:
    """Names of the SQS queues whose address or ARN stands in a container's environment."""
    values = [str(entry.get("value", "")) for entry in container.get("environment", [])]
    return [match[1] for value in values if (match := _QUEUE.match(value))]


def _stopped_findings(
    look: Look, item: Item, tasks: Sequence[dict[str, Any]], definition: dict[str, Any]
) -> list[Finding]:
    """One finding a reason, and one more when tasks were killed for memory."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for task in tasks:
        groups[_reason(task)].append(task)
    findings: list[Finding] = []
    for (reason, exit_code), group in sorted(groups.items(), key=lambda g: -len(g[1])):
        times = sorted(task["stoppedAt"] for task in group if task.get("stoppedAt"))
        killed = _OUT_OF_MEMORY.search(reason) is not None or exit_code == str(KILLED)
        code = f", exit code {exit_code}" if exit_code else ""
        span = _span(times, look.now)
        statement = f"{count(len(group), 'task')} of {item.name} stopped{span}: {reason}{code}."
        details = {"reason": reason, "exit_code": exit_code, "service": "ecs", "count": str(len(group))}
        first = times[0] if times else None
        strength = 0.25 if reason.startswith("Scaling activity") else min(0.6 + 0.05 * len(group), 0.9)
        findings.append(_finding(item, "task_stopped", statement, round(strength, 3), first, details))
        if killed:
            findings.append(_memory_finding(look, item, group, times, definition, reason))
    return findings


def _memory_finding(
    look: Look,
    item: Item,
    group: Sequence[dict[str, Any]],
    times: Sequence[datetime],
    definition: dict[str, Any],
    reason: str,
) -> Finding:
    limits = [c["memory"] for c in definition.get("containerDefinitions", []) if c.get("memory")]
    limit = str(limits[0] if limits else definition.get("memory", ""))
    said = "for using more memory than they may" if _OUT_OF_MEMORY.search(reason) else "by the kernel (exit code 137)"
    statement = f"{count(len(group), 'task')} of {item.name} killed {said}{_span(times, look.now)}" + (
        f"; the limit is {limit} MB." if limit else "."
    )
    strength = 0.95 if _OUT_OF_MEMORY.search(reason) else 0.75
    details = {"service": "ecs", "limit": limit, "count": str(len(group))}
    return _finding(item, "out_of_memory", statement, strength, times[0] if times else None, details)


def _reason(task: dict[str, Any]) -> tuple[str, str]:
    containers = task.get("containers", [])
    culprit = next((c for c in containers if c.get("reason") or c.get("exitCode")), containers[0] if containers else {})
    exit_code = culprit.get("exitCode")
    reason = culprit.get("reason") or task.get("stoppedReason", "no reason given")
    return " ".join(str(reason).split())[:160], "" if exit_code is None else str(exit_code)


def _span(times: Sequence[datetime], now: datetime) -> str:
    if not times:
        return ""
    if len(times) == 1:
        return f" at {clock_time(times[0], now)}"
    return f" between {clock_time(times[0], now)} and {clock_time(times[-1], now)}"


def _deployment(look: Look, item: Item, change: Change) -> Finding:
    before = f" after {change.previous}" if change.previous else ""
    changed = changed_by(look, change)
    detail = "; ".join(part for part in (change.detail, f"changed {changed}" if changed else "") if part)
    detail = f" ({detail})" if detail else ""
    statement = f"{change.version} was rolled out to {item.name} at {clock_time(change.at, look.now)}{before}{detail}."
    details = {"version": change.version, "previous": change.previous, "service": "ecs", "changed": changed}
    if has_failed(change):
        failed = {**details, "application": item.name, "error": change.detail}
        return _finding(item, "deployment_failed", statement, 0.8, change.at, failed)
    return _finding(item, "deployment", statement, recent_strength(change.at, look.now), change.at, details)


def _events(look: Look, item: Item, events: Sequence[dict[str, Any]]) -> list[Finding]:
    """The service's own messages about trouble within the window, each kind once with its count."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        if event["createdAt"] >= look.window.start and _TROUBLE.search(event["message"]):
            groups[_TASK_ID.sub(r"\1", event["message"])].append(event)
    findings: list[Finding] = []
    for group in sorted(groups.values(), key=len, reverse=True)[:4]:
        first = min(event["createdAt"] for event in group)
        message = " ".join(group[0]["message"].split())[:240]
        often = f" ({len(group)} times since {clock_time(first, look.now)})" if len(group) > 1 else ""
        statement = f"ECS reported at {clock_time(group[0]['createdAt'], look.now)}: {message}{often}"
        details = {"message": message, "service": "ecs", "count": str(len(group))}
        findings.append(_finding(item, "service_event", statement, min(0.5 + 0.05 * len(group), 0.8), first, details))
    return findings


def _finding(
    item: Item, kind: str, statement: str, strength: float, at: datetime | None, details: dict[str, str]
) -> Finding:
    own = {name: text for name, text in {"cluster": item.parent, **details}.items() if text}
    return Finding(kind=kind, statement=statement, strength=strength, at=at, resource=item.name, attributes=own)
