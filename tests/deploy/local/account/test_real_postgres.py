"""What only a real PostgreSQL shows behind the Data APIs: strict types, sessions and locks of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from agent.errors import InputError
from deploy.local.account import Scenario, SimulatedAccount
from deploy.local.account.schema.sql import Database
from tests.deploy.local.account.conftest import NOW
from tests.deploy.local.account.test_sql_engines import DATABASE, STORY, TARGET, postgres_server, rows, run, text

__all__ = ["postgres_server"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def account(postgres_server: str) -> Iterator[SimulatedAccount]:
    postgres = pytest.importorskip("deploy.local.account.sql.postgres", reason="psycopg is not installed")
    engines = postgres.PostgresEngines(postgres_server)
    with SimulatedAccount(sql_engine=engines.open) as running:
        yield running
    engines.close()


@pytest.fixture
def data(account: SimulatedAccount, client: Callable[..., Any]) -> Any:
    account.reset()
    account.load(Scenario.model_validate({**STORY, "sql": [DATABASE]}), now=NOW)
    return client("rds-data")


def failure(data: Any, sql: str, *parameters: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        run(data, sql, *parameters)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_text_is_not_compared_with_a_time_without_a_hint(data: Any) -> None:
    sql = "select id from orders where created_at >= :since"
    code, message = failure(data, sql, text("since", "2026-11-04 13:30:00"))
    assert code == "DatabaseErrorException"
    assert "operator does not exist: timestamp without time zone >= character varying" in message
    assert message.endswith("SQLState: 42883")


def test_the_position_of_a_mistake_is_told(data: Any) -> None:
    assert "Position: 8" in failure(data, "select nope from orders")[1]


def test_a_result_of_a_type_that_the_api_cannot_carry_is_refused(data: Any) -> None:
    code, message = failure(data, "select transactionid from pg_locks")
    assert (code, message) == ("UnsupportedResultException", "The result contains the unsupported data type XID")


def test_colons_in_quotes_and_casts_are_no_parameters(data: Any) -> None:
    sql = "select 'at :noon' as a, '12:30'::time as b, :real as c -- :comment"
    assert rows(run(data, sql, text("real", "x"))) == [["at :noon", "12:30:00", "x"]]


def test_a_session_that_waits_shows_who_blocks_it(data: Any, account: SimulatedAccount) -> None:
    transaction = data.begin_transaction(**TARGET)["transactionId"]
    run(data, "update orders set gift = true where id = 1", transactionId=transaction)
    second = data.begin_transaction(**TARGET)["transactionId"]
    run(data, "set local lock_timeout = '200ms'", transactionId=second)
    started = time.monotonic()
    with pytest.raises(ClientError, match="lock timeout"):
        run(data, "update orders set gift = false where id = 1", transactionId=second)
    assert time.monotonic() - started >= 0.2
    data.rollback_transaction(**TARGET, transactionId=second)
    data.rollback_transaction(**TARGET, transactionId=transaction)


def test_declared_sessions_are_refused(postgres_server: str) -> None:
    postgres = pytest.importorskip("deploy.local.account.sql.postgres", reason="psycopg is not installed")
    pretended = {**DATABASE, "running_queries": [{"pid": 1, "user": "app", "text": "select 1", "started": "-1m"}]}
    with pytest.raises(InputError, match="sessions and locks"):
        postgres.PostgresDatabase(postgres_server, Database.model_validate(pretended), NOW)


def test_redshifts_statements_run_on_it_too_with_the_system_tables_that_are_declared(
    account: SimulatedAccount, client: Callable[..., Any]
) -> None:
    failed = {"query_id": 7, "at": "-10m", "user": "dbt", "text": "create table x", "status": "failed", "error": "no x"}
    warehouse = {**DATABASE, "engine": "redshift", "cluster": "dwh", "database": "analytics", "query_history": [failed]}
    warehouse.pop("resource_arn")
    account.reset()
    account.load(Scenario.model_validate({**STORY, "sql": [warehouse]}), now=NOW)
    data = client("redshift-data")

    def rows_of(sql: str, **parameters: str) -> list[list[Any]]:
        given = [{"name": name, "value": value} for name, value in parameters.items()]
        target: dict[str, Any] = {"ClusterIdentifier": "dwh", "Database": "analytics", "DbUser": "reader"}
        target |= {"Parameters": given} if given else {}
        statement = data.execute_statement(Sql=sql, **target)["Id"]
        status = data.describe_statement(Id=statement, WaitTimeSeconds=5)
        assert status["Status"] == "FINISHED", status.get("Error")
        found = data.get_statement_result(Id=statement)["Records"]
        return [[next(iter(cell.values())) for cell in row] for row in found]

    assert rows_of("select query_id, error_message from sys_query_history where status = 'failed'") == [[7, "no x"]]
    assert rows_of("select status from orders where id = :id", id="3") == [["void"]]
