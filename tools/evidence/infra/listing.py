"""Listing what there is: how many of a kind, which, and whether there is one of a name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from difflib import get_close_matches
from functools import partial

from langchain_core.tools import BaseTool

from agent.models import Finding
from agent.resource_kinds import EVERY_KIND, Kind, kinds_of
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.infra import listed_words as say
from tools.evidence.infra.inventory import MAX_LISTED, Item, inventory
from tools.evidence.infra.listed import Listed, chosen_of, with_tasks
from tools.evidence.names import service_key
from tools.evidence.partial import gather

MAX_NEAREST = 3
STRENGTH = 0.4
"""What there is, is nothing out of the ordinary."""

Of = tuple[Kind, list[Listed]]


@evidence_tool("Which [{service}|resources] are there[ called {name}]?", hours=1)
def list_resources(look: Look, service: str = "", name: str = "", exact: bool = False) -> Found:
    """List and count what exists: functions, services, databases, tables, queues, buckets, instances and others.

    Answers `which queues do we have`, `how many functions are there`, `is there a table called x`. It says nothing of
    how they do. Counts are exact; of long lists the first names are given.

    Args:
        service: a service or what people call its resources, such as lambda, sqs, databases or `ECS services`; empty
            for a count of everything
        name: only those with this in their name, cluster, engine, runtime or instance type
        exact: only those called exactly so
    """
    kinds = kinds_of(service) if service else EVERY_KIND
    kinds = kinds or tuple(kind for kind in EVERY_KIND if kind.service == service_key(service))
    if not kinds:
        return _not_listed(look, service, name)
    read = gather({key: partial(inventory, look, key) for key in dict.fromkeys(kind.service for kind in kinds)})
    failures = [*read.failures, *(failure for found in read.results.values() for failure in found.failures)]
    items = [item for found in read.results.values() for listed in found.results.values() for item in listed]
    of_each = [(kind, chosen_of(items, kind, name, exact)) for kind in kinds]
    of_each, unread = _with_tasks(look, of_each)
    total = sum(len(listed) for _, listed in of_each)
    where = say.where(look)
    if total:
        said = say.there_are(of_each, name, where, exact, _more_than_read(of_each))
    else:
        nearest = _nearest(items, kinds, name) if name else []
        said = say.there_are_none(kinds, name, where, exact, nearest, whole=not failures)
    scope = say.read(look, kinds, [*failures, *unread])
    attributes = {
        "asked": service,
        "name": name,
        "count": str(total),
        "exists": "yes" if total else "" if failures else "no",
    }
    findings = [
        Finding(kind="inventory", statement=said, strength=STRENGTH, attributes=attributes),
        Finding(kind="inventory", statement=scope, strength=STRENGTH - 0.1, attributes=attributes),
    ]
    tables = [say.table(of_each, where)] if total else []
    return Found(f"{said} {scope}", findings, console.resources(look.aws), no_data=not total, tables=tables)


def _not_listed(look: Look, service: str, name: str) -> Found:
    said = say.not_listed(service)
    attributes = {"asked": service, "name": name, "count": "", "exists": ""}
    finding = Finding(kind="inventory", statement=said, strength=STRENGTH, attributes=attributes)
    return Found(said, [finding], console.resources(look.aws), no_data=True)


def _with_tasks(look: Look, of_each: Sequence[Of]) -> tuple[list[Of], list[str]]:
    """ECS services with their running tasks, and why they are not known where that could not be read."""
    told: list[Of] = []
    failures: list[str] = []
    for kind, listed in of_each:
        if kind.service == "ecs" and kind.type == "service" and listed and len(of_each) < len(EVERY_KIND):
            listed, failed = with_tasks(look, listed)
            failures += failed
        told.append((kind, listed))
    return told, failures


def _more_than_read(of_each: Sequence[Of]) -> bool:
    """Whether a listing was cut, so that there are more than were counted."""
    per_service: dict[str, int] = defaultdict(int)
    for kind, listed in of_each:
        per_service[kind.service] += len(listed)
    return any(number >= MAX_LISTED for number in per_service.values())


def _nearest(items: Sequence[Item], kinds: Sequence[Kind], name: str) -> list[str]:
    """Names of these kinds that are most like one that none has."""
    names = {item.name.lower(): item.name for kind in kinds for item in items if kind.type == item.type}
    return [names[close] for close in get_close_matches(name.lower(), names, MAX_NEAREST)]


TOOLS: tuple[BaseTool, ...] = (list_resources,)
