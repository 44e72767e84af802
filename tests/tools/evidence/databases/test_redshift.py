"""A failed statement, the type change behind it, and what is left alone."""

from typing import Any

import pytest

from agent.models import Evidence, EvidenceStatus, Finding
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.databases.statements import sql_failures, table_columns

MISMATCH = 'column "amount" is of type numeric but expression is of type character varying'
BUILD = "insert into marts.fct_orders (order_id, amount) select order_id, amount from raw.orders"
DBT = '/* {"app": "dbt", "dbt_version": "1.9.1", "node_id": "model.analytics.fct_orders"} */ '

COLUMNS = [{"name": "order_id", "type": "varchar(36)"}, {"name": "amount", "type": "varchar(32)"}]
MART_COLUMNS = [{"name": "order_id", "type": "varchar(36)"}, {"name": "amount", "type": "numeric(12,2)"}]
TABLES = [
    {"schema_name": "raw", "name": "orders", "columns": COLUMNS},
    {"schema_name": "marts", "name": "fct_orders", "columns": MART_COLUMNS},
    {"schema_name": "raw", "name": "stock", "columns": [{"name": "sku", "type": "varchar(9)"}]},
]


def query(number: int, at: str, text: str, **more: Any) -> dict[str, Any]:
    return {"query_id": number, "at": at, "user": "loader", "text": text, **more}


def failed(number: int, at: str, text: str = DBT + BUILD, error: str = MISMATCH) -> dict[str, Any]:
    return query(number, at, text, status="failed", error=error)


RETYPED = [
    query(1, "-10d", "create table raw.orders (order_id varchar(36), amount numeric(12,2))"),
    query(2, "-3h", "drop table raw.orders"),
    query(3, "-3h", "create table raw.orders (order_id varchar(36), amount varchar(32))"),
    query(4, "-2h", "select count(*) from raw.stock"),
]


def warehouse(*history: dict[str, Any], **more: Any) -> dict[str, Any]:
    database = {"engine": "redshift", "cluster": "dwh", "database": "analytics", "tables": TABLES}
    cluster = {"name": "dwh", "database": "analytics"}
    return {"resources": {"redshift_clusters": [cluster]}, "sql": [database | {"query_history": list(history)} | more]}


def only(evidence: Evidence, kind: str) -> Finding:
    found = [finding for finding in evidence.findings if finding.kind == kind]
    assert len(found) == 1, (evidence.summary, evidence.findings)
    return found[0]


async def test_failures_are_grouped_with_model_column_and_sources(load: Load, call: Call):
    load(**warehouse(*RETYPED, failed(10, "-50m"), failed(11, "-45m"), failed(12, "-40m")))
    found = only(await call(sql_failures), "sql_error")
    assert found.attributes["model"] == "fct_orders"
    assert found.attributes["column"] == "amount"
    assert found.attributes["sources"] == "raw.orders"
    assert "3 times, first at 14:10 UTC" in found.statement
    assert found.strength > 0.85


async def test_a_read_only_user_is_used_where_one_is_named(load: Load, call: Call, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WATCHKEEPER_REDSHIFT_USER", "reader")
    load(**warehouse(failed(10, "-50m")))
    found = await call(sql_failures)
    assert '"DbUser": "reader"' in found.query
    assert found.findings


async def test_failures_of_other_tables_are_left_out_when_one_is_named(load: Load, call: Call):
    other = failed(20, "-30m", "select x from raw.stock", 'column "x" does not exist')
    load(**warehouse(failed(10, "-50m"), other))
    evidence = await call(sql_failures, table="raw.stock")
    assert only(evidence, "sql_error").attributes["column"] == "x"
    assert "fct_orders" not in evidence.summary


async def test_an_error_that_was_there_all_week_is_weaker(load: Load, call: Call):
    load(**warehouse(failed(10, "-50m"), *(failed(n, f"-{n}d") for n in (2, 3, 4, 5))))
    found = only(await call(sql_failures), "sql_error")
    assert found.strength <= 0.5
    assert "4 times in the week before" in found.statement


async def test_a_load_error_names_its_file_and_column(load: Load, call: Call):
    bad = {
        "at": "-1h",
        "table": "raw.orders",
        "file": "s3://drops/orders/2026-11-18.csv",
        "line": 7,
        "column": "amount",
    }
    bad |= {"column_type": "numeric", "value": "n/a", "code": 1207, "reason": "Invalid digit, Value 'n', Pos 0"}
    load(**warehouse(load_errors=[bad]))
    found = only(await call(sql_failures), "sql_error")
    assert (found.attributes["table"], found.attributes["column"]) == ("raw.orders", "amount")
    assert (found.attributes["bucket"], found.attributes["key"]) == ("drops", "orders/2026-11-18.csv")
    assert found.attributes["code"] == "1207"


async def test_a_quiet_warehouse_is_no_data(load: Load, call: Call):
    load(**warehouse(*RETYPED))
    assert (await call(sql_failures)).status == EvidenceStatus.no_data


async def test_a_type_change_is_found_without_being_told_the_table(load: Load, call: Call):
    load(**warehouse(*RETYPED))
    found = only(await call(table_columns), "type_change")
    assert found.attributes["table"] == "raw.orders"
    assert (found.attributes["before"], found.attributes["after"]) == ("numeric(12,2)", "varchar(32)")
    assert found.at is not None
    assert found.at.hour == 12
    assert found.strength > 0.85


async def test_a_model_leads_to_the_change_in_its_source(load: Load, call: Call):
    load(**warehouse(*RETYPED, failed(10, "-50m")))
    evidence = await call(table_columns, model="fct_orders")
    strongest = max(evidence.findings, key=lambda finding: finding.strength)
    assert (strongest.kind, strongest.resource) == ("type_change", "raw.orders")
    assert "raw.orders: order_id" in evidence.summary


async def test_a_change_elsewhere_is_weaker_than_one_in_the_table_asked_about(load: Load, call: Call):
    load(**warehouse(*RETYPED))
    found = only(await call(table_columns, table="raw.stock"), "type_change")
    assert found.strength < 0.5


async def test_an_unknown_type_before_is_taken_from_where_the_column_went(load: Load, call: Call):
    steps = ("add column amount_new varchar(32)", "drop column amount", "rename column amount_new to amount")
    load(**warehouse(*(query(n, "-3h", f"alter table raw.orders {step}") for n, step in enumerate(steps, 1))))
    found = only(await call(table_columns), "type_change")
    assert found.attributes["before"].startswith("numeric")


async def test_without_changes_the_columns_are_still_listed(load: Load, call: Call):
    load(**warehouse())
    evidence = await call(table_columns, table="raw.stock")
    assert evidence.status == EvidenceStatus.ok
    assert "raw.stock: sku" in evidence.summary
    assert not evidence.findings


async def test_an_account_without_databases_is_no_data(load: Load, call: Call):
    load()
    assert (await call(sql_failures)).status == EvidenceStatus.no_data


async def test_a_denied_statement_is_a_gap(load: Load, call: Call):
    load(**warehouse(*RETYPED), denied=[{"action": "redshift-data:ExecuteStatement"}])
    evidence = await call(sql_failures)
    assert evidence.status == EvidenceStatus.denied
    assert "ExecuteStatement" in evidence.summary
