"""Failed DAGs, their history, and the exception in the log of the task that failed first."""

from typing import Any

import pytest

from agent.models import Evidence, EvidenceStatus, Finding
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.airflow import airflow_overview
from tools.evidence.airflow_api import read_log
from tools.evidence.airflow_runs import dag_runs, task_failure

MISSING = "An error occurred (NoSuchKey): s3://drops/orders/2026-11-18/orders.csv does not exist"
FAILURE: dict[str, Any] = {
    "run": "-2h",
    "task_id": "load",
    "tries": 3,
    "lines": [
        {"event": "reading the partner's file"},
        {
            "event": "Task failed with exception",
            "level": "error",
            "error_detail": [{"exc_type": "FileNotFoundError", "exc_value": MISSING, "frames": []}],
        },
    ],
}
TASKS: list[dict[str, Any]] = [
    {"task_id": "load", "retries": 2},
    {"task_id": "clean", "upstream": ["load"]},
    {"task_id": "publish", "upstream": ["clean"]},
]


def dag(name: str, *failures: dict[str, Any]) -> dict[str, Any]:
    return {"dag_id": name, "schedule": "@daily", "tasks": TASKS, "runs": {"latest": "-2h", "failures": list(failures)}}


def airflow(version: str = "3.0.6", **parts: Any) -> list[dict[str, Any]]:
    environment = {"name": "analytics", "airflow_version": version, "dags": [dag("stock"), dag("orders", FAILURE)]}
    return [environment | parts]


def kinds(evidence: Evidence) -> list[str]:
    return [finding.kind for finding in evidence.findings]


def one(evidence: Evidence, kind: str) -> Finding:
    found = [finding for finding in evidence.findings if finding.kind == kind]
    assert len(found) == 1, (kind, evidence.summary, kinds(evidence))
    return found[0]


@pytest.mark.parametrize("version", ["3.0.6", "2.10.3"])
async def test_the_exception_of_the_first_failed_task_is_read_from_its_log(load: Load, call: Call, version: str):
    load(mwaa=airflow(version))
    evidence = await call(task_failure, dag_id="orders")
    found = one(evidence, "task_failed")
    assert found.attributes["task_id"] == "load"
    assert found.attributes["exception"] == "FileNotFoundError"
    assert found.attributes["try_number"] == "3"
    assert (found.attributes["bucket"], found.attributes["key"]) == ("drops", "orders/2026-11-18/orders.csv")
    assert found.strength > 0.9
    behind = one(evidence, "upstream_failed")
    assert "clean, publish" in behind.statement
    assert behind.attributes["task_id"] == "load"


async def test_without_a_dag_the_one_that_failed_last_is_found(load: Load, call: Call):
    load(mwaa=airflow())
    evidence = await call(task_failure)
    assert one(evidence, "task_failed").attributes["dag_id"] == "orders"


async def test_a_dag_without_failures_is_called_healthy(load: Load, call: Call):
    load(mwaa=airflow())
    evidence = await call(task_failure, dag_id="stock")
    assert kinds(evidence) == ["task_healthy"]


async def test_the_overview_names_only_what_failed(load: Load, call: Call):
    load(mwaa=airflow())
    evidence = await call(airflow_overview)
    found = one(evidence, "dag_failed")
    assert found.attributes["dag_id"] == "orders"
    assert found.strength > 0.85
    assert "stock" not in evidence.summary


async def test_a_dag_that_fails_every_other_day_is_weaker_evidence(load: Load, call: Call):
    often = [FAILURE | {"run": f"-{n}d2h"} for n in (2, 4, 6, 8, 10)]
    load(mwaa=airflow(dags=[dag("orders", FAILURE, *often)]))
    evidence = await call(dag_runs, dag_id="orders")
    strengths = [finding.strength for finding in evidence.findings if finding.kind == "dag_failed"]
    assert strengths
    assert max(strengths) < 0.6


async def test_a_broken_dag_file_and_a_full_pool_are_seen(load: Load, call: Call):
    broken = {"file": "dags/churn.py", "stack_trace": "Traceback\nModuleNotFoundError: no xgboost", "at": "-1d"}
    pool = {"name": "warehouse", "slots": 4, "occupied": 4, "queued": 9}
    load(mwaa=airflow(dags=[dag("stock")], import_errors=[broken], pools=[pool]))
    evidence = await call(airflow_overview)
    assert one(evidence, "import_error").attributes["file"].endswith("churn.py")
    assert one(evidence, "metric_at_limit").resource == "warehouse"
    assert "dag_failed" not in kinds(evidence)


async def test_a_calm_environment_says_so(load: Load, call: Call):
    load(mwaa=airflow(dags=[dag("stock")]))
    evidence = await call(airflow_overview)
    assert kinds(evidence) == ["task_healthy"]


async def test_an_account_without_airflow_is_no_data(load: Load, call: Call):
    load()
    assert (await call(airflow_overview)).status == EvidenceStatus.no_data


async def test_a_denied_airflow_api_is_replaced_by_the_task_logs(load: Load, call: Call):
    stream = "dag_id=orders/run_id=scheduled__2026-11-18T13_00_00+00_00/task_id=load/attempt=3.log"
    line = {"template": f"FileNotFoundError: {MISSING}", "at": "-90m", "stream": stream, "level": "ERROR"}
    logs = [{"group": "airflow-analytics-Task", "streams": [stream], "lines": [line]}]
    load(mwaa=airflow(), logs=logs, denied=[{"action": "airflow:InvokeRestApi"}])
    evidence = await call(task_failure, dag_id="orders")
    assert one(evidence, "task_failed").attributes["task_id"] == "load"
    assert "denied" in evidence.summary


async def test_a_denial_without_task_logs_is_a_gap(load: Load, call: Call):
    load(mwaa=airflow(), denied=[{"action": "airflow:InvokeRestApi"}])
    assert (await call(airflow_overview)).status == EvidenceStatus.denied


def test_the_log_of_airflow_two_is_read_through_its_wrapping():
    lines = ["[2026-11-18T02:03:11+0000] {taskinstance.py:3313} ERROR - Task failed", "KeyError: 'x'"]
    log = read_log(str([("worker-1", "\n".join(lines))]))
    assert (log.exception, log.error) == ("KeyError", "KeyError: 'x'")


def test_a_log_without_an_exception_gives_its_last_error_line():
    log = read_log([{"event": "starting"}, {"event": "bash exited with 2", "level": "error"}, {"event": "done"}])
    assert (log.exception, log.error) == ("", "bash exited with 2")


async def test_a_failed_command_is_explained_by_what_it_printed(load: Load, call: Call):
    printed = [
        {"event": "Database Error in model fct_orders (models/fct_orders.sql)"},
        {"event": '  column "amount" is of type integer but expression is of type character varying'},
        {"event": "  compiled code at target/run/fct_orders.sql"},
    ]
    generic = {
        "exc_type": "AirflowException",
        "exc_value": "Bash command failed. The command returned a non-zero exit code 1.",
    }
    lines = [*printed, {"event": "Task failed with exception", "level": "error", "error_detail": [generic]}]
    load(mwaa=airflow(dags=[dag("orders", FAILURE | {"lines": lines})]))
    found = one(await call(task_failure, dag_id="orders"), "task_failed")
    assert "dbt model fct_orders: column" in found.statement
    assert "compiled code" not in found.statement
    assert (found.attributes["model"], found.attributes["column"]) == ("fct_orders", "amount")
