"""Airflow, in both versions: tasks cleared, runs started, DAGs paused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contracts.action_cases.case import SECRET, ActionCase, Client, target

NEW, OLD = "sourcing-prod", "finance-prod"
DAG = "prices"
TASKS = [
    {"task_id": "fetch"},
    {"task_id": "load", "upstream": ["fetch"]},
    {"task_id": "report", "upstream": ["load"]},
]
FAILURE = {"run": "-1h", "task_id": "load", "lines": [{"event": SECRET, "level": "error"}]}
TARGET = target("mwaa", "dag", DAG)


def _environment(name: str, version: str) -> Mapping[str, Any]:
    dags = [
        {"dag_id": DAG, "tasks": TASKS, "runs": {"every": "1d", "latest": "-1h", "failures": [FAILURE]}},
        {"dag_id": "idle", "tasks": TASKS, "paused": True},
    ]
    return {"name": name, "airflow_version": version, "dags": dags}


PARTS = {"mwaa": [_environment(NEW, "3.0.6"), _environment(OLD, "2.10.3")]}


def _get(client: Client, environment: str, path: str) -> Any:
    return client("mwaa").invoke_rest_api(Name=environment, Method="GET", Path=path)["RestApiResponse"]


def _paused(environment: str) -> Callable[[Client], Any]:
    return lambda client: _get(client, environment, f"/dags/{DAG}")["is_paused"]


def _runs(environment: str) -> Callable[[Client], Any]:
    return lambda client: sorted(
        run["dag_run_id"] for run in _get(client, environment, f"/dags/{DAG}/dagRuns")["dag_runs"]
    )


def _tasks(environment: str, run_id: str) -> Callable[[Client], Any]:
    return lambda client: [
        (each["task_id"], each["state"])
        for each in _get(client, environment, f"/dags/{DAG}/dagRuns/{run_id}/taskInstances")["task_instances"]
    ]


def _cases(environment: str, run_id: str) -> tuple[ActionCase, ...]:
    place = {"environment": environment}
    return (
        ActionCase(
            id=f"airflow_clear_task {environment}",
            kind="airflow_clear_task",
            target=TARGET,
            parameters={**place, "run_id": run_id},
            state=_tasks(environment, run_id),
            denied="airflow:InvokeRestApi",
            parts=PARTS,
            wrong=(place, {**place, "run_id": run_id, "only_failed": False}, {"run_id": run_id}),
        ),
        ActionCase(
            id=f"airflow_trigger_dag {environment}",
            kind="airflow_trigger_dag",
            target=TARGET,
            parameters={**place, "conf": {"day": "today"}},
            state=_runs(environment),
            denied="airflow:GetEnvironment",
            parts=PARTS,
            wrong=({}, {**place, "conf": {"text": "x" * 5000}}, {"environment": "a/b"}),
        ),
        ActionCase(
            id=f"airflow_pause_dag {environment}",
            kind="airflow_pause_dag",
            target=TARGET,
            parameters={**place, "paused": True},
            state=_paused(environment),
            denied="airflow:InvokeRestApi",
            parts=PARTS,
            wrong=(place, {**place, "paused": "perhaps"}),
        ),
    )


CASES = (
    *_cases(NEW, "scheduled__2026-11-18T14:00:00+00:00"),
    *_cases(OLD, "scheduled__2026-11-17T14:00:00+00:00"),
)
