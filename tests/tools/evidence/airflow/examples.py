"""Airflow environments for tests: DAGs whose runs are due two hours before now, every day."""

from __future__ import annotations

from typing import Any

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


def dag(name: str, *failures: dict[str, Any], **parts: Any) -> dict[str, Any]:
    runs = {"latest": "-2h", "failures": list(failures)} | parts.pop("runs", {})
    return {"dag_id": name, "schedule": "@daily", "tasks": TASKS, "runs": runs} | parts


def environment(version: str = "3.0.6", **parts: Any) -> dict[str, Any]:
    """`analytics`, with a DAG `orders` that failed at its load, and a healthy DAG `stock`."""
    dags = [dag("stock"), dag("orders", FAILURE)]
    return {"name": "analytics", "airflow_version": version, "dags": dags} | parts
