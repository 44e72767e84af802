"""Failed DAGs, their history, and the exception in the log of the task that failed first."""

from typing import Any

import pytest

from agent.models import Evidence, EvidenceStatus, Finding
from tests.tools.evidence.airflow.examples import FAILURE, MISSING, dag, environment
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.airflow.overview import airflow_overview
from tools.evidence.airflow.runs import dag_runs, task_failure
from tools.evidence.airflow.task_log import read_log


def airflow(version: str = "3.0.6", **parts: Any) -> list[dict[str, Any]]:
    return [environment(version, **parts)]


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
    broken = {"file": "dags/churn.py", "stack_trace": "Traceback\nModuleNotFoundError: no xgboost", "at": "-3h"}
    old = {"file": "dags/ancient.py", "stack_trace": "SyntaxError: invalid", "at": "-6d"}
    pool = {"name": "warehouse", "slots": 4, "occupied": 4, "queued": 9}
    load(mwaa=airflow(dags=[dag("stock")], import_errors=[broken, old], pools=[pool]))
    evidence = await call(airflow_overview)
    recent, old = (f for f in evidence.findings if f.kind == "import_error")
    assert (recent.attributes["file"].endswith("churn.py"), recent.strength) == (True, 0.8)
    assert (old.attributes["file"].endswith("ancient.py"), old.strength < 0.5) == (True, True)
    starved = one(evidence, "pool_starved")
    assert (starved.resource, starved.attributes["waiting"]) == ("warehouse", "9")
    assert "dag_failed" not in kinds(evidence)


async def test_every_unhealthy_part_is_named_with_its_last_heartbeat(load: Load, call: Call):
    load(mwaa=airflow(dags=[dag("stock")], unhealthy=["scheduler", "triggerer"]))
    evidence = await call(airflow_overview)
    parts = {f.attributes["part"]: f.statement for f in evidence.findings if f.kind == "airflow_unhealthy"}
    assert set(parts) == {"scheduler", "triggerer"}
    assert "its last heartbeat was at 14:48" in parts["scheduler"]


async def test_an_environment_whose_update_failed_says_why(load: Load, call: Call):
    failed = {"at": "-3h", "code": "INCORRECT_CONFIGURATION", "message": "requirements.txt: no version fits"}
    load(mwaa=airflow(dags=[dag("stock")], status="UPDATE_FAILED", failed_update=failed))
    evidence = await call(airflow_overview)
    told = " ".join(f.statement for f in evidence.findings if f.kind == "airflow_unhealthy")
    assert "is UPDATE_FAILED" in told
    assert "INCORRECT_CONFIGURATION requirements.txt: no version fits" in told


async def test_a_pool_with_open_slots_is_not_starved(load: Load, call: Call):
    pools = [{"name": "busy", "slots": 8, "occupied": 5, "queued": 1}, {"name": "idle", "slots": 0}]
    load(mwaa=airflow(dags=[dag("stock")], pools=pools))
    assert kinds(await call(airflow_overview)) == ["task_healthy"]


async def test_a_paused_dag_and_one_that_misses_its_schedule_are_told_apart(load: Load, call: Call):
    stopped = {"runs": {"latest": "-50h", "to": "-50h"}}
    load(mwaa=airflow(dags=[dag("paused", paused=True), dag("stopped", **stopped), dag("stock")]))
    assert "dag_paused" in kinds(await call(dag_runs, dag_id="paused"))
    late = one(await call(dag_runs, dag_id="stopped"), "dag_late")
    assert (late.attributes["reason"], "13:00" in late.statement) == ("missed", True)
    assert not {"dag_paused", "dag_late"} & set(kinds(await call(dag_runs, dag_id="stock")))


@pytest.mark.parametrize("version", ["3.0.6", "2.10.3"])
async def test_the_broken_file_of_a_dag_is_told_of_that_dag_only(load: Load, call: Call, version: str):
    broken = {"file": "orders.py", "stack_trace": "Traceback\nImportError: no partner", "at": "-3h"}
    load(mwaa=airflow(version, dags=[dag("orders"), dag("stock")], import_errors=[broken]))
    found = one(await call(dag_runs, dag_id="orders"), "import_error")
    assert (found.resource, found.attributes["exception"]) == ("orders", "ImportError")
    assert "import_error" not in kinds(await call(dag_runs, dag_id="stock"))


async def test_a_run_that_takes_far_longer_than_usual_is_late(load: Load, call: Call):
    slow = {"run": "-2h", "task_id": "load", "state": "success", "seconds": 5400}
    load(mwaa=airflow(dags=[dag("orders", slow)]))
    late = one(await call(dag_runs, dag_id="orders"), "dag_late")
    assert late.attributes["reason"] == "long"
    assert "took 91 minutes" in late.statement or "took 92 minutes" in late.statement


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


async def test_a_denied_log_is_read_from_cloudwatch(load: Load, call: Call):
    run = "scheduled__2026-11-18T13_00_00+00_00"
    stream = f"dag_id=orders/run_id={run}/task_id=load/attempt=3.log"
    text = '{"event": "Task failed with exception", "level": "error", "error_detail": [{"exc_type": "KeyError",'
    lines = [{"template": text + ' "exc_value": "partner"}]}', "at": "-90m", "stream": stream, "level": "ERROR"}]
    other = f"dag_id=stock/run_id={run}/task_id=load/attempt=3.log"
    wrong = {"template": "ValueError: of another DAG", "at": "-90m", "stream": other, "level": "ERROR"}
    group = {"group": "airflow-analytics-Task", "streams": [stream, other], "lines": [*lines, wrong]}
    forbidden = [f"/dags/orders/dagRuns/{run.replace('_00', ':00')}/taskInstances/load/logs"]
    load(mwaa=airflow(forbidden=forbidden), logs=[group])
    found = one(await call(task_failure, dag_id="orders"), "task_failed")
    assert found.attributes["exception"] == "KeyError"
    assert found.statement.endswith("(from CloudWatch)")


@pytest.mark.parametrize(
    ("stream", "known"),
    [
        ("dag_id=orders/run_id=scheduled__2026-11-18T13_00_00+00_00/task_id=load/map_index=4/attempt=1.log", True),
        ("orders/load/2026-11-18T13_00_00+00_00/1.log", True),
        ("scheduler/2026-11-18/orders.py.log", False),
    ],
)
async def test_the_stream_names_of_all_versions_are_known(load: Load, call: Call, stream: str, known: bool):
    line = {"template": "KeyError: 'partner'", "at": "-90m", "stream": stream, "level": "ERROR"}
    logs = [{"group": "airflow-analytics-Task", "streams": [stream], "lines": [line]}]
    load(mwaa=airflow(), logs=logs, denied=[{"action": "airflow:InvokeRestApi"}])
    evidence = await call(task_failure, dag_id="orders")
    assert evidence.status == (EvidenceStatus.ok if known else EvidenceStatus.denied)


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
