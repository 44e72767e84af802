"""The Redshift tools' statements, run by a real PostgreSQL over tables named like Redshift's system views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agent.models import EvidenceStatus
from tests.tools.evidence.databases import test_redshift, test_redshift_workload
from tools.evidence.databases.dbt import dbt_run_results
from tools.evidence.databases.statements import sql_failures, table_columns
from tools.evidence.databases.workload import redshift_workload

pytestmark = pytest.mark.slow

Ask = Callable[..., Any]
Put = Callable[..., None]


async def test_queues_and_what_holds_them_are_read(load: Put, call: Ask) -> None:
    load(**test_redshift_workload.warehouse(*test_redshift_workload.BUSY, *test_redshift_workload.QUEUED))
    evidence = await call(redshift_workload)
    found = {finding.kind: finding for finding in evidence.findings}
    assert found["wlm_queue"].attributes["waiting"] == "6"
    assert "runs 2 of its 2" in found["long_statement"].statement
    assert "Could not read" not in evidence.summary


async def test_who_blocks_whom_is_read(load: Put, call: Ask) -> None:
    sessions = [test_redshift_workload.session(7 + n, "active", "etl", "-20m") for n in range(2)]
    locks = [{"pid": 7, "table": "raw.orders"}, {"pid": 8, "table": "raw.orders", "granted": False}]
    load(**test_redshift_workload.warehouse(*sessions, locks=locks))
    evidence = await call(redshift_workload)
    (lock,) = [finding for finding in evidence.findings if finding.kind == "sql_lock"]
    assert (lock.attributes["blocker"], lock.attributes["table"]) == ("7", "raw.orders")


async def test_failures_and_type_changes_are_read(load: Put, call: Ask) -> None:
    load(**test_redshift.warehouse(*test_redshift.RETYPED, test_redshift.failed(10, "-50m")))
    failures = await call(sql_failures)
    assert failures.findings[0].attributes["model"] == "fct_orders"
    changed = await call(table_columns, model="fct_orders")
    assert changed.findings[0].attributes["column"] == "amount"
    assert "Could not read" not in failures.summary + changed.summary


async def test_a_warehouse_without_tables_of_dbt_is_no_data(load: Put, call: Ask) -> None:
    load(**test_redshift.warehouse())
    evidence = await call(dbt_run_results)
    assert evidence.status == EvidenceStatus.no_data
    assert "Could not read" not in evidence.summary
