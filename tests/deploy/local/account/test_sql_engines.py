"""What holds of the RDS Data API whichever engine runs its statements: SQLite, or a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.local.account import Scenario, SimulatedAccount
from deploy.local.account.sql import SqlDatabase
from tests.deploy.local.account.conftest import ALERT, ANSWER, NOW
from tests.peers.fixtures import postgres_server

__all__ = ["postgres_server"]

ARN = "arn:aws:rds:us-east-1:123456789012:cluster:shop"
TARGET = {"resourceArn": ARN, "secretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop"}
ORDERS = {
    "name": "orders",
    "columns": [
        {"name": "id", "type": "integer"},
        {"name": "status", "type": "varchar(8)"},
        {"name": "total", "type": "numeric(10,2)"},
        {"name": "gift", "type": "boolean"},
        {"name": "created_at", "type": "timestamp"},
    ],
    "rows": [
        [1, "paid", 10.55, True, "2026-11-04 14:00:00"],
        [2, "paid", 20.25, False, "2026-11-04 13:10:00.5"],
        [3, "void", None, False, "2026-11-03 09:00:00"],
    ],
}
DATABASE: dict[str, Any] = {"engine": "postgres", "database": "shop", "resource_arn": ARN, "tables": [ORDERS]}
STORY = {"name": "t", "title": "t", "description": "t", "alert": ALERT, "question": "?", "answer_key": ANSWER}

Account = Callable[[], Any]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def account(request: pytest.FixtureRequest) -> Iterator[SimulatedAccount]:
    if request.param == "sqlite":
        with SimulatedAccount(clock=lambda: NOW, sql_engine=SqlDatabase) as running:
            yield running
        return
    postgres = pytest.importorskip("deploy.local.account.sql.postgres", reason="psycopg is not installed")
    engines = postgres.PostgresEngines(request.getfixturevalue("postgres_server"))
    with SimulatedAccount(clock=lambda: NOW, sql_engine=engines.open) as running:
        yield running
    engines.close()


@pytest.fixture
def data(account: SimulatedAccount, client: Callable[..., Any]) -> Any:
    """A boto3 client of the Data API, before a fresh copy of the database."""
    account.reset()
    account.load(Scenario.model_validate({**STORY, "sql": [DATABASE]}), now=NOW)
    return client("rds-data")


def run(data: Any, sql: str, *parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return data.execute_statement(**{**TARGET, "sql": sql, "parameters": list(parameters), **more})


def rows(reply: dict[str, Any]) -> list[list[Any]]:
    """The values without their wrapping; null is None."""
    return [[None if "isNull" in each else next(iter(each.values())) for each in row] for row in reply["records"]]


def refusal(data: Any, sql: str, *parameters: dict[str, Any]) -> str:
    with pytest.raises(ClientError) as error:
        run(data, sql, *parameters)
    return error.value.response["Error"]["Message"]


def text(name: str, value: str, hint: str = "") -> dict[str, Any]:
    return {"name": name, "value": {"stringValue": value}, **({"typeHint": hint} if hint else {})}


def test_only_rows_that_match_come_back(data: Any) -> None:
    assert rows(run(data, "select id from orders where status = 'paid' and total > 15")) == [[2]]
    counted = "select status, count(*) from orders group by status order by 1"
    assert rows(run(data, counted)) == [["paid", 2], ["void", 1]]


def test_each_type_has_its_field(data: Any) -> None:
    reply = run(data, "select id, status, total, gift, created_at from orders order by id", includeResultMetadata=True)
    assert reply["records"][0] == [
        {"longValue": 1},
        {"stringValue": "paid"},
        {"stringValue": "10.55"},
        {"booleanValue": True},
        {"stringValue": "2026-11-04 14:00:00"},
    ]
    assert reply["records"][1][4] == {"stringValue": "2026-11-04 13:10:00.5"}
    assert reply["records"][2][2] == {"isNull": True}
    assert [column["label"] for column in reply["columnMetadata"]] == ["id", "status", "total", "gift", "created_at"]


def test_parameters_are_cast_by_their_hint(data: Any) -> None:
    since = text("since", "2026-11-04 13:30:00", "TIMESTAMP")
    assert rows(run(data, "select id from orders where created_at >= :since", since)) == [[1]]
    least = text("least", "20.00", "DECIMAL")
    assert rows(run(data, "select id from orders where total > :least", least)) == [[2]]
    wanted = {"name": "wanted", "value": {"longValue": 3}}
    assert rows(run(data, "select status from orders where id = :wanted", wanted)) == [["void"]]
    gift = {"name": "gift", "value": {"booleanValue": True}}
    assert rows(run(data, "select id from orders where gift = :gift", gift)) == [[1]]


def test_a_parameter_is_never_read_as_sql(data: Any) -> None:
    assert rows(run(data, "select id from orders where status = :status", text("status", "x' or '1'='1"))) == []


def test_a_missing_parameter_is_named(data: Any) -> None:
    assert "Cannot find parameter: status" in refusal(data, "select id from orders where status = :status")


@pytest.mark.parametrize(
    ("sql", "message", "state"),
    [
        ("select nope from orders", 'column "nope" does not exist', "42703"),
        ("select * from nowhere", 'relation "nowhere" does not exist', "42P01"),
        ("select status::int from orders", 'invalid input syntax for type integer: "paid"', "22P02"),
        ("select from where", "syntax error at or near", "42601"),
    ],
)
def test_errors_are_worded_as_the_database_words_them(data: Any, sql: str, message: str, state: str) -> None:
    said = refusal(data, sql)
    assert said.startswith(f"ERROR: {message}")
    assert said.endswith(f"SQLState: {state}")


def test_one_call_runs_one_statement(data: Any) -> None:
    assert "ERROR" in refusal(data, "select 1; select 2")


def test_rows_can_be_had_as_json(data: Any) -> None:
    reply = run(data, "select id, total, gift from orders order by id limit 2", formatRecordsAs="JSON")
    assert json.loads(reply["formattedRecords"]) == [
        {"id": 1, "total": 10.55, "gift": True},
        {"id": 2, "total": 20.25, "gift": False},
    ]


def test_others_see_a_transactions_writes_when_it_is_committed(data: Any) -> None:
    count = "select count(*) from orders"
    transaction = data.begin_transaction(**TARGET)["transactionId"]
    assert run(data, "delete from orders where id = 3", transactionId=transaction)["numberOfRecordsUpdated"] == 1
    assert rows(run(data, count, transactionId=transaction)) == [[2]]
    assert rows(run(data, count)) == [[3]]
    data.commit_transaction(**TARGET, transactionId=transaction)
    assert rows(run(data, count)) == [[2]]


def test_a_transaction_that_is_rolled_back_leaves_nothing(data: Any) -> None:
    transaction = data.begin_transaction(**TARGET)["transactionId"]
    run(data, "delete from orders", transactionId=transaction)
    data.rollback_transaction(**TARGET, transactionId=transaction)
    assert rows(run(data, "select count(*) from orders")) == [[3]]
