"""Queues of a warehouse, what waits in them and what holds them up."""

import time
from typing import Any

import boto3
import pytest

from agent.models import Evidence, EvidenceStatus, Finding
from deploy.local.account import SimulatedAccount
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.databases.workload import redshift_workload

ETL = {"name": "etl", "slots": 2}
BI = {"name": "bi", "slots": 5}
LAYOUT = {"schema_name": "raw", "name": "orders", "columns": [{"name": "id", "type": "integer"}]}


def session(pid: int, state: str, queue: str, started: str, text: str = "select 1", **more: Any) -> dict[str, Any]:
    return {"pid": pid, "user": "loader", "state": state, "queue": queue, "started": started, "text": text} | more


def waited(number: int, at: str, seconds: float, queue: str = "etl") -> dict[str, Any]:
    text = {"query_id": number, "at": at, "user": "loader", "text": "select 2"}
    return text | {"queue": queue, "queued_seconds": seconds}


def warehouse(*sessions: dict[str, Any], **more: Any) -> dict[str, Any]:
    database = {
        "engine": "redshift",
        "cluster": "dwh",
        "database": "analytics",
        "tables": [LAYOUT],
        "queues": [ETL, BI],
    }
    cluster = {"name": "dwh", "database": "analytics"}
    told = [database | {"running_queries": list(sessions)} | more]
    return {"resources": {"redshift_clusters": [cluster]}, "sql": told}


def serverless(*sessions: dict[str, Any], name: str = "reporting", **more: Any) -> dict[str, Any]:
    database = {"engine": "redshift", "workgroup": name, "database": "dev", "tables": [LAYOUT]}
    return database | {"running_queries": list(sessions)} | more


def of_kind(evidence: Evidence, kind: str) -> list[Finding]:
    return [finding for finding in evidence.findings if finding.kind == kind]


QUEUED = [session(900 + n, "queued", "etl", "-12m", "insert into marts.a select 1") for n in range(6)]
BUSY = [session(100 + n, "active", "etl", "-80m", "select * from raw.clicks", user="analyst") for n in range(2)]


async def test_a_full_queue_is_told_with_its_slots_and_what_holds_them(load: Load, call: Call):
    load(**warehouse(*BUSY, *QUEUED, session(500, "active", "bi", "-1m")))
    evidence = await call(redshift_workload, resource="dwh")
    (queue,) = of_kind(evidence, "wlm_queue")
    assert (queue.attributes["queue"], queue.attributes["waiting"], queue.attributes["slots"]) == ("etl", "6", "2")
    assert "the oldest for 720 s" in queue.statement
    assert queue.strength > 0.85
    (holder,) = of_kind(evidence, "long_statement")
    assert "analyst, for 80 minutes; analyst runs 2 of its 2" in holder.statement
    assert "bi" not in {f.attributes.get("queue") for f in evidence.findings}


async def test_waits_are_compared_with_the_days_before(load: Load, call: Call):
    before = [waited(n, f"-{20 + n}h", 2) for n in range(10)] + [
        waited(50 + n, f"-{20 + n}h", 400, "bi") for n in range(9)
    ]
    lately = [waited(100 + n, f"-{10 * n + 5}m", 180) for n in range(8)] + [waited(200, "-1h", 420, "bi")]
    load(**warehouse(query_history=[*before, *lately]))
    (found,) = of_kind(await call(redshift_workload), "wlm_queue")
    assert found.attributes["queue"] == "etl"
    assert "8 waited 180 s on average, usually 2 s" in found.statement


async def test_who_blocks_whom_is_told_from_the_lock_views(load: Load, call: Call):
    sessions = [
        session(7, "active", "etl", "-40m", "update raw.orders set id = 1", user="deployer"),
        *[session(8 + n, "active", "etl", "-20m", "select count(*) from raw.orders") for n in range(3)],
    ]
    locks = [
        {"pid": 7, "table": "raw.orders"},
        *[{"pid": 8 + n, "table": "raw.orders", "granted": False} for n in range(3)],
    ]
    load(**warehouse(*sessions, locks=locks))
    (lock,) = of_kind(await call(redshift_workload), "sql_lock")
    assert (lock.attributes["blocker"], lock.attributes["user"], lock.attributes["table"]) == (
        "7",
        "deployer",
        "raw.orders",
    )
    assert "3 sessions of dwh wait" in lock.statement
    assert "update raw.orders" in lock.statement


async def test_a_serverless_workgroup_is_read_without_the_views_of_clusters(load: Load, call: Call):
    load(sql=[serverless(*QUEUED, *BUSY), serverless(name="quiet")])
    evidence = await call(redshift_workload, resource="reporting")
    assert of_kind(evidence, "wlm_queue")[0].resource == "reporting"
    assert "Could not read" not in evidence.summary
    assert "quiet" not in evidence.summary
    assert "stv_" not in evidence.query


async def test_a_calm_warehouse_is_steady(load: Load, call: Call):
    load(**warehouse(session(500, "active", "bi", "-1m")))
    evidence = await call(redshift_workload)
    assert [f.kind for f in evidence.findings] == ["metric_steady"]


async def test_lock_views_that_are_refused_are_named_and_the_queues_still_read(load: Load, call: Call):
    refused = [{"pattern": "svv_transactions", "error": "ERROR: permission denied for relation svv_transactions"}]
    load(**warehouse(*BUSY, *QUEUED, failing_statements=refused))
    evidence = await call(redshift_workload)
    assert of_kind(evidence, "wlm_queue")
    assert "dwh: locks (Redshift refused the query: ERROR: permission denied" in evidence.summary


@pytest.mark.parametrize("action", ["redshift-data:ExecuteStatement", "redshift-data:GetStatementResult"])
async def test_a_denied_data_api_is_a_gap(load: Load, call: Call, action: str):
    load(**warehouse(*BUSY), denied=[{"action": action}])
    evidence = await call(redshift_workload)
    assert evidence.status == EvidenceStatus.denied
    assert action in evidence.summary


async def test_an_account_without_a_warehouse_is_no_data(load: Load, call: Call):
    load()
    assert (await call(redshift_workload)).status == EvidenceStatus.no_data


async def test_a_statement_that_does_not_end_in_time_is_cancelled(
    load: Load, call: Call, account: SimulatedAccount, monkeypatch: pytest.MonkeyPatch
):
    slow = [{"pattern": "from sys_query_history", "seconds": 60}]
    load(**warehouse(*BUSY, slow_statements=slow))
    monkeypatch.setenv("WATCHKEEPER_TOOL_TIMEOUT_SECONDS", "2.5")
    began = time.monotonic()
    evidence = await call(redshift_workload)
    assert time.monotonic() - began < 15
    assert "dwh: statements (no answer in time)" in evidence.summary
    assert "metric_steady" not in {finding.kind for finding in evidence.findings}
    known = boto3.client("redshift-data", region_name="us-east-1").list_statements(Status="ALL")["Statements"]
    slow_ones = [each for each in known if "sys_query_history" in each["QueryString"]]
    assert {each["Status"] for each in slow_ones} == {"ABORTED"}


async def test_rows_beyond_one_page_of_a_result_are_read(load: Load, call: Call):
    load(**warehouse(session(5000, "active", "etl", "-2m", count=1400), session(9, "queued", "etl", "-1m")))
    evidence = await call(redshift_workload)
    assert "dwh: 1400 statements run, 1 are queued." in evidence.summary
