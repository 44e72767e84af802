"""The Redshift Data API as real boto3 sees it: statements are submitted, watched and read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

WAREHOUSE = {
    "engine": "redshift",
    "database": "analytics",
    "cluster": "dwh",
    "tables": [
        {
            "schema_name": "raw",
            "name": "payments",
            "columns": [{"name": "id", "type": "integer"}, {"name": "amount", "type": "varchar(32)"}],
            "generate": ["{int:1-900}", "{int:100-900}.00"],
            "count": 2500,
        },
        {
            "schema_name": "marts",
            "name": "payments",
            "columns": [{"name": "id", "type": "integer"}, {"name": "amount", "type": "integer"}],
            "rows": [[1, 100], [2, 250]],
        },
    ],
    "query_history": [
        {"query_id": 7, "at": "-3h", "user": "loader", "text": "alter table raw.payments add column x int"},
        {
            "query_id": 9,
            "at": "-30m",
            "user": "dbt",
            "text": "insert into t select 1",
            "status": "failed",
            "error": "boom",
        },
    ],
    "running_queries": [{"pid": 50, "user": "bi", "text": "select 1", "started": "-1m"}],
    "load_errors": [
        {
            "at": "-2h",
            "table": "raw.payments",
            "file": "s3://b/k",
            "line": 3,
            "column": "amount",
            "column_type": "int4",
            "value": "n/a",
            "code": 1207,
            "reason": "Invalid digit",
        }
    ],
}
TARGET = {"ClusterIdentifier": "dwh", "Database": "analytics"}


@pytest.fixture
def data(load: Callable[..., Any], client: Callable[..., Any]) -> Any:
    load(sql=[WAREHOUSE])
    return client("redshift-data")


def finish(data: Any, sql: str, **more: Any) -> dict[str, Any]:
    """Submit a statement and wait for its end."""
    submitted = data.execute_statement(**TARGET, Sql=sql, **more)
    return data.describe_statement(Id=submitted["Id"], WaitTimeSeconds=5)


def result(data: Any, sql: str, **more: Any) -> list[list[Any]]:
    ended = finish(data, sql, **more)
    assert ended["Status"] == "FINISHED", ended
    records = data.get_statement_result(Id=ended["Id"])["Records"]
    return [[next(iter(field.values())) for field in row] for row in records]


def test_a_statement_goes_from_submitted_to_finished(data: Any) -> None:
    submitted = data.execute_statement(**TARGET, Sql="select count(*) from marts.payments")
    first = data.describe_statement(Id=submitted["Id"])
    assert first["Status"] in ("SUBMITTED", "PICKED", "STARTED")
    assert "Duration" not in first
    last = data.describe_statement(Id=submitted["Id"], WaitTimeSeconds=5)
    assert (last["Status"], last["HasResultSet"], last["ResultRows"]) == ("FINISHED", True, 1)
    assert last["Duration"] > 0


def test_a_result_is_not_there_before_the_end(data: Any) -> None:
    submitted = data.execute_statement(**TARGET, Sql="select 1")
    with pytest.raises(data.exceptions.ResourceNotFoundException):
        data.get_statement_result(Id=submitted["Id"])


def test_rows_are_filtered_and_typed(data: Any) -> None:
    ended = finish(data, "select id, amount from marts.payments where amount > 200")
    reply = data.get_statement_result(Id=ended["Id"])
    assert reply["Records"] == [[{"longValue": 2}, {"longValue": 250}]]
    assert [(each["name"], each["typeName"]) for each in reply["ColumnMetadata"]] == [
        ("id", "int8"),
        ("amount", "int8"),
    ]


def test_a_long_result_comes_in_pages(data: Any) -> None:
    ended = finish(data, "select id from raw.payments")
    pages = list(data.get_paginator("get_statement_result").paginate(Id=ended["Id"]))
    assert [len(page["Records"]) for page in pages] == [1000, 1000, 500]


def test_parameters_are_text_and_compare_with_numbers(data: Any) -> None:
    found = result(data, "select amount from marts.payments where id = :id", Parameters=[{"name": "id", "value": "2"}])
    assert found == [[250]]


def test_a_failed_statement_tells_the_databases_error(data: Any) -> None:
    ended = finish(data, "insert into marts.payments (id, amount) select id, amount from raw.payments")
    assert ended["Status"] == "FAILED"
    assert 'column "amount" is of type integer but expression is of type character varying' in ended["Error"]
    with pytest.raises(data.exceptions.ResourceNotFoundException):
        data.get_statement_result(Id=ended["Id"])


def test_a_cancelled_statement_is_aborted_and_a_finished_one_cannot_be(data: Any) -> None:
    running = data.execute_statement(**TARGET, Sql="select 1")["Id"]
    assert data.cancel_statement(Id=running)["Status"] is True
    assert data.describe_statement(Id=running)["Status"] == "ABORTED"
    with pytest.raises(data.exceptions.ValidationException):
        data.cancel_statement(Id=finish(data, "select 2")["Id"])


def test_a_batch_stops_at_the_first_failure(data: Any) -> None:
    texts = ["select 1", "select nope from marts.payments", "select 3"]
    batch = data.batch_execute_statement(**TARGET, Sqls=texts)["Id"]
    ended = data.describe_statement(Id=batch, WaitTimeSeconds=5)
    assert ended["Status"] == "FAILED"
    assert [each["Status"] for each in ended["SubStatements"]] == ["FINISHED", "FAILED"]
    assert 'column "nope" does not exist' in ended["SubStatements"][1]["Error"]


def test_each_statement_of_a_batch_has_its_own_result(data: Any) -> None:
    batch = data.batch_execute_statement(**TARGET, Sqls=["select 1", "select 2"])["Id"]
    data.describe_statement(Id=batch, WaitTimeSeconds=5)
    assert data.get_statement_result(Id=f"{batch}:2")["Records"] == [[{"longValue": 2}]]


def test_statements_are_listed_newest_first_by_state_and_name(data: Any) -> None:
    finish(data, "select 1", StatementName="report-a")
    finish(data, "select nope", StatementName="report-b")
    finish(data, "select 3", StatementName="other")

    def names(**query: Any) -> list[str]:
        return [each["StatementName"] for each in data.list_statements(**query)["Statements"]]

    assert names() == ["other", "report-b", "report-a"]
    assert names(StatementName="report") == ["report-b", "report-a"]
    assert names(Status="FAILED") == ["report-b"]
    assert names(ClusterIdentifier="another") == []


def test_a_client_token_submits_only_once(data: Any) -> None:
    ids = {data.execute_statement(**TARGET, Sql="select 1", ClientToken="once")["Id"] for _ in range(3)}
    assert len(ids) == 1


def test_the_catalogue_and_history_can_be_read(data: Any) -> None:
    types = "select table_schema, data_type from svv_columns where column_name = 'amount' order by 1"
    assert result(data, types) == [["marts", "integer"], ["raw", "character varying"]]
    failed = "select user_id, error_message from sys_query_history where status = 'failed'"
    [[user, message]] = result(data, failed)
    assert message == "boom"
    assert result(data, f"select usename from pg_user where usesysid = {user}") == [["dbt"]]
    recent = "select query_id from sys_query_history where start_time > dateadd(hour, -1, getdate()) order by 1"
    assert result(data, recent) == [[9], [50]]
    assert result(data, "select err_reason from stl_load_errors") == [["Invalid digit"]]
    assert result(data, "select user_name from stv_recents") == [["bi"]]


def test_tables_are_listed_by_pattern_and_described(data: Any) -> None:
    tables = data.list_tables(**TARGET, SchemaPattern="ma%")["Tables"]
    assert tables == [{"schema": "marts", "name": "payments", "type": "TABLE"}]
    columns = data.describe_table(**TARGET, Schema="raw", Table="payments")["ColumnList"]
    assert [(each["name"], each["typeName"], each["length"]) for each in columns][1] == ("amount", "varchar", 32)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"ClusterIdentifier": "nope", "Database": "analytics"}, "endpoint doesn't exist"),
        ({"ClusterIdentifier": "dwh", "Database": "nope"}, 'database "nope" does not exist'),
        ({"Database": "analytics"}, "ClusterIdentifier or WorkgroupName"),
    ],
)
def test_a_wrong_target_is_refused(data: Any, target: dict[str, str], message: str) -> None:
    with pytest.raises(ClientError, match=message) as error:
        data.execute_statement(**target, Sql="select 1")
    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_an_unknown_statement_is_refused(data: Any) -> None:
    with pytest.raises(data.exceptions.ResourceNotFoundException):
        data.describe_statement(Id="3f1c0000-0000-4000-8000-000000000000")
