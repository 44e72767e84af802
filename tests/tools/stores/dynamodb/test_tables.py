from __future__ import annotations

from dataclasses import replace
from typing import Any

from tools.stores.dynamodb.tables import ALERTS, TABLES, create_request, create_tables, missing_tables


def test_what_is_missing_is_created_once(client: Any, table_prefix: str) -> None:
    names = [table_prefix + table.name for table in TABLES]
    assert missing_tables(client, table_prefix) == names
    assert create_tables(client, table_prefix, TABLES[:2]) == names[:2]
    assert missing_tables(client, table_prefix) == names[2:]
    assert create_tables(client, table_prefix) == names[2:]
    assert create_tables(client, table_prefix) == []
    assert missing_tables(client, table_prefix) == []


def test_a_created_table_is_what_its_definition_says(client: Any, table_prefix: str) -> None:
    create_tables(client, table_prefix)
    for table in TABLES:
        name = table_prefix + table.name
        found = client.describe_table(TableName=name)["Table"]
        assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        assert [key["AttributeName"] for key in found["KeySchema"]] == [k for k in (table.partition, table.sort) if k]
        assert {index["IndexName"] for index in found.get("GlobalSecondaryIndexes", [])} == {
            index.name for index in table.indexes
        }
        assert found.get("StreamSpecification", {}).get("StreamEnabled", False) is table.stream
        ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert ttl.get("AttributeName", "") == (table.ttl_attribute if table.retention_days else "")
        backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        assert (recovery == "ENABLED") is table.recovery


def test_what_is_kept_for_how_long_is_as_designed() -> None:
    assert {table.name: table.retention_days for table in TABLES} == {
        "alerts": 7,
        "workflows": 30,
        "incidents": 0,
        "plans": 0,
        "approvals": 90,
        "history": 90,
        "conversations": 7,
        "coordination": 40,
        "feedback": 400,
    }


def test_every_attribute_that_a_definition_declares_is_a_key() -> None:
    """DynamoDB refuses a declared attribute that no key schema uses."""
    for table in TABLES:
        request = create_request(table, "any-")
        schemas = [request["KeySchema"], *(index["KeySchema"] for index in request.get("GlobalSecondaryIndexes", []))]
        used = {key["AttributeName"] for schema in schemas for key in schema}
        assert used == {attribute["AttributeName"] for attribute in request["AttributeDefinitions"]}


def test_a_table_of_the_version_before_gets_the_indexes_that_it_lacks(client: Any, table_prefix: str) -> None:
    older = tuple(replace(table, indexes=table.indexes[:2]) for table in TABLES if table.name != "alerts")
    create_tables(client, table_prefix, (replace(ALERTS, indexes=()), *older))
    lacking = [f"{table_prefix}alerts/by_incident", f"{table_prefix}incidents/by_time"]
    assert missing_tables(client, table_prefix) == lacking
    assert create_tables(client, table_prefix) == lacking
    assert missing_tables(client, table_prefix) == []
    assert create_tables(client, table_prefix) == []
