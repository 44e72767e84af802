"""Load balancers and target groups: which targets are unhealthy, and what their health checks say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.errors import RetryLater
from agent.figures import count
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.infra.inventory import Item, inventory, named
from tools.evidence.infra.state import Described, state_finding
from tools.evidence.metrics.reader import find_lines
from tools.evidence.metrics.series import compare, onset_of, refine
from tools.evidence.partial import gather

MAX_GROUPS = 100
BAD_STATES = frozenset({"unhealthy", "unavailable", "unhealthy.draining"})
PERIOD = timedelta(minutes=5)

Health = list[dict[str, Any]]
"""What DescribeTargetHealth says of each target."""


@evidence_tool("Which targets[ of {resource}] are unhealthy, and why?", hours=3)
def target_health(look: Look, resource: str = "") -> Found:
    """Health of load balancer targets with the reasons that the health checks give, unhealthy groups first.

    Args:
        resource: name, fragment or ARN of a load balancer or target group; empty for all
    """
    listed = inventory(look, "elb")
    items = listed.results.get("elb", [])
    chosen = _groups_of(items, resource)
    if not chosen:
        known = ", ".join(item.name for item in items[:8]) or "none"
        return Found(
            f"No target group matches {resource or 'anything'}; there are: {known}.{listed.caveat}", no_data=True
        )
    read = gather({group.name: partial(_health, look, group) for group in chosen[:MAX_GROUPS]})
    groups = [(group, read.results[group.name]) for group in chosen[:MAX_GROUPS] if group.name in read.results]
    findings = [finding for group, health in groups for finding in group_findings(look, group, health)]
    findings.sort(key=lambda f: -f.strength)
    cut = f" Only {MAX_GROUPS} of {len(chosen)} target groups were read." if len(chosen) > MAX_GROUPS else ""
    words = " ".join(f.statement for f in findings[:3]) or _all_well(groups)
    healthy = [] if findings else [_steady(groups, resource)]
    link = console.target_group(look.aws, findings[0].attributes["arn"] if findings else chosen[0].handle)
    return Found(words[:900] + cut + read.caveat + listed.caveat, [*findings, *healthy], link)


def describe_balancer(look: Look, item: Item) -> Described:
    groups = look.pages("elbv2", "describe_target_groups", "TargetGroups", LoadBalancerArn=item.handle)
    members = [Item("elb", "target-group", g["TargetGroupName"], g["TargetGroupArn"], item.name, raw=g) for g in groups]
    read = gather({group.name: partial(_health, look, group) for group in members})
    facts = {
        "kind": item.raw.get("Type"),
        "scheme": item.raw.get("Scheme"),
        "state": item.raw.get("State", {}).get("Code"),
        "targets": {name: _states(health) for name, health in read.results.items()},
    }
    findings = [state_finding(item, facts)]
    for group in members:
        findings += group_findings(look, group, read.results.get(group.name, []), known=group.name in read.results)
    return Described(findings, console.load_balancer(look.aws, item.handle), read.caveat)


def describe_group(look: Look, item: Item) -> Described:
    health = _health(look, item)
    checked = f"{item.raw.get('HealthCheckProtocol', '')} {item.raw.get('HealthCheckPath', '')}".strip()
    matcher = item.raw.get("Matcher", {})
    facts = {
        "behind": item.parent,
        "protocol": f"{item.raw.get('Protocol', '')} {item.raw.get('Port', '')}".strip(),
        "health_check": f"{checked} every {item.raw.get('HealthCheckIntervalSeconds', '?')} s",
        "expects": matcher.get("HttpCode") or matcher.get("GrpcCode"),
        "targets": _states(health),
    }
    findings = [state_finding(item, facts), *group_findings(look, item, health)]
    return Described(findings, console.target_group(look.aws, item.handle))


def group_findings(look: Look, group: Item, health: Health, known: bool = True) -> list[Finding]:
    """One finding for each reason why targets of a group are bad; one for a group in use without any target."""
    if known and not health and group.parent:
        return [_empty(group)]
    bad = [target for target in health if target["TargetHealth"]["State"] in BAD_STATES]
    if not bad:
        return []
    onset = _onset(look, group)
    reasons: dict[tuple[str, str], Health] = defaultdict(list)
    for target in bad:
        reasons[target["TargetHealth"].get("Reason", ""), target["TargetHealth"].get("Description", "")].append(target)
    ranked = sorted(reasons.items(), key=lambda pair: -len(pair[1]))
    return [_unhealthy(look, group, why, targets, len(health), onset) for why, targets in ranked]


def _groups_of(items: Sequence[Item], resource: str) -> list[Item]:
    """The target groups that a name means, those of a load balancer included."""
    found = named(items, resource)
    balancers = {item.name for item in found if item.type == "load-balancer"}
    groups = [item for item in items if item.type == "target-group"]
    return [group for group in groups if group in found or balancers & set(group.parent.split(", "))]


def _health(look: Look, group: Item) -> Health:
    return look.call("elbv2", "describe_target_health", TargetGroupArn=group.handle)["TargetHealthDescriptions"]


def _onset(look: Look, group: Item) -> datetime | None:
    """When the group's own metrics began to show unhealthy targets."""
    try:
        lines = [line for line in find_lines(look, "elb", group.name) if line.resource == group.name]
        return onset_of(refine(look, compare(look, lines, PERIOD)[:2], PERIOD))
    except (ClientError, RetryLater):
        return None


def _unhealthy(
    look: Look, group: Item, why: tuple[str, str], targets: Health, total: int, onset: datetime | None
) -> Finding:
    reason, description = why
    behind = f" behind {group.parent}" if group.parent else ""
    since = f" since {clock_time(onset, look.now)}" if onset else ""
    ids = [target["Target"]["Id"] for target in targets]
    zones = {target["Target"].get("AvailabilityZone", "") for target in targets}
    where = f", all in {zones.pop()}" if len(zones) == 1 and "" not in zones and 1 < len(targets) < total else ""
    said = ": ".join(part for part in (reason, description) if part) or "no reason given"
    shown = ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
    return Finding(
        kind="target_unhealthy",
        statement=(
            f"{len(targets)} of {count(total, 'target')} in {group.name}{behind} are unhealthy{since} ({said}{where}): "
            f"{shown}."
        ),
        strength=round(0.6 + 0.35 * len(targets) / total, 3),
        at=onset,
        resource=group.name,
        attributes={
            "target_group": group.name,
            "reason": reason or description,
            "description": description[:160],
            "unhealthy": str(len(targets)),
            "targets": str(total),
            "load_balancer": group.parent,
            "service": "elb",
            "arn": group.handle,
        },
    )


def _empty(group: Item) -> Finding:
    details = {"target_group": group.name, "reason": "no targets", "unhealthy": "0", "targets": "0", "service": "elb"}
    return Finding(
        kind="target_unhealthy",
        statement=f"Target group {group.name} behind {group.parent} has no targets at all.",
        strength=0.6,
        resource=group.name,
        attributes={**details, "load_balancer": group.parent, "arn": group.handle},
    )


def _states(health: Health) -> str:
    counts = Counter(target["TargetHealth"]["State"] for target in health)
    return ", ".join(f"{n} {state}" for state, n in counts.items()) or "none"


def _all_well(groups: Sequence[tuple[Item, Health]]) -> str:
    targets = sum(len(health) for _, health in groups)
    draining = sum(t["TargetHealth"]["State"] in ("draining", "initial") for _, health in groups for t in health)
    moving = f", {draining} of them coming or going" if draining else ""
    return f"No target is unhealthy: {count(targets, 'target')} in {count(len(groups), 'target group')}{moving}."


def _steady(groups: Sequence[tuple[Item, Health]], resource: str) -> Finding:
    return Finding(
        kind="targets_healthy",
        statement=_all_well(groups),
        strength=0.4,
        resource=resource,
        attributes={"service": "elb", "groups": str(len(groups))},
    )


TOOLS: tuple[BaseTool, ...] = (target_health,)
