"""Every DynamoDB table, once: the stores use them; tests, `watchkeeper tables` and the cloud deployment create them.

All keys are strings. Each table is on demand, is encrypted by DynamoDB itself, and is named by its prefix and its name.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from agent.errors import StoreUnavailable

DELETE_AFTER = "delete_after"
"""TTL attribute of our own items: whole Unix seconds, after which DynamoDB may delete the item (within two days)."""


_INDEX_POLLS = 300
_INDEX_POLL_SECONDS = 2


@dataclass(frozen=True)
class Index:
    """A global secondary index. `KEYS_ONLY` ones are followed by a consistent read of the items themselves."""

    name: str
    partition: str
    sort: str
    projection: str = "KEYS_ONLY"


@dataclass(frozen=True)
class TableDefinition:
    """`retention_days` is 0 where items stay. `recovery` asks for point-in-time recovery, `stream` for both images."""

    name: str
    partition: str
    sort: str = ""
    indexes: tuple[Index, ...] = ()
    ttl_attribute: str = DELETE_AFTER
    retention_days: int = 0
    recovery: bool = False
    stream: bool = False


ALERTS = TableDefinition("alerts", "id", indexes=(Index("by_incident", "incident", "id"),), retention_days=7)
"""Anomaly tracking: sightings by fingerprint and incident, claimed and counted events (7 days), which jobs were queued
(14), and when an alert's windows opened (90). Each item says itself when it goes."""

WORKFLOWS = TableDefinition("workflows", "PK", "SK", ttl_attribute="ttl", retention_days=30, recovery=True)
"""Checkpoints of graph runs; keys and TTL attribute are those of LangGraph's DynamoDB saver."""

INCIDENTS = TableDefinition(
    "incidents",
    "id",
    indexes=(
        Index("by_status", "status", "created_at"),
        Index("by_place", "place", "created_at"),
        Index("by_time", "month", "last_at"),
    ),
    recovery=True,
)

PLANS = TableDefinition(
    "plans",
    "id",
    indexes=(Index("by_status", "status", "created_at"), Index("by_incident", "incident_id", "created_at")),
    recovery=True,
)

APPROVALS = TableDefinition(
    "approvals", "id", indexes=(Index("by_decision", "decision", "created_at"),), retention_days=90, recovery=True
)

HISTORY = TableDefinition(
    "history",
    "subject",
    "sequence",
    indexes=(Index("by_month", "month", "sequence", "ALL"), Index("by_subject", "about", "sequence", "ALL")),
    retention_days=90,
    recovery=True,
)
"""The audit trail: one partition, in order, so that it is read consistently as the chain that it is. Nobody but
DynamoDB's TTL needs the right to update or delete here. What earlier versions wrote lies under its subject."""

CONVERSATIONS = TableDefinition("conversations", "place", "item", retention_days=7, stream=True)

COORDINATION = TableDefinition("coordination", "group", "item", retention_days=40)
"""What processes tell each other: locks, requests to stop, mutes, what each day's models took, and learnt state."""

FEEDBACK = TableDefinition(
    "feedback", "id", indexes=(Index("by_month", "month", "at", "ALL"),), retention_days=400, recovery=True
)

TABLES = (ALERTS, WORKFLOWS, INCIDENTS, PLANS, APPROVALS, HISTORY, CONVERSATIONS, COORDINATION, FEEDBACK)


def create_request(table: TableDefinition, prefix: str) -> dict[str, Any]:
    """The parameters of CreateTable."""
    keys = [(table.partition, table.sort), *((index.partition, index.sort) for index in table.indexes)]
    attributes = sorted({name for pair in keys for name in pair if name})
    request: dict[str, Any] = {
        "TableName": prefix + table.name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        "KeySchema": _key_schema(table.partition, table.sort),
    }
    if table.indexes:
        request["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index.name,
                "KeySchema": _key_schema(index.partition, index.sort),
                "Projection": {"ProjectionType": index.projection},
            }
            for index in table.indexes
        ]
    if table.stream:
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    return request


def create_tables(client: Any, prefix: str, tables: tuple[TableDefinition, ...] = TABLES) -> list[str]:
    """Create what is missing and wait for it; returns the names of what is new. `client` is boto3's for DynamoDB.

    A table of an earlier version gets the indexes that it lacks (`name/index`), one after the other, as DynamoDB asks;
    what was written before has none of their attributes, so it is listed there once it is written again.
    """
    created: list[str] = []
    for table in tables:
        try:
            client.create_table(**create_request(table, prefix))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceInUseException":
                raise
            created += _add_indexes(client, table, prefix + table.name)
            continue
        _finish(client, table, prefix + table.name)
        created.append(prefix + table.name)
    return created


def missing_tables(client: Any, prefix: str) -> list[str]:
    """The names of the tables that are not there, and of indexes that are missing: `name/index`."""
    missing: list[str] = []
    for table in TABLES:
        name = prefix + table.name
        try:
            missing += [f"{name}/{index.name}" for index in _missing_indexes(client, table, name)]
        except client.exceptions.ResourceNotFoundException:
            missing.append(name)
    return missing


def _missing_indexes(client: Any, table: TableDefinition, name: str) -> list[Index]:
    found = client.describe_table(TableName=name)["Table"].get("GlobalSecondaryIndexes", [])
    there = {index["IndexName"] for index in found}
    return [index for index in table.indexes if index.name not in there]


def _add_indexes(client: Any, table: TableDefinition, name: str) -> list[str]:
    added: list[str] = []
    for index in _missing_indexes(client, table, name):
        whole = create_request(table, "")
        described = [each for each in whole["GlobalSecondaryIndexes"] if each["IndexName"] == index.name]
        client.update_table(
            TableName=name,
            AttributeDefinitions=whole["AttributeDefinitions"],
            GlobalSecondaryIndexUpdates=[{"Create": described[0]}],
        )
        _wait_for_indexes(client, name)
        added.append(f"{name}/{index.name}")
    return added


def _wait_for_indexes(client: Any, name: str) -> None:
    """StoreUnavailable when DynamoDB still builds one after ten minutes."""
    for _ in range(_INDEX_POLLS):
        found = client.describe_table(TableName=name)["Table"].get("GlobalSecondaryIndexes", [])
        if all(index.get("IndexStatus", "ACTIVE") == "ACTIVE" for index in found):
            return
        time.sleep(_INDEX_POLL_SECONDS)
    raise StoreUnavailable(f"DynamoDB still builds an index of {name}; run `watchkeeper tables` again in a while.")


def _finish(client: Any, table: TableDefinition, name: str) -> None:
    """TTL and recovery can be set only on a table that is active."""
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    if table.retention_days:
        ttl = {"Enabled": True, "AttributeName": table.ttl_attribute}
        client.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    if table.recovery:
        recovery = {"PointInTimeRecoveryEnabled": True}
        client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    keys = [{"AttributeName": partition, "KeyType": "HASH"}]
    return [*keys, {"AttributeName": sort, "KeyType": "RANGE"}] if sort else keys
