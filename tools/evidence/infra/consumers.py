"""Who reads from a queue and how they fare: functions by event source mappings, ECS services by their settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from agent.models import Finding
from tools.evidence.base import Look
from tools.evidence.infra import containers
from tools.evidence.infra.inventory import Item, inventory
from tools.evidence.metrics.limits import limits_of
from tools.evidence.metrics.reader import find_lines
from tools.evidence.metrics.series import compare, finding_of
from tools.evidence.names import bare_name
from tools.evidence.partial import gather

PERIOD = timedelta(minutes=5)
NOTABLE = 0.3
MAX_CONSUMERS = 3
MAX_SERVICES = 30
"""ECS services whose task definitions are read to find those that know a queue."""
A_CALL = 10
"""Services that one DescribeServices takes."""


def mappings_of(look: Look, arns: Sequence[str]) -> list[dict[str, Any]]:
    """The event source mappings of queues, as far as they can be read."""
    read = gather({arn: partial(_mappings, look, arn) for arn in arns[:MAX_CONSUMERS]})
    return [mapping for found in read.results.values() for mapping in found]


def names_of(mappings: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(bare_name(mapping["FunctionArn"]) for mapping in mappings))


def errors_of(look: Look, functions: Sequence[str]) -> list[Finding]:
    """Errors of functions that rose, over again or not."""
    lines = [
        line
        for name in functions[:MAX_CONSUMERS]
        for line in find_lines(look, "lambda", name)
        if line.resource == name and line.metric.name == "Errors"
    ]
    seen = [s for s in compare(look, lines, PERIOD) if s.shift.direction == "rise" and s.score >= NOTABLE]
    return [finding_of(s, look.now) for s in seen]


def services_of(look: Look, queue: str) -> list[Finding]:
    """What is known of the ECS services whose containers are given the queue, and whether they are at a limit."""
    found: list[Finding] = []
    for item in _knowing(look, queue)[:MAX_CONSUMERS]:
        lines = [line for line in find_lines(look, "ecs", item.name) if line.resource == item.name]
        found += containers.describe(look, item).findings
        found += [f for fs in limits_of(look, compare(look, lines, PERIOD)).results.values() for f in fs]
    return found


def _knowing(look: Look, queue: str) -> list[Item]:
    items = [item for item in inventory(look, "ecs").results.get("ecs", []) if item.type == "service"][:MAX_SERVICES]
    by_cluster: dict[str, list[Item]] = {}
    for item in items:
        by_cluster.setdefault(item.parent, []).append(item)
    found: list[Item] = []
    for cluster, members in by_cluster.items():
        for batch in (members[i : i + A_CALL] for i in range(0, len(members), A_CALL)):
            reply = look.call("ecs", "describe_services", cluster=cluster, services=[m.name for m in batch])
            knowing = {s["serviceName"] for s in reply["services"] if queue in _queues(look, s["taskDefinition"])}
            found += [item for item in batch if item.name in knowing]
    return found


def _queues(look: Look, definition: str) -> set[str]:
    told = look.call("ecs", "describe_task_definition", taskDefinition=definition)["taskDefinition"]
    return {name for container in told.get("containerDefinitions", []) for name in containers.queues_of(container)}


def _mappings(look: Look, arn: str) -> list[dict[str, Any]]:
    return look.pages("lambda", "list_event_source_mappings", "EventSourceMappings", EventSourceArn=arn)
