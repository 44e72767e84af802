"""Failed dbt models, from result tables and from logs."""

from typing import Any

from agent.models import EvidenceStatus
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.databases.dbt import dbt_run_results


def table(name: str, columns: dict[str, str], rows: list[list[Any]]) -> dict[str, Any]:
    declared = [{"name": column, "type": kind} for column, kind in columns.items()]
    return {"schema_name": "elementary", "name": name, "columns": declared, "rows": rows}


def warehouse(*tables: dict[str, Any]) -> dict[str, Any]:
    database = {"engine": "redshift", "cluster": "dwh", "database": "analytics", "tables": list(tables)}
    return {"resources": {"redshift_clusters": [{"name": "dwh"}]}, "sql": [database]}


TEXT = "varchar(500)"
RESULTS = {"name": TEXT, "status": TEXT, "message": TEXT, "execution_time": "float"} | {
    "execute_completed_at": "timestamp"
}
AUDIT = {"event_name": TEXT, "event_model": TEXT, "event_timestamp": "timestamp", "invocation_id": TEXT}


def results(*rows: tuple[str, str, str, str], seconds: float = 40.0) -> dict[str, Any]:
    return warehouse(table("dbt_run_results", RESULTS, [[*row[:3], seconds, row[3]] for row in rows]))


async def test_a_model_that_failed_last_is_named_with_its_last_success(load: Load, call: Call):
    load(
        **results(
            ("fct_orders", "success", "", "2026-11-17 14:00:00"),
            ("fct_orders", "error", 'Database Error: column "amount" is wrong', "2026-11-18 14:00:00"),
            ("dim_users", "error", "timed out", "2026-11-17 14:00:00"),
            ("dim_users", "success", "", "2026-11-18 14:00:00"),
        )
    )
    evidence = await call(dbt_run_results)
    assert [finding.resource for finding in evidence.findings] == ["fct_orders"]
    found = evidence.findings[0]
    assert (found.kind, found.attributes["column"]) == ("sql_error", "amount")
    assert "last succeeded at 17 Nov 14:00" in found.statement


async def test_models_that_all_succeeded_are_healthy(load: Load, call: Call):
    load(**results(("fct_orders", "success", "", "2026-11-18 14:00:00")))
    assert [finding.kind for finding in (await call(dbt_run_results)).findings] == ["task_healthy"]


async def test_a_model_that_takes_far_longer_than_it_used_to_is_told(load: Load, call: Call):
    usual = [["fct_orders", "success", "", 60.0, f"2026-11-17 {hour:02}:00:00"] for hour in range(5)]
    other = [["dim_users", "success", "", 60.0, f"2026-11-18 {hour:02}:00:00"] for hour in range(6)]
    slow = ["fct_orders", "success", "", 2400.0, "2026-11-18 14:00:00"]
    load(**warehouse(table("dbt_run_results", RESULTS, [*usual, *other, slow])))
    evidence = await call(dbt_run_results)
    assert [(f.kind, f.resource) for f in evidence.findings] == [("task_long", "fct_orders")]
    assert "took 40 minutes at 14:00 UTC; usual are 60 seconds" in evidence.findings[0].statement


async def test_a_failed_test_is_told_from_a_failed_model(load: Load, call: Call):
    columns = {"test_name": TEXT, "status": TEXT, "test_results_description": TEXT, "detected_at": "timestamp"}
    rows = [
        ["not_null_orders_id", "fail", "Got 12 results, configured to fail if != 0", "2026-11-18 14:00:00"],
        ["unique_orders_id", "pass", "", "2026-11-18 14:00:00"],
    ]
    load(**warehouse(table("elementary_test_results", columns, rows)))
    (found,) = (await call(dbt_run_results)).findings
    assert found.statement.startswith("dbt test not_null_orders_id failed")


async def test_a_deployment_that_never_completed_is_in_the_audit_log(load: Load, call: Call):
    rows = [
        ["model deployment started", "dim_users", "2026-11-18 12:00:00", "one"],
        ["model deployment completed", "dim_users", "2026-11-18 12:01:00", "one"],
        ["model deployment started", "fct_orders", "2026-11-18 12:01:00", "one"],
        ["model deployment started", "fct_stock", "2026-11-18 14:50:00", "two"],
    ]
    load(**warehouse(table("dbt_audit_log", AUDIT, rows)))
    (found,) = (await call(dbt_run_results)).findings
    assert found.resource == "fct_orders"
    assert "started and never completed" in found.statement


async def test_more_results_than_a_page_holds_are_all_read(load: Load, call: Call):
    crowd = [[f"m_{number:04}", "success", "", 1.0, "2026-11-18 14:00:00"] for number in range(1300)]
    last = ["zz_model", "error", "boom", 1.0, "2026-11-18 09:00:00"]
    load(**warehouse(table("dbt_run_results", RESULTS, [*crowd, last])))
    assert [f.resource for f in (await call(dbt_run_results)).findings] == ["zz_model"]


async def test_without_tables_the_logs_are_read(load: Load, call: Call):
    texts = [
        "Database Error in model fct_orders (models/marts/fct_orders.sql)",
        '  column "amount" is of type numeric but expression is of type character varying',
        "  compiled code at target/run/fct_orders.sql",
        "Done. PASS=10 WARN=0 ERROR=1 SKIP=1 TOTAL=12",
    ]
    lines = [{"template": text, "at": f"-{50 - n}m", "stream": "run"} for n, text in enumerate(texts)]
    load(logs=[{"group": "/ecs/dbt-runner", "streams": ["run"], "lines": lines}])
    evidence = await call(dbt_run_results)
    assert evidence.findings[0].attributes == {"model": "fct_orders", "column": "amount"}
    assert "compiled code" not in evidence.findings[0].statement


async def test_an_account_without_dbt_is_no_data(load: Load, call: Call):
    load()
    assert (await call(dbt_run_results)).status == EvidenceStatus.no_data
