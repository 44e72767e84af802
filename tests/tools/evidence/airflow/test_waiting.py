"""Tasks that hang, and the reason for it: a full pool, no worker, a dead scheduler, a sensor's missing file."""

from typing import Any

import pytest

from agent.models import Evidence, EvidenceStatus, Finding
from tests.tools.evidence.airflow.examples import dag, environment
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.airflow.history import task_history
from tools.evidence.airflow.waiting import airflow_waiting_tasks

FULL = {"name": "warehouse", "slots": 4, "occupied": 4, "scheduled": 6}
KEY = {"bucket_name": "drops", "bucket_key": "orders/2026-11-18/_SUCCESS"}


def stuck(state: str, **parts: Any) -> dict[str, Any]:
    return {"run": "-2h", "task_id": "load", "state": state} | parts


def pooled(name: str, state: str) -> dict[str, Any]:
    return dag(name, stuck(state), tasks=[{"task_id": "load", "pool": name}])


def waiting(evidence: Evidence) -> dict[str, Finding]:
    return {f.resource: f for f in evidence.findings if f.kind == "task_waiting"}


async def test_a_task_that_waits_for_a_full_pool_is_told_from_one_that_waits_for_a_worker(load: Load, call: Call):
    pools = [FULL, {"name": "roomy", "slots": 8, "queued": 1}]
    load(mwaa=[environment(dags=[pooled("warehouse", "scheduled"), pooled("roomy", "queued")], pools=pools)])
    evidence = await call(airflow_waiting_tasks)
    found = waiting(evidence)
    assert (found["warehouse"].attributes["reason"], found["warehouse"].attributes["pool"]) == ("pool", "warehouse")
    assert found["roomy"].attributes["reason"] == "worker"
    assert [f.resource for f in evidence.findings if f.kind == "pool_starved"] == ["warehouse"]


async def test_a_dead_scheduler_is_the_reason_for_what_waits(load: Load, call: Call):
    load(mwaa=[environment(dags=[dag("orders", stuck("queued"))], unhealthy=["scheduler"])])
    evidence = await call(airflow_waiting_tasks)
    assert waiting(evidence)["orders"].attributes["reason"] == "scheduler"
    assert "airflow_unhealthy" in {f.kind for f in evidence.findings}


@pytest.mark.parametrize("state", ["up_for_reschedule", "deferred"])
async def test_a_sensor_that_still_waits_names_what_it_waits_for(load: Load, call: Call, state: str):
    tasks = [{"task_id": "load", "operator": "S3KeySensor", "rendered_fields": KEY}, {"task_id": "copy"}]
    load(mwaa=[environment(dags=[dag("orders", stuck(state), tasks=tasks)])])
    found = waiting(await call(airflow_waiting_tasks))["orders"]
    assert "s3://drops/orders/2026-11-18/_SUCCESS" in found.statement
    assert (found.attributes["bucket"], found.attributes["key"]) == ("drops", "orders/2026-11-18/_SUCCESS")
    assert "usually it takes" in found.statement
    assert found.strength >= 0.8


async def test_a_sensor_that_often_waits_as_long_is_no_finding(load: Load, call: Call):
    tasks = [{"task_id": "load", "typical_seconds": 7200, "rendered_fields": KEY}]
    load(mwaa=[environment(dags=[dag("orders", stuck("up_for_reschedule"), tasks=tasks)])])
    assert (await call(airflow_waiting_tasks)).status == EvidenceStatus.no_data


async def test_a_task_that_runs_far_longer_than_usual_is_seen(load: Load, call: Call):
    load(mwaa=[environment(dags=[dag("orders", stuck("running")), dag("stock")])])
    evidence = await call(airflow_waiting_tasks)
    (found,) = evidence.findings
    assert (found.kind, found.attributes["task_id"], found.resource) == ("task_long", "load", "orders")
    assert "has run for 120 minutes" in found.statement or "has run for 2.0 hours" in found.statement


async def test_tasks_of_another_dag_are_left_out(load: Load, call: Call):
    load(mwaa=[environment(dags=[dag("orders", stuck("queued")), dag("stock", stuck("queued"))])])
    assert set(waiting(await call(airflow_waiting_tasks, dag_id="stock"))) == {"stock"}
    assert set(waiting(await call(airflow_waiting_tasks, resource="stock"))) == {"stock"}


async def test_more_waiting_tasks_than_a_page_holds_are_all_seen(load: Load, call: Call):
    crowd = [dag(f"job_{number:03}", stuck("queued"), runs={"from": "-1d"}) for number in range(120)]
    load(mwaa=[environment(dags=[*crowd, dag("zebra", stuck("queued"), runs={"from": "-1d"})])])
    assert set(waiting(await call(airflow_waiting_tasks, dag_id="zebra"))) == {"zebra"}


async def test_nothing_that_waits_is_no_data(load: Load, call: Call):
    load(mwaa=[environment()])
    assert (await call(airflow_waiting_tasks)).status == EvidenceStatus.no_data


async def test_pools_that_may_not_be_read_are_said_to_be_unread(load: Load, call: Call):
    load(mwaa=[environment(dags=[dag("orders", stuck("queued"))], forbidden=["/pools"])])
    evidence = await call(airflow_waiting_tasks)
    assert set(waiting(evidence)) == {"orders"}
    assert "can_read on Pools" in evidence.summary


async def test_a_task_that_often_needs_retries_is_flaky(load: Load, call: Call):
    retried = [{"run": f"-{days}d2h", "task_id": "load", "state": "success", "tries": 2} for days in (1, 3, 4, 6)]
    load(mwaa=[environment(dags=[dag("orders", *retried), dag("stock")])])
    evidence = await call(task_history, dag_id="orders")
    flaky = [f for f in evidence.findings if f.kind == "task_flaky"]
    assert [f.attributes["task_id"] for f in flaky] == ["load"]
    assert "4 of its last" in flaky[0].statement
    assert "task_flaky" not in {f.kind for f in (await call(task_history, dag_id="stock")).findings}


async def test_a_task_slower_than_its_history_is_told_with_both_durations(load: Load, call: Call):
    slow = {"run": "-2h", "task_id": "clean", "state": "success", "seconds": 3000}
    load(mwaa=[environment(dags=[dag("orders", slow)])])
    evidence = await call(task_history, dag_id="orders", task_id="clean")
    (found,) = evidence.findings
    assert (found.kind, found.attributes["task_id"]) == ("task_long", "clean")
    assert "took 50 minutes; usual are" in found.statement


async def test_a_dag_that_never_ran_has_no_history(load: Load, call: Call):
    load(mwaa=[environment(dags=[dag("orders", runs={"latest": "-2h", "from": "-1h"})])])
    assert (await call(task_history, dag_id="orders")).status == EvidenceStatus.no_data
