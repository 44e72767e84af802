"""The RDS Data API as real boto3 sees it: SQL that is executed for real."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.account.conftest import NOW

ARN = "arn:aws:rds:us-east-1:123456789012:cluster:shop"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop"
DATABASE = {
    "engine": "postgres",
    "database": "shop",
    "resource_arn": ARN,
    "tables": [
        {
            "name": "orders",
            "columns": [
                {"name": "id", "type": "integer"},
                {"name": "status", "type": "varchar(8)"},
                {"name": "total", "type": "numeric(10,2)"},
                {"name": "gift", "type": "boolean"},
                {"name": "created_at", "type": "timestamp"},
            ],
            "rows": [
                [1, "paid", 10.5, True, "2026-11-04 14:00:00"],
                [2, "paid", 20.0, False, "2026-11-04 13:10:00"],
                [3, "void", None, False, "2026-11-03 09:00:00"],
            ],
        },
        {
            "schema_name": "audit",
            "name": "events",
            "columns": [{"name": "id", "type": "uuid"}],
            "generate": ["{uuid}"],
            "count": 50,
        },
    ],
    "failing_statements": [{"pattern": "from audit\\.secrets", "error": "permission denied for table secrets"}],
    "running_queries": [
        {"pid": 100, "user": "app", "text": "select 1", "started": "-10m", "state": "idle", "count": 7},
        {"pid": 200, "user": "report", "text": "select pg_sleep(600)", "started": "-6m"},
        {
            "pid": 300,
            "user": "app",
            "text": "update orders set gift = true",
            "started": "-2m",
            "wait_event": "transactionid",
        },
    ],
    "locks": [
        {"pid": 200, "table": "orders"},
        {"pid": 300, "table": "orders", "granted": False, "blocked_by": 200},
    ],
}

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(load: Callable[..., Any], client: Callable[..., Any]) -> Run:
    load(sql=[DATABASE])
    data = client("rds-data")

    def execute(sql: str, *parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
        target = {"resourceArn": ARN, "secretArn": SECRET, "database": "shop"}
        return data.execute_statement(**{**target, "sql": sql, "parameters": list(parameters), **more})

    return execute


def rows(reply: dict[str, Any]) -> list[list[Any]]:
    """The values without their wrapping; null is None."""
    return [[None if "isNull" in each else next(iter(each.values())) for each in row] for row in reply["records"]]


def refused(run: Run, sql: str, *parameters: dict[str, Any]) -> str:
    with pytest.raises(ClientError) as error:
        run(sql, *parameters)
    assert error.value.response["Error"]["Code"] == "DatabaseErrorException"
    return error.value.response["Error"]["Message"]


def test_a_query_returns_only_the_rows_that_match(run: Run) -> None:
    assert rows(run("select id from orders where status = 'paid' and total > 15")) == [[2]]
    assert rows(run("select status, count(*) from orders group by status order by 1")) == [["paid", 2], ["void", 1]]


def test_values_come_in_the_fields_of_their_types(run: Run) -> None:
    reply = run("select id, status, total, gift, created_at from orders where id in (1, 3)", includeResultMetadata=True)
    assert reply["records"][0] == [
        {"longValue": 1},
        {"stringValue": "paid"},
        {"stringValue": "10.5"},
        {"booleanValue": True},
        {"stringValue": "2026-11-04 14:00:00"},
    ]
    assert reply["records"][1][2] == {"isNull": True}
    assert [column["typeName"] for column in reply["columnMetadata"]] == [
        "int8",
        "varchar",
        "numeric",
        "bool",
        "timestamp",
    ]


def test_parameters_are_bound_by_name_and_cast_by_their_hint(run: Run) -> None:
    status = {"name": "status", "value": {"stringValue": "paid"}}
    since = {"name": "since", "value": {"stringValue": "2026-11-04 14:00:00"}, "typeHint": "TIMESTAMP"}
    found = run("select id from orders where status = :status and created_at >= :since", status, since)
    assert rows(found) == [[1]]
    assert "Cannot find parameter: status" in refused(run, "select id from orders where status = :status", since)


def test_a_parameter_is_never_read_as_sql(run: Run) -> None:
    sneaky = {"name": "status", "value": {"stringValue": "x' or '1'='1"}}
    assert rows(run("select id from orders where status = :status", sneaky)) == []


def test_results_can_be_had_as_json(run: Run) -> None:
    reply = run("select id, gift from orders order by id limit 2", formatRecordsAs="JSON")
    assert json.loads(reply["formattedRecords"]) == [{"id": 1, "gift": True}, {"id": 2, "gift": False}]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select nope from orders", 'column "nope" does not exist'),
        ("select * from nowhere", 'relation "nowhere" does not exist'),
        ("select * from events", 'relation "events" does not exist'),
        ("select frobnicate(id) from orders", "function frobnicate() does not exist"),
        ("select status::int from orders", 'invalid input syntax for type integer: "paid"'),
        ("select sum(status) from orders", "function sum(character varying) does not exist"),
        ("select from where", "syntax error at or near"),
        ("select 1; select 2", "exactly one statement"),
        ("drop table orders", "DROP is not supported"),
        ("select * from audit.secrets", "permission denied for table secrets"),
    ],
)
def test_a_wrong_statement_fails_as_postgresql_words_it(run: Run, sql: str, message: str) -> None:
    assert message in refused(run, sql)


def test_times_and_intervals_are_computed(run: Run) -> None:
    fresh = "select id from orders where created_at > now() - interval '90 minutes'"
    assert rows(run(fresh)) == [[1]]
    spans = "select max(created_at) - min(created_at), date_trunc('hour', max(created_at)) from orders"
    assert rows(run(spans)) == [["1 day 05:00:00", "2026-11-04 14:00:00"]]
    assert rows(run("select extract(epoch from interval '2 hours')")) == [[7200.0]]


def test_sessions_and_their_limits_are_shown(run: Run) -> None:
    by_state = "select state, count(*) from pg_stat_activity group by state order by count(*) desc"
    assert rows(run(by_state)) == [["idle", 7], ["active", 2]]
    long = "select pid from pg_stat_activity where state = 'active' and now() - query_start > interval '5 minutes'"
    assert rows(run(long)) == [[200]]


def test_settings_are_the_parameters_of_the_instance(run: Run, load: Callable[..., Any]) -> None:
    assert rows(run("show max_connections")) == [["100"]]
    instance = {"name": "shop", "parameters": {"max_connections": "120"}}
    load(sql=[DATABASE], resources={"rds_instances": [instance]}, now=NOW + timedelta(minutes=1))
    assert rows(run("select setting::int from pg_settings where name = 'max_connections'")) == [[120]]


def test_who_blocks_whom_is_shown(run: Run) -> None:
    waiting = "select pid from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0"
    assert rows(run(waiting)) == [[300]]
    blocking = "select pid from pg_stat_activity where pid = any(pg_blocking_pids(300))"
    assert rows(run(blocking)) == [[200]]
    assert rows(run("select pid from pg_locks where not granted")) == [[300]]


def test_a_terminated_session_is_gone(run: Run) -> None:
    assert rows(run("select pg_terminate_backend(200)")) == [[1]]
    assert rows(run("select count(*) from pg_stat_activity where pid = 200")) == [[0]]
    assert rows(run("select pg_terminate_backend(999)")) == [[0]]


def test_a_write_changes_the_table(run: Run) -> None:
    assert run("update orders set status = 'sent' where status = 'paid'")["numberOfRecordsUpdated"] == 2
    assert rows(run("select count(*) from orders where status = 'paid'")) == [[0]]


def test_a_transaction_shows_its_writes_to_others_only_when_committed(run: Run, client: Callable[..., Any]) -> None:
    data = client("rds-data")
    count = "select count(*) from orders"
    transaction = data.begin_transaction(resourceArn=ARN, secretArn=SECRET)["transactionId"]
    run("delete from orders where id = 3", transactionId=transaction)
    assert rows(run(count, transactionId=transaction)) == [[2]]
    assert rows(run(count)) == [[3]]
    data.commit_transaction(resourceArn=ARN, secretArn=SECRET, transactionId=transaction)
    assert rows(run(count)) == [[2]]
    with pytest.raises(data.exceptions.TransactionNotFoundException):
        run(count, transactionId=transaction)


def test_a_transaction_that_is_rolled_back_leaves_nothing(run: Run, client: Callable[..., Any]) -> None:
    data = client("rds-data")
    transaction = data.begin_transaction(resourceArn=ARN, secretArn=SECRET)["transactionId"]
    run("delete from orders", transactionId=transaction)
    data.rollback_transaction(resourceArn=ARN, secretArn=SECRET, transactionId=transaction)
    assert rows(run("select count(*) from orders")) == [[3]]


def test_a_batch_runs_once_for_each_set_of_parameters(run: Run, client: Callable[..., Any]) -> None:
    sets = [[{"name": "id", "value": {"longValue": number}}] for number in (1, 2)]
    sql = "delete from orders where id = :id"
    reply = client("rds-data").batch_execute_statement(resourceArn=ARN, secretArn=SECRET, sql=sql, parameterSets=sets)
    assert len(reply["updateResults"]) == 2
    assert rows(run("select id from orders")) == [[3]]


def test_generated_rows_are_the_same_each_time(run: Run, load: Callable[..., Any]) -> None:
    before = rows(run("select * from audit.events order by 1"))
    load(sql=[DATABASE])
    assert len(before) == 50
    assert rows(run("select * from audit.events order by 1")) == before


def test_an_unknown_cluster_is_refused(run: Run) -> None:
    with pytest.raises(ClientError) as error:
        run("select 1", resourceArn=ARN + "-other")
    assert error.value.response["Error"]["Code"] == "DatabaseNotFoundException"
