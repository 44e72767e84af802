"""RDS instances, DynamoDB tables and Redshift clusters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Look
from tools.evidence.infra.inventory import Item
from tools.evidence.infra.state import Described, state_finding
from tools.evidence.infra.throttling import throttles
from tools.evidence.limits import max_connections
from tools.evidence.partial import gather

EVENTS_BACK = timedelta(days=3)
GRAVE_EVENTS = ("failover", "failure", "low storage", "notification", "recovery", "restart")


def describe_rds(look: Look, item: Item) -> Described:
    instance: dict[str, Any] = item.raw
    reads: dict[str, Callable[[], Any]] = {
        "events": lambda: _rds_events(look, item.name),
        "parameters": lambda: max_connections(look, instance),
    }
    read = gather(reads)
    limit, origin = read.results.get("parameters", (0, ""))
    facts = {
        "engine": f"{instance.get('Engine')} {instance.get('EngineVersion', '')}".strip(),
        "class": instance.get("DBInstanceClass"),
        "status": instance.get("DBInstanceStatus"),
        "multi_az": instance.get("MultiAZ"),
        "storage_gb": instance.get("AllocatedStorage"),
        "max_connections": f"{limit:.0f} ({origin})" if limit else "",
        "pending_changes": instance.get("PendingModifiedValues"),
        "endpoint": instance.get("Endpoint", {}).get("Address"),
    }
    findings = [state_finding(item, facts), *(_rds_event(look, item, e) for e in read.results.get("events", []))]
    return Described(findings, console.rds_instance(look.aws, item.name), read.caveat)


def _rds_events(look: Look, name: str) -> list[dict[str, Any]]:
    start = min(look.window.start, look.window.end - EVENTS_BACK)
    events = look.pages(
        "rds",
        "describe_events",
        "Events",
        limit=200,
        SourceIdentifier=name,
        SourceType="db-instance",
        StartTime=start,
        EndTime=look.window.end,
    )
    return sorted(events, key=lambda e: e["Date"])[-5:]


def _rds_event(look: Look, item: Item, event: dict[str, Any]) -> Finding:
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


def describe_dynamodb(look: Look, item: Item) -> Described:
    reads: dict[str, Callable[[], Any]] = {
        "table": lambda: look.call("dynamodb", "describe_table", TableName=item.name)["Table"],
        "scaling": lambda: _scaling(look, item.name),
        "metrics": lambda: throttles(look, item),
    }
    read = gather(reads)
    table: dict[str, Any] = read.results.get("table", {})
    targets: list[dict[str, Any]] = read.results.get("scaling", [])
    throttled: list[Finding] = read.results.get("metrics", [])
    on_demand = table.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST"
    capacity = _capacity(table)
    facts = {
        "billing": "on demand" if on_demand else "provisioned",
        "capacity": "" if on_demand else capacity,
        "autoscaling": [f"{_kind(t)} {t['MinCapacity']} to {t['MaxCapacity']}" for t in targets]
        or ("" if on_demand else "none"),
        "items": table.get("ItemCount"),
        "size_bytes": table.get("TableSizeBytes"),
        "indexes": [index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])],
    }
    findings = [state_finding(item, facts), *throttled]
    if table and not on_demand and not targets and "scaling" in read.results:
        text = f"Table {item.name} has a fixed capacity of {capacity} and no autoscaling."
        details = {"table": item.name, "capacity": capacity, "service": "dynamodb"}
        strength = 0.85 if throttled else 0.45
        findings.append(
            Finding(kind="capacity_fixed", statement=text, strength=strength, resource=item.name, attributes=details)
        )
    return Described(findings, console.dynamodb_table(look.aws, item.name), read.caveat)


def _scaling(look: Look, table: str) -> list[dict[str, Any]]:
    return look.pages(
        "application-autoscaling",
        "describe_scalable_targets",
        "ScalableTargets",
        ServiceNamespace="dynamodb",
        ResourceIds=[f"table/{table}"],
    )


def _kind(target: dict[str, Any]) -> str:
    return "writes" if "Write" in target.get("ScalableDimension", "") else "reads"


def _capacity(table: dict[str, Any]) -> str:
    throughput = table.get("ProvisionedThroughput", {})
    return f"{throughput.get('ReadCapacityUnits', 0)} read and {throughput.get('WriteCapacityUnits', 0)} write units"


def describe_redshift(look: Look, item: Item) -> Described:
    cluster: dict[str, Any] = item.raw
    facts = {
        "node_type": cluster.get("NodeType"),
        "nodes": cluster.get("NumberOfNodes"),
        "status": cluster.get("ClusterStatus"),
        "availability": cluster.get("ClusterAvailabilityStatus"),
        "database": cluster.get("DBName"),
        "pending_changes": cluster.get("PendingModifiedValues"),
        "maintenance_window": cluster.get("PreferredMaintenanceWindow"),
    }
    return Described([state_finding(item, facts)], console.redshift_cluster(look.aws, item.name))
