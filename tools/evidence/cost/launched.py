"""Growth that no metric counts: instances, databases and volumes that were made since a cost rose."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agent.figures import count
from agent.models import Finding
from agent.times import clock_time
from tools.evidence.base import Look

EARLY = timedelta(days=1)
"""Costs know only the day, so what was made the day before counts too."""
MAX_LISTED = 5000
MAX_SHOWN = 3


@dataclass(frozen=True)
class Made:
    """Things of one kind that belong together (an Auto Scaling group, or one alone), how many of them are new."""

    name: str
    what: str
    new: int
    all: int
    first: datetime


def made_since(look: Look, service: str, usage_type: str, since: datetime) -> list[Finding]:
    """Findings about what a usage type of hours or storage charges for, made since; empty for other usage types."""
    for (key, pattern), lister in _LISTERS.items():
        if key == service and (match := re.search(pattern, usage_type)):
            groups = lister(look, match.groupdict().get("type") or "", since - EARLY)
            ranked = sorted((g for g in groups if g.new), key=lambda g: -g.new)
            return [_finding(g, service, look.now) for g in ranked[:MAX_SHOWN]]
    return []


def _finding(made: Made, service: str, now: datetime) -> Finding:
    before = made.all - made.new
    share = made.new / made.all
    text = f"{made.name}: {made.new} of {count(made.all, made.what)} made since {clock_time(made.first, now)}."
    if made.all == 1:
        text = f"{made.name}, a new {made.what}, was made at {clock_time(made.first, now)}."
    return Finding(
        kind="usage_driver",
        statement=text,
        # A group that replaces its members is as new as one that grew: this alone proves less than a metric.
        strength=round(0.45 + 0.2 * share, 3),
        at=made.first,
        resource=made.name,
        attributes={
            "service": service,
            "metric": "created",
            "factor": f"{made.all / before:.3g}" if before else "",
            "previous": str(before),
            "current": str(made.all),
        },
    )


def _instances(look: Look, wanted: str, since: datetime) -> list[Made]:
    """By Auto Scaling group; a group with a metric of its size is left to that."""
    reservations = look.pages("ec2", "describe_instances", "Reservations", limit=MAX_LISTED)
    running = [
        i
        for reservation in reservations
        for i in reservation["Instances"]
        if i["State"]["Name"] in ("pending", "running") and (not wanted or i["InstanceType"] == wanted)
    ]
    return _grouped(
        running, _group_or_name, lambda i: i["LaunchTime"], lambda i: f"{i['InstanceType']} instance", since
    )


def _databases(look: Look, wanted: str, since: datetime) -> list[Made]:
    instances = look.pages("rds", "describe_db_instances", "DBInstances", limit=MAX_LISTED)
    chosen = [i for i in instances if i.get("InstanceCreateTime") and (not wanted or i["DBInstanceClass"] == wanted)]
    return _grouped(
        chosen,
        lambda i: i["DBInstanceIdentifier"],
        lambda i: i["InstanceCreateTime"],
        lambda i: f"{i['DBInstanceClass']} database instance",
        since,
    )


def _volumes(look: Look, wanted: str, since: datetime) -> list[Made]:
    volumes = look.pages("ec2", "describe_volumes", "Volumes", limit=MAX_LISTED)
    chosen = [v for v in volumes if not wanted or v["VolumeType"] == wanted]
    return _grouped(
        chosen, lambda v: f"{v['VolumeType']} volumes", lambda v: v["CreateTime"], lambda _: "volume", since
    )


def _grouped(
    items: list[dict[str, Any]],
    name_of: Callable[[dict[str, Any]], str],
    made_at: Callable[[dict[str, Any]], datetime],
    what_of: Callable[[dict[str, Any]], str],
    since: datetime,
) -> list[Made]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in items:
        groups[name_of(item)].append(item)
    found: list[Made] = []
    for name, members in groups.items():
        fresh = [made_at(member) for member in members if made_at(member) >= since]
        found.append(Made(name, what_of(members[0]), len(fresh), len(members), min(fresh, default=since)))
    return found


def _group_or_name(instance: dict[str, Any]) -> str:
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
    return tags.get("aws:autoscaling:groupName") or instance["InstanceId"]


_LISTERS: dict[tuple[str, str], Callable[[Look, str, datetime], list[Made]]] = {
    ("ec2", r"(BoxUsage|SpotUsage)(:(?P<type>[\w.-]+))?"): _instances,
    ("rds", r"(InstanceUsage|Multi-AZUsage)(:(?P<type>db\.[\w.-]+))?"): _databases,
    ("ec2", r"EBS:Volume(Usage|P-IOPS|P-Throughput)(\.(?P<type>\w+))?"): _volumes,
}
