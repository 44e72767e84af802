"""The first failing ancestor, wherever it is: in the same DAG, behind a sensor, a trigger or an asset."""

from typing import Any

import pytest

from agent.models import Evidence, Finding
from tests.tools.evidence.airflow.examples import FAILURE, dag, environment
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.airflow.upstream import dag_upstream

FAILED_SENSOR = {"run": "-2h", "task_id": "wait", "lines": [{"event": "sensor timed out", "level": "error"}]}
VERSIONS = pytest.mark.parametrize("version", ["3.0.6", "2.10.3"])


def waits(name: str, for_dag: str, *failures: dict[str, Any]) -> dict[str, Any]:
    fields = {"external_dag_id": for_dag, "external_task_id": "publish", "external_task_ids": ["publish"]}
    tasks = [
        {"task_id": "wait", "operator": "ExternalTaskSensor", "rendered_fields": fields},
        {"task_id": "report", "upstream": ["wait"]},
    ]
    return dag(name, *failures, tasks=tasks)


def root(evidence: Evidence) -> Finding:
    found = [f for f in evidence.findings if f.kind == "task_failed"]
    assert len(found) == 1, evidence.summary
    return found[0]


@VERSIONS
async def test_behind_a_sensor_the_failed_task_of_the_other_dag_is_found(load: Load, call: Call, version: str):
    dags = [waits("report", "orders", FAILED_SENSOR), dag("orders", FAILURE), dag("stock", FAILURE)]
    load(mwaa=[environment(version, dags=dags)])
    evidence = await call(dag_upstream, dag_id="report")
    assert (root(evidence).attributes["dag_id"], root(evidence).attributes["task_id"]) == ("orders", "load")
    assert root(evidence).attributes["exception"] == "FileNotFoundError"
    chain = next(f for f in evidence.findings if f.kind == "upstream_failed")
    assert "report (sensor wait) → orders" in chain.statement
    assert chain.attributes["downstream_dag"] == "report"
    assert "stock" not in evidence.summary


@VERSIONS
async def test_a_sensor_that_still_waits_leads_upstream_too(load: Load, call: Call, version: str):
    waiting = {"run": "-2h", "task_id": "wait", "state": "up_for_reschedule"}
    dags = [waits("report", "sales", waiting), waits("sales", "orders", FAILED_SENSOR), dag("orders", FAILURE)]
    load(mwaa=[environment(version, dags=dags)])
    evidence = await call(dag_upstream, dag_id="report")
    assert root(evidence).attributes["dag_id"] == "orders"
    assert "report (sensor wait) → sales (sensor wait) → orders" in evidence.summary


async def test_a_triggered_run_is_followed_by_its_own_id(load: Load, call: Call):
    fields = {"trigger_dag_id": "orders", "trigger_run_id": "scheduled__2026-11-17T13:00:00+00:00"}
    tasks = [{"task_id": "start", "operator": "TriggerDagRunOperator", "rendered_fields": fields}]
    failed = {"run": "-2h", "task_id": "start", "lines": [{"event": "the triggered run failed", "level": "error"}]}
    dags = [dag("nightly", failed, tasks=tasks), dag("orders", FAILURE | {"run": "-26h"})]
    load(mwaa=[environment(dags=dags)])
    evidence = await call(dag_upstream, dag_id="nightly")
    assert root(evidence).attributes["run_id"] == "scheduled__2026-11-17T13:00:00+00:00"


@VERSIONS
async def test_a_dag_that_an_asset_starts_leads_to_its_writer(load: Load, call: Call, version: str):
    source = {"uri": "s3://lake/orders", "dag_id": "orders", "task_id": "publish"}
    dags = [dag("report", assets=[source], runs={"latest": "-2h", "from": "-1h"}), dag("orders", FAILURE)]
    load(mwaa=[environment(version, dags=dags)])
    evidence = await call(dag_upstream, dag_id="report")
    assert root(evidence).attributes["task_id"] == "load"
    assert "report (asset s3://lake/orders) → orders" in evidence.summary


async def test_two_dags_that_wait_for_each_other_end_the_search(load: Load, call: Call):
    waiting = {"run": "-2h", "task_id": "wait", "state": "up_for_reschedule"}
    load(mwaa=[environment(dags=[waits("one", "two", waiting), waits("two", "one", waiting)])])
    evidence = await call(dag_upstream, dag_id="one")
    assert "Nothing failed upstream of DAG one; it depends on two." in evidence.summary


async def test_a_failure_in_the_dag_itself_is_its_own_first_ancestor(load: Load, call: Call):
    load(mwaa=[environment()])
    evidence = await call(dag_upstream, dag_id="orders")
    assert [f.kind for f in evidence.findings] == ["task_failed"]


async def test_a_healthy_dag_has_nothing_that_failed_upstream(load: Load, call: Call):
    load(mwaa=[environment()])
    evidence = await call(dag_upstream, dag_id="stock")
    assert [f.kind for f in evidence.findings] == ["task_healthy"]


async def test_an_upstream_dag_that_may_not_be_read_is_named(load: Load, call: Call):
    dags = [waits("report", "orders", FAILED_SENSOR), dag("orders", FAILURE)]
    load(mwaa=[environment(dags=dags, forbidden=["/dags/orders"])])
    evidence = await call(dag_upstream, dag_id="report")
    assert "orders" in evidence.summary
    assert "can_read on DAG Runs" in evidence.summary or "can_read on DAGs" in evidence.summary
