"""The failed tasks of a run, which failed first, and the exception in its log."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from agent.models import Finding
from agent.sql_text import dbt_errors, error_details
from agent.times import clock_time
from tools.evidence.airflow.api import Airflow, Json, moment
from tools.evidence.airflow.logs import log_of_task
from tools.evidence.airflow.task_log import TaskLog
from tools.evidence.failures import EXPECTED
from tools.evidence.logs.findings import object_attributes

FAILED = ("failed", "up_for_retry")


def failed_tasks(tasks: Sequence[Json]) -> list[Json]:
    """Tasks that failed a try, the one that failed first coming first."""
    return sorted((t for t in tasks if t["state"] in FAILED), key=lambda t: str(t.get("end_date") or "9"))


def task_failed(airflow: Airflow, dag_id: str, run_id: str, task: Json) -> Finding:
    """One failed task with its tries and its exception."""
    log, source = _log(airflow, dag_id, run_id, task)
    now = airflow.look.now
    ended = moment(task.get("end_date")) or moment(task.get("start_date"))
    tries, allowed = int(task.get("try_number") or 1), int(task.get("max_tries") or 0) + 1
    of = f" of {allowed}" if allowed >= tries else ""
    when = f" at {clock_time(ended, now)}" if ended else ""
    why = f": {log.cause}" if log.error else "; its log could not be read" if not log.text else ""
    attributes = {
        "dag_id": dag_id,
        "task_id": str(task["task_id"]),
        "run_id": run_id,
        "try_number": str(tries),
        "exception": log.exception,
        "operator": str(task.get("operator") or ""),
        "environment": airflow.environment,
    }
    if failed := dbt_errors(log.text.splitlines()):
        attributes |= {"model": failed[0][0]} | error_details(failed[0][1])
    return Finding(
        kind="task_failed",
        statement=f"Task {task['task_id']} of DAG {dag_id} failed on try {tries}{of}{when}{why}{source}",
        strength=0.95 if log.error else 0.8,
        at=ended,
        resource=dag_id,
        attributes={k: v for k, v in attributes.items() if v}
        | (object_attributes(log.cause) or object_attributes(log.text)),
    )


def behind(
    dag_id: str, run_id: str, tasks: Sequence[Json], downstream: Mapping[str, Collection[str]]
) -> Iterator[Finding]:
    """What did not run because of the first failed task; by the DAG's own edges where they are known."""
    failed = failed_tasks(tasks)
    waiting = [str(t["task_id"]) for t in tasks if t["state"] == "upstream_failed"]
    if not failed or not waiting:
        return
    first = str(failed[0]["task_id"])
    below = _below(first, downstream) if downstream else set(waiting)
    names = [task_id for task_id in waiting if task_id in below] or waiting
    yield Finding(
        kind="upstream_failed",
        statement=f"{len(names)} tasks of DAG {dag_id} did not run because {first} failed first: "
        f"{', '.join(names[:5])}.",
        strength=0.7,
        at=moment(failed[0].get("end_date")),
        resource=dag_id,
        attributes={"dag_id": dag_id, "task_id": first, "run_id": run_id},
    )


def _below(task_id: str, downstream: Mapping[str, Collection[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(downstream.get(task_id, ()))
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += downstream.get(each, ())
    return found


def _log(airflow: Airflow, dag_id: str, run_id: str, task: Json) -> tuple[TaskLog, str]:
    """The log by REST; where that is refused, MWAA's copy of it in CloudWatch. That it failed is known without."""
    task_id, number = str(task["task_id"]), int(task.get("try_number") or 1)
    try:
        return airflow.task_log(dag_id, run_id, task_id, number, int(task.get("map_index", -1))), ""
    except EXPECTED:
        if not airflow.managed:
            return TaskLog(""), ""
    try:
        log = log_of_task(airflow.look, airflow.environment, dag_id, run_id, task_id, number)
    except EXPECTED:
        return TaskLog(""), ""
    return log, " (from CloudWatch)" if log.text else ""
