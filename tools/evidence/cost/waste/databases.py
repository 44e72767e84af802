"""Databases that nobody connects to or that are larger than they need be, and tables with capacity that nobody uses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tools.evidence.base import Look
from tools.evidence.cost import prices
from tools.evidence.cost.waste.items import MAX_LISTED, MAX_MEASURED, Checked, Measure, Waste, cut, days_of, settled
from tools.evidence.partial import gather

LOW_CPU_PERCENT = 20.0
SMALLEST = ("nano", "micro", "small")
ONE_SIZE_DOWN = 0.5
"""The next smaller size costs half."""
USED_CAPACITY = 0.2
SPARE = 1.5
"""Capacity beyond one and a half times the busiest hour is spare."""
MAX_TABLES = 300
SECONDS_A_MINUTE = 60
HOUR = timedelta(hours=1)
_CONNECTIONS = Measure("rds", "AWS/RDS", "DBInstanceIdentifier", "DatabaseConnections", "Maximum")
_CPU = Measure("rds", "AWS/RDS", "DBInstanceIdentifier", "CPUUtilization", "Average", HOUR)
_WRITES = Measure("dynamodb", "AWS/DynamoDB", "TableName", "ConsumedWriteCapacityUnits", "Sum", HOUR)
_READS = Measure("dynamodb", "AWS/DynamoDB", "TableName", "ConsumedReadCapacityUnits", "Sum", HOUR)


def unused_databases(look: Look) -> Checked:
    """RDS instances without a connection, or whose CPU never reached 20% in any hour; stopped ones keep storage."""
    listed = look.pages("rds", "describe_db_instances", "DBInstances", limit=MAX_LISTED)
    old = [i for i in listed if settled(look, i.get("InstanceCreateTime"))][:MAX_MEASURED]
    running = [i["DBInstanceIdentifier"] for i in old if i.get("DBInstanceStatus") == "available"]
    connections, cpu = _CONNECTIONS.of(look, running), _CPU.of(look, running)
    wastes: list[Waste] = []
    for instance in old:
        name = instance["DBInstanceIdentifier"]
        if instance.get("DBInstanceStatus") == "stopped":
            words = f"Database {name} is stopped and keeps {instance.get('AllocatedStorage', 0)} GB of storage"
            wastes.append(Waste("rds", "db", name, "stopped", words, _storage(instance), certainty=0.9))
        elif connections.get(name) and max(connections[name]) == 0:
            words = f"Database {name}, {instance['DBInstanceClass']}, had no connection in {days_of(look)} days"
            compute = _compute(instance)
            monthly = compute + (_storage(instance) or 0.0) if compute is not None else None
            wastes.append(Waste("rds", "db", name, "no_connections", words, monthly))
        elif cpu.get(name) and max(cpu[name]) < LOW_CPU_PERCENT and _can_shrink(instance):
            words = (
                f"Database {name}, {instance['DBInstanceClass']}, used at most {max(cpu[name]):.0f}% CPU in any hour "
                f"of {days_of(look)} days; one size smaller saves (look at its memory first)"
            )
            compute = _compute(instance)
            saved = compute * ONE_SIZE_DOWN if compute is not None else None
            wastes.append(Waste("rds", "db", name, "oversized", words, saved, share=ONE_SIZE_DOWN, certainty=0.6))
    return Checked(len(listed), wastes, cut(old, MAX_MEASURED, "databases"))


def idle_capacity(look: Look) -> Checked:
    """DynamoDB tables whose provisioned capacity is hardly used, even in their busiest hour."""
    names = look.pages("dynamodb", "list_tables", "TableNames", limit=MAX_LISTED)
    reads: dict[str, Callable[[], dict[str, Any]]] = {
        name: lambda name=name: look.call("dynamodb", "describe_table", TableName=name)["Table"]
        for name in names[:MAX_TABLES]
    }
    read = gather(reads)
    tables = [table for table in read.results.values() if _provisioned(table) > 0 and _settled(look, table)]
    wrote, was_read = [m.of(look, [t["TableName"] for t in tables]) for m in (_WRITES, _READS)] if tables else ({}, {})
    wastes: list[Waste] = []
    for table in tables:
        name, capacity = table["TableName"], table["ProvisionedThroughput"]
        writes, gets = (max(used.get(name, []), default=0.0) / SECONDS_A_MINUTE for used in (wrote, was_read))
        units = (capacity["WriteCapacityUnits"], capacity["ReadCapacityUnits"])
        used = max(writes / max(units[0], 1), gets / max(units[1], 1))
        spare = prices.capacity_month(max(units[0] - SPARE * writes, 0), max(units[1] - SPARE * gets, 0))
        whole = prices.capacity_month(*units)
        if used < USED_CAPACITY and spare > 1:
            words = (
                f"Table {name} has {units[0]:,} write and {units[1]:,} read units provisioned and used at most "
                f"{used * 100:.0f}% of them in any hour of {days_of(look)} days"
            )
            reason = "idle" if used == 0 else "oversized"
            wastes.append(Waste("dynamodb", "table", name, reason, words, spare, share=spare / whole, certainty=0.85))
    caveat = f" Only the first {MAX_TABLES} of {len(names):,} tables were looked at." if len(names) > MAX_TABLES else ""
    return Checked(len(names), wastes, read.caveat + caveat)


def _compute(instance: dict[str, Any]) -> float | None:
    return prices.database_month(
        instance["DBInstanceClass"], instance.get("Engine", ""), multi_az=instance.get("MultiAZ", False)
    )


def _storage(instance: dict[str, Any]) -> float | None:
    """Aurora keeps its storage with the cluster, whatever becomes of an instance."""
    price = prices.RDS_STORAGE_GB_MONTH.get(instance.get("StorageType", ""))
    if price is None or instance.get("Engine", "").startswith("aurora"):
        return None
    return instance.get("AllocatedStorage", 0) * price * (2 if instance.get("MultiAZ") else 1)


def _can_shrink(instance: dict[str, Any]) -> bool:
    size = instance["DBInstanceClass"].rsplit(".", 1)[-1]
    return size not in SMALLEST and instance["DBInstanceClass"] != "db.serverless"


def _provisioned(table: dict[str, Any]) -> int:
    if table.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST":
        return 0
    capacity = table.get("ProvisionedThroughput", {})
    return capacity.get("WriteCapacityUnits", 0) + capacity.get("ReadCapacityUnits", 0)


def _settled(look: Look, table: dict[str, Any]) -> bool:
    return settled(look, table.get("CreationDateTime"))
