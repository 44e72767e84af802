"""RDS and Aurora: events, parameters that differ from the default or wait for a reboot, storage, failovers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Look
from tools.evidence.infra.inventory import Item
from tools.evidence.infra.state import Described, state_finding
from tools.evidence.metrics.limits import max_connections
from tools.evidence.partial import gather

EVENTS_BACK = timedelta(days=3)
MAX_EVENTS = 500
SHOWN_EVENTS = 5
MAX_PARAMETERS = 8
GRAVE_EVENTS = ("failover", "failure", "low storage", "notification", "recovery", "restart")
AFTER_REBOOT = " (after a reboot)"
WELL = frozenset({"available", "backing-up", "configuring-enhanced-monitoring", "storage-optimization"})


def describe(look: Look, item: Item) -> Described:
    instance: dict[str, Any] = item.raw
    reads: dict[str, Callable[[], Any]] = {
        "events": lambda: _events(look, item.name, "db-instance"),
        "connections": lambda: max_connections(look, instance),
        "parameters": lambda: _own_parameters(look, instance),
    }
    read = gather(reads)
    limit, origin = read.results.get("connections", (0, ""))
    facts = {
        "engine": f"{instance.get('Engine')} {instance.get('EngineVersion', '')}".strip(),
        "class": instance.get("DBInstanceClass"),
        "status": instance.get("DBInstanceStatus"),
        "multi_az": instance.get("MultiAZ"),
        "storage_gb": _storage(instance),
        "max_connections": f"{limit:.0f} ({origin})" if limit else "",
        "performance_insights": "on" if instance.get("PerformanceInsightsEnabled") else "off",
        "parameter_group": _group(instance).get("DBParameterGroupName"),
        "parameters_set": read.results.get("parameters", []),
        "cluster": instance.get("DBClusterIdentifier"),
        "pending_changes": instance.get("PendingModifiedValues"),
        "endpoint": instance.get("Endpoint", {}).get("Address"),
    }
    waiting = [each for each in read.results.get("parameters", []) if each.endswith(AFTER_REBOOT)]
    findings = [state_finding(item, facts), *_pending(item, instance, waiting), *_unwell(item, instance)]
    findings += [_event(look, item, event) for event in read.results.get("events", [])]
    return Described(findings, console.rds_instance(look.aws, item.name), read.caveat)


def describe_cluster(look: Look, item: Item) -> Described:
    """An Aurora or Multi-AZ cluster: its writer and readers, and failovers."""
    cluster: dict[str, Any] = item.raw
    members = cluster.get("DBClusterMembers", [])
    read = gather({"events": lambda: _events(look, item.name, "db-cluster")})
    facts = {
        "engine": f"{cluster.get('Engine')} {cluster.get('EngineVersion', '')}".strip(),
        "status": cluster.get("Status"),
        "writer": [m["DBInstanceIdentifier"] for m in members if m.get("IsClusterWriter")],
        "readers": [m["DBInstanceIdentifier"] for m in members if not m.get("IsClusterWriter")],
        "zones": cluster.get("AvailabilityZones"),
        "data_api": "on" if cluster.get("HttpEndpointEnabled") else "",
        "pending_changes": cluster.get("PendingModifiedValues"),
    }
    findings = [state_finding(item, facts)]
    findings += [_event(look, item, event) for event in read.results.get("events", [])]
    return Described(findings, console.rds_cluster(look.aws, item.name), read.caveat)


def _storage(instance: dict[str, Any]) -> str:
    most = instance.get("MaxAllocatedStorage")
    scales = f" (scales up to {most})" if most else " (does not scale)"
    return f"{instance.get('AllocatedStorage')} {instance.get('StorageType', '')}{scales}"


def _events(look: Look, name: str, kind: str) -> list[dict[str, Any]]:
    """The newest ones of three days at least; RDS keeps fourteen."""
    start = min(look.window.start, look.window.end - EVENTS_BACK)
    events = look.pages(
        "rds",
        "describe_events",
        "Events",
        limit=MAX_EVENTS,
        SourceIdentifier=name,
        SourceType=kind,
        StartTime=max(start, look.now - timedelta(days=14)),
        EndTime=look.window.end,
    )
    return sorted(events, key=lambda e: e["Date"])[-SHOWN_EVENTS:]


def _event(look: Look, item: Item, event: dict[str, Any]) -> Finding:
    grave = any(category in GRAVE_EVENTS for category in event.get("EventCategories", []))
    message = " ".join(event["Message"].split())
    return Finding(
        kind="service_event",
        statement=f"RDS reported for {item.name} at {clock_time(event['Date'], look.now)}: {message}",
        strength=(0.7 if grave else 0.4) if event["Date"] >= look.window.start else 0.25,
        at=event["Date"],
        resource=item.name,
        attributes={
            "message": message[:200],
            "service": "rds",
            "categories": ", ".join(event.get("EventCategories", [])),
        },
    )


def _own_parameters(look: Look, instance: dict[str, Any]) -> list[str]:
    """The parameters that somebody set, as `name=value`, with those that wait for a reboot marked."""
    name = _group(instance).get("DBParameterGroupName", "")
    if not name or name.startswith("default."):
        return []
    waits = _group(instance).get("ParameterApplyStatus") == "pending-reboot"
    listed = look.pages(
        "rds", "describe_db_parameters", "Parameters", limit=5000, DBParameterGroupName=name, Source="user"
    )
    own = [f"{p['ParameterName']}={p.get('ParameterValue', '')}{_waiting(p, waits)}" for p in listed]
    more = len(own) - MAX_PARAMETERS
    return [*own[:MAX_PARAMETERS], f"{more} more"] if more > 0 else own


def _group(instance: dict[str, Any]) -> dict[str, str]:
    return (instance.get("DBParameterGroups") or [{}])[0]


def _waiting(parameter: dict[str, Any], waits: bool) -> str:
    return AFTER_REBOOT if waits and parameter.get("ApplyMethod") == "pending-reboot" else ""


def _pending(item: Item, instance: dict[str, Any], waiting: Sequence[str]) -> list[Finding]:
    """What was changed and does not hold yet; `waiting` are parameters, as `_own_parameters` gives them."""
    found: list[Finding] = []
    if _group(instance).get("ParameterApplyStatus") == "pending-reboot":
        group = _group(instance).get("DBParameterGroupName", "")
        set_to = ", ".join(each.removesuffix(AFTER_REBOOT) for each in waiting)
        text = f"Changes of parameter group {group} hold for {item.name} only after a reboot{set_to and f': {set_to}'}."
        found.append(_change_pending(item, text, f"parameters of {group}", "reboot", set_to))
    changes = {key: value for key, value in (instance.get("PendingModifiedValues") or {}).items() if value != {}}
    if changes:
        listed = ", ".join(f"{key} {value}" for key, value in changes.items())
        text = f"A change of {item.name} waits for its maintenance window: {listed}."
        found.append(_change_pending(item, text, listed, "maintenance window"))
    return found


def _change_pending(item: Item, statement: str, change: str, waits_for: str, parameters: str = "") -> Finding:
    details = {"service": "rds", "change": change[:160], "waits_for": waits_for}
    if parameters:
        details["parameters"] = parameters[:160]
    return Finding(kind="change_pending", statement=statement, strength=0.5, resource=item.name, attributes=details)


def _unwell(item: Item, instance: dict[str, Any]) -> list[Finding]:
    status = instance.get("DBInstanceStatus", "available")
    if status in WELL:
        return []
    grave = status in (
        "storage-full",
        "failed",
        "stopped",
        "incompatible-parameters",
        "inaccessible-encryption-credentials",
    )
    return [
        Finding(
            kind="service_event",
            statement=f"Database {item.name} is not available: its status is {status}.",
            strength=0.9 if grave else 0.65,
            resource=item.name,
            attributes={"message": status, "service": "rds", "status": status},
        )
    ]
