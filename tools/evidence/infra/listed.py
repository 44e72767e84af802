"""What an inventory knows of a resource beside its name, and which resources a name or a part of one picks."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from agent.name_matches import environment, split
from agent.name_words import ENVIRONMENTS
from agent.resource_kinds import Kind
from tools.evidence.base import Look
from tools.evidence.infra.inventory import Item
from tools.evidence.names import bare_name
from tools.evidence.partial import gather

MOST_ASKED = 200
"""ECS services whose tasks are counted; DescribeServices takes ten at once."""
SERVICES_A_CALL = 10
_GONE = frozenset({"terminated", "shutting-down", "deleted", "deleting"})


@dataclass(frozen=True)
class Listed:
    """One row: `details` such as engine, runtime or size, and `state` where the listing tells it."""

    item: Item
    details: str = ""
    state: str = ""

    @property
    def label(self) -> str:
        """The name that people gave it, and its id where that is something else."""
        given = self.item.tags.get("Name", "")
        return f"{given} ({self.item.name})" if given and given != self.item.name else self.item.name

    @property
    def tags(self) -> str:
        return ", ".join(f"{key}={value}" for key, value in sorted(self.item.tags.items()) if key != "Name")


def chosen_of(items: Sequence[Item], kind: Kind, name: str, exact: bool) -> list[Listed]:
    """The resources of a kind that a name picks, all when it is empty, by name. What was terminated is left out."""
    of_kind = [item for item in items if (item.service, item.type) == (kind.service, kind.type) and _fits(item, kind)]
    listed = [Listed(item, _details(item.raw, item), _state(item.raw)) for item in of_kind]
    picked = [each for each in listed if each.state not in _GONE and (not name or _is_called(each, name, exact))]
    return sorted(picked, key=lambda each: each.label.lower())


def with_tasks(look: Look, listed: Sequence[Listed]) -> tuple[list[Listed], list[str]]:
    """ECS services with `3 of 3 tasks` as their state, and what could not be read of that."""
    by_cluster: dict[str, list[str]] = defaultdict(list)
    for each in listed[:MOST_ASKED]:
        by_cluster[each.item.parent].append(each.item.name)
    batches = {
        f"running tasks of {cluster}, batch {start // SERVICES_A_CALL + 1}": partial(
            _described, look, cluster, names[start : start + SERVICES_A_CALL]
        )
        for cluster, names in by_cluster.items()
        for start in range(0, len(names), SERVICES_A_CALL)
    }
    try:
        read = gather(batches)
    except Exception:  # none of it could be read: what there is, is known all the same
        return list(listed), ["running tasks (not allowed, or no answer)"]
    found = {(cluster, name): state for states in read.results.values() for (cluster, name), state in states.items()}
    told = [replace(each, state=found.get((each.item.parent, each.item.name), "")) for each in listed]
    return told, read.failures


def _described(look: Look, cluster: str, names: Sequence[str]) -> dict[tuple[str, str], str]:
    reply = look.call("ecs", "describe_services", cluster=cluster, services=list(names))
    return {
        (cluster, service["serviceName"]): f"{service.get('runningCount', 0)} of {service.get('desiredCount', 0)} tasks"
        for service in reply.get("services", [])
    }


def _fits(item: Item, kind: Kind) -> bool:
    told = f"{item.name} {item.raw.get('Engine', '')} {item.raw.get('Type', '')}"
    return not kind.only or re.search(kind.only, told, re.I) is not None


def _is_called(each: Listed, name: str, exact: bool) -> bool:
    """By the name, the tag `Name` or the ARN; a part also by the cluster and by what else is told of it."""
    item, wanted = each.item, bare_name(name).lower()
    if exact:
        return wanted in (item.name.lower(), item.tags.get("Name", "").lower())
    if wanted in ENVIRONMENTS:
        return ENVIRONMENTS[wanted] in (environment(split(item.name)), environment(split(" ".join(item.tags.values()))))
    pattern = re.escape(wanted).replace(r"\*", ".*")
    return re.search(pattern, f"{each.label} {item.parent} {each.details}".lower()) is not None


def _state(raw: dict[str, Any]) -> str:
    """As the service's own listing says it."""
    state = raw.get("State", "")
    told = state.get("Name") or state.get("Code") if isinstance(state, dict) else state  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] -- boto3's reply
    keys = ("DBInstanceStatus", "Status", "StackStatus", "ClusterStatus")
    return str(told or next((raw[key] for key in keys if raw.get(key)), ""))


def _details(raw: dict[str, Any], item: Item) -> str:
    """Runtime, engine with class, instance type, node type, kind of balancer; the cluster or the VPC it is in."""
    if item.type == "auto-scaling-group":
        return f"{raw.get('DesiredCapacity')} of {raw.get('MinSize')} to {raw.get('MaxSize')} instances"
    keys = ("Runtime", "Engine", "DBInstanceClass", "InstanceType", "NodeType", "Type", "type")
    told = [str(raw[key]) for key in keys if raw.get(key)]
    inside = f"in {item.parent}" if item.parent and item.service in ("ecs", "nat") else ""
    return ", ".join([*told, *([inside] if inside else [])])
