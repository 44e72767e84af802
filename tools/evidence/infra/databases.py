"""DynamoDB tables and Redshift clusters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent.models import Finding
from tools.evidence import console
from tools.evidence.base import Look
from tools.evidence.infra.inventory import Item
from tools.evidence.infra.state import Described, state_finding
from tools.evidence.infra.throttling import throttles
from tools.evidence.partial import gather


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
