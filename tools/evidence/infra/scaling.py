"""Auto Scaling groups: launches that failed and why, instances that were replaced, instance refreshes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from agent.figures import count
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Look
from tools.evidence.infra.inventory import Item
from tools.evidence.infra.state import Described, recent_strength, state_finding
from tools.evidence.partial import gather

MAX_ACTIVITIES = 500
PAGE = 100
REASONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("quota", re.compile(r"limit ?exceeded|vcpu limit|instance limit|quota|MaxSpotInstanceCount", re.IGNORECASE)),
    ("capacity", re.compile(r"insufficient\w*capacity|sufficient .*capacity|no .*capacity|Unsupported", re.IGNORECASE)),
    ("permission", re.compile(r"not authorized|unauthorized|access ?denied|kms|InternalError", re.IGNORECASE)),
    ("image", re.compile(r"\bAMI\b|InvalidAMI|image id", re.IGNORECASE)),
    ("configuration", re.compile(r"launch (template|config)|security group|subnet|key ?pair|invalid", re.IGNORECASE)),
)
"""What keeps a group from launching, by what EC2 says; the first that fits. Client.InternalError is KMS's refusal."""
_CAPACITY = re.compile(r"changing the desired capacity from (\d+) to (\d+)", re.IGNORECASE)
_BY = {"user request": "a user's request", "scheduled action": "a scheduled action"}
_BAD_REFRESH = frozenset({"Failed", "RollbackInProgress", "RollbackFailed", "RollbackSuccessful"})


def describe(look: Look, item: Item) -> Described:
    raw = item.raw
    reads: dict[str, Callable[[], Any]] = {
        "activities": lambda: _activities(look, item.name),
        "instance refreshes": lambda: _refreshes(look, item.name),
    }
    read = gather(reads)
    instances = raw.get("Instances", [])
    facts = {
        "minimum": raw.get("MinSize"),
        "maximum": raw.get("MaxSize"),
        "desired": raw.get("DesiredCapacity"),
        "instances": len(instances),
        "unhealthy": sum(i.get("HealthStatus") != "Healthy" for i in instances) or "",
        "launches_from": _template(raw),
        "zones": raw.get("AvailabilityZones"),
        "suspended": [process["ProcessName"] for process in raw.get("SuspendedProcesses", [])],
    }
    activities: list[dict[str, Any]] = read.results.get("activities", [])
    findings = [state_finding(item, facts)]
    findings += _failed_launches(look, item, activities)
    findings += _replaced(look, item, activities)
    findings += _scaled_in(look, item, activities)
    findings += [_refresh(look, item, refresh) for refresh in read.results.get("instance refreshes", [])[:2]]
    if raw.get("DesiredCapacity") and raw.get("DesiredCapacity") == raw.get("MaxSize"):
        findings.append(_at_maximum(item, raw["MaxSize"]))
    cut = f" Only the newest {MAX_ACTIVITIES} activities were read." if len(activities) >= MAX_ACTIVITIES else ""
    return Described(findings, console.auto_scaling_group(look.aws, item.name), read.caveat + cut)


def reason_of(message: str) -> str:
    """`quota`, `capacity`, `permission`, `image`, `configuration`, or `other`."""
    return next((reason for reason, pattern in REASONS if pattern.search(message)), "other")


def _activities(look: Look, name: str) -> list[dict[str, Any]]:
    """Activities of the window, the newest first; Auto Scaling keeps six weeks and knows no range."""
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        reply = look.call(
            "autoscaling", "describe_scaling_activities", AutoScalingGroupName=name, MaxRecords=PAGE, **token
        )
        page = reply["Activities"]
        found += [activity for activity in page if activity["StartTime"] >= look.window.start]
        older = bool(page) and page[-1]["StartTime"] < look.window.start
        if older or not reply.get("NextToken") or len(found) >= MAX_ACTIVITIES:
            return [activity for activity in found if activity["StartTime"] <= look.window.end][:MAX_ACTIVITIES]
        token = {"NextToken": reply["NextToken"]}


def _refreshes(look: Look, name: str) -> list[dict[str, Any]]:
    reply = look.call("autoscaling", "describe_instance_refreshes", AutoScalingGroupName=name)
    return [r for r in reply["InstanceRefreshes"] if r.get("StartTime") and r["StartTime"] >= look.window.start]


def _template(raw: dict[str, Any]) -> str:
    mixed = raw.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("LaunchTemplateSpecification", {})
    template = raw.get("LaunchTemplate") or mixed
    if template:
        return f"{template.get('LaunchTemplateName', '')} version {template.get('Version', '')}".strip()
    return str(raw.get("LaunchConfigurationName", ""))


def _failed_launches(look: Look, item: Item, activities: Sequence[dict[str, Any]]) -> list[Finding]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for activity in activities:
        if activity["StatusCode"] == "Failed":
            groups[reason_of(_message(activity))].append(activity)
    findings: list[Finding] = []
    for reason, failed in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        first, message = min(a["StartTime"] for a in failed), _message(failed[0])
        details = {"reason": reason, "group": item.name, "service": "autoscaling", "message": message[:200]}
        findings.append(
            Finding(
                kind="launch_failed",
                statement=(
                    f"{count(len(failed), 'launch attempt')} of {item.name} failed since "
                    f"{clock_time(first, look.now)} ({reason}): {message[:220]}"
                ),
                strength=round(min(0.65 + 0.06 * len(failed), 0.95), 3),
                at=first,
                resource=item.name,
                attributes={**details, "count": str(len(failed))},
            )
        )
    return findings


def _message(activity: dict[str, Any]) -> str:
    return " ".join(activity.get("StatusMessage", activity.get("Description", "")).split())


def _replaced(look: Look, item: Item, activities: Sequence[dict[str, Any]]) -> list[Finding]:
    """Instances that were taken out because a health check failed."""
    sick = [a for a in activities if re.search(r"health.?check", a.get("Cause", ""), re.IGNORECASE)]
    sick = [a for a in sick if a.get("Description", "").lower().startswith("terminating")]
    if not sick:
        return []
    first, cause = min(a["StartTime"] for a in sick), " ".join(sick[0]["Cause"].split())
    statement = (
        f"{count(len(sick), 'instance')} of {item.name} replaced after failing health checks since "
        f"{clock_time(first, look.now)}: {cause[:200]}"
    )
    return [
        Finding(
            kind="service_event",
            statement=statement,
            strength=round(min(0.5 + 0.06 * len(sick), 0.85), 3),
            at=first,
            resource=item.name,
            attributes={"message": cause[:200], "service": "autoscaling", "count": str(len(sick))},
        )
    ]


def _scaled_in(look: Look, item: Item, activities: Sequence[dict[str, Any]]) -> list[Finding]:
    """That the group was made smaller than it was, by the last change of its capacity, and has stayed so."""
    changes = [(a, m) for a in activities if (m := _CAPACITY.search(a.get("Cause", "")))]
    if not changes:
        return []
    latest, said = max(changes, key=lambda pair: pair[0]["StartTime"])
    before, after = int(said[1]), int(said[2])
    if not after < before or int(item.raw.get("DesiredCapacity", before)) > after:
        return []
    cause = latest["Cause"]
    by = next((who for word, who in _BY.items() if word in cause), "a policy")
    first = min(a["StartTime"] for a, m in changes if m[0] == said[0])
    return [
        Finding(
            kind="scaled_in",
            statement=f"Group {item.name} was set from {before} to {after} instances by {by} at "
            f"{clock_time(first, look.now)}.",
            strength=recent_strength(first, look.now, 0.9 if by != "a policy" else 0.5),
            at=first,
            resource=item.name,
            attributes={
                "group": item.name,
                "before": str(before),
                "after": str(after),
                "by": by,
                "service": "autoscaling",
            },
        )
    ]


def _refresh(look: Look, item: Item, refresh: dict[str, Any]) -> Finding:
    status, started = refresh["Status"], refresh["StartTime"]
    bad = status in _BAD_REFRESH
    why, percent = refresh.get("StatusReason", ""), refresh.get("PercentageComplete")
    far = f" at {percent}%" if percent is not None else ""
    statement = (
        f"An instance refresh of {item.name} began at {clock_time(started, look.now)} and is {status}{far}"
        f"{f': {why}' if why else ''}."
    )
    details = {"service": "autoscaling", "application": item.name, "error": why[:160], "version": "", "status": status}
    return Finding(
        kind="deployment_failed" if bad else "deployment",
        statement=statement,
        strength=0.8 if bad else recent_strength(started, look.now),
        at=started,
        resource=item.name,
        attributes={key: text for key, text in details.items() if text},
    )


def _at_maximum(item: Item, maximum: int) -> Finding:
    """Wanting as much as it may have, a group cannot grow with its load."""
    return Finding(
        kind="capacity_fixed",
        statement=f"Group {item.name} wants all {maximum} instances that it may have, so it cannot grow further.",
        strength=0.45,
        resource=item.name,
        attributes={"capacity": str(maximum), "service": "autoscaling"},
    )
