"""Failed dbt models, from result tables and from logs."""

from typing import Any

from agent.models import EvidenceStatus
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.dbt import dbt_run_results

RESULT_COLUMNS = ["name", "status", "message", "execute_completed_at"]


def results(*rows: tuple[str, str, str, str]) -> dict[str, Any]:
    columns = [{"name": name, "type": "varchar(500)"} for name in RESULT_COLUMNS[:-1]]
    columns.append({"name": RESULT_COLUMNS[-1], "type": "timestamp"})
    table = {
        "schema_name": "elementary",
        "name": "dbt_run_results",
        "columns": columns,
        "rows": [list(r) for r in rows],
    }
    database = {"engine": "redshift", "cluster": "dwh", "database": "analytics", "tables": [table]}
    return {"resources": {"redshift_clusters": [{"name": "dwh"}]}, "sql": [database]}


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
