"""One DAG: how its runs go, and why a task failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from statistics import median

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.models import Finding
from agent.sql_text import dbt_errors, error_details
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.airflow_api import Airflow, Json, TaskLog, environments, moment
from tools.evidence.airflow_findings import dag_failed, ended_at, from_logs, history_of, task_healthy
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.log_findings import object_attributes

MAX_LOGS = 3
SLOW = 2.5
"""A run that takes this many times the median is slow."""


@evidence_tool("How do the runs of DAG {dag_id} go?", days=7)
def dag_runs(look: Look, dag_id: str = "", resource: str = "", environment: str = "", run_id: str = "") -> Found:
    """A DAG's recent runs: which failed, how often that happens, and whether it takes longer than it used to.

    Args:
        dag_id: the DAG; the one that failed last when not given
        resource: may name the DAG instead
        environment: the MWAA environment, if there are several
        run_id: one run, to look at more closely
    """
    where = _locate(look, dag_id or resource, environment)
    if where is None:
        return Found(f"No DAG {dag_id or resource} and no failed DAG run was found.", no_data=True)
    airflow, dag = where
    runs = airflow.runs(dag)
    if not runs:
        return Found(f"DAG {dag} has no runs.", no_data=True)
    history = history_of(runs)
    failed = [run for run in runs if run["state"] == "failed" and (not run_id or run["dag_run_id"] == run_id)]
    recent = [run for run in failed if (moment(run["start_date"]) or look.now) >= look.window.start]
    findings = [dag_failed(look, dag, run, history) for run in recent[:3]]
    findings += _slow_run(look, dag, runs)
    if runs[0]["state"] == "success":
        text = f"The latest run of DAG {dag} succeeded ({clock_time(ended_at(runs[0]) or look.now, look.now)})."
        findings.append(task_healthy(dag, text, 0.3 if recent else 0.45))
    summary = (
        f"DAG {dag} in {airflow.environment}: {history.words}. Latest: {runs[0]['dag_run_id']}, {runs[0]['state']}."
    )
    return Found(summary, findings, console.mwaa_environment(look.aws, airflow.environment))


@evidence_tool("Why did task {task_id} of DAG {dag_id} fail?", days=2)
def task_failure(
    look: Look, dag_id: str = "", task_id: str = "", run_id: str = "", environment: str = "", resource: str = ""
) -> Found:
    """The tasks that failed in a DAG's latest failed run, the first of them, its tries, and the exception in its log.

    Args:
        dag_id: the DAG; the one that failed last when not given
        task_id: one task; the first that failed when not given
        run_id: one run; the latest failed one when not given
        environment: the MWAA environment, if there are several
        resource: may name the DAG instead
    """
    try:
        where = _locate(look, dag_id or resource, environment)
        if where is None:
            return Found("No failed DAG run was found.", no_data=True)
        airflow, dag = where
        run = _failed_run(airflow, dag, run_id)
        if run is None:
            text = f"No run of DAG {dag} failed recently."
            return Found(text, [task_healthy(dag, text, 0.45)], console.mwaa_environment(look.aws, airflow.environment))
        findings = list(_failed_tasks(airflow, dag, run, task_id))
    except ClientError as error:
        return from_logs(look, error, environment, dag_id, task_id)
    link = console.mwaa_environment(look.aws, airflow.environment)
    if not findings:
        return Found(f"Run {run['dag_run_id']} of DAG {dag} has no failed task.", console_url=link, no_data=True)
    return Found(f"Run {run['dag_run_id']} of DAG {dag}: {findings[0].statement}", findings, link)


def _locate(look: Look, dag_id: str, environment: str) -> tuple[Airflow, str] | None:
    """The environment that has a DAG (by id or part of it); without an id, the DAG whose run failed last."""
    latest: tuple[str, Airflow, str] | None = None
    for airflow in environments(look, environment):
        if dag_id and airflow.find(f"/dags/{dag_id}"):
            return airflow, dag_id
        if dag_id:
            dags = airflow.get("/dags", limit=100)["dags"]
            near = [dag["dag_id"] for dag in dags if dag_id.lower() in dag["dag_id"].lower()]
            if near:
                return airflow, min(near, key=len)
        for run in airflow.runs(limit=1, state="failed"):
            if latest is None or str(run["start_date"]) > latest[0]:
                latest = (str(run["start_date"]), airflow, run["dag_id"])
    return (latest[1], latest[2]) if latest else None


def _failed_run(airflow: Airflow, dag_id: str, run_id: str) -> Json | None:
    runs = airflow.runs(dag_id)
    # An alert may name a run that has left the history, or name it in another form; the latest failure is then meant.
    named = next((run for run in runs if run_id and run["dag_run_id"] == run_id), None)
    return named or next((run for run in runs if run["state"] == "failed"), None) or _struggling(airflow, dag_id, runs)


def _struggling(airflow: Airflow, dag_id: str, runs: Sequence[Json]) -> Json | None:
    """A run that still goes on and already has a task that failed a try."""
    for run in runs[:2]:
        if run["state"] == "running":
            states = {task["state"] for task in airflow.task_instances(dag_id, run["dag_run_id"])}
            if states & {"failed", "up_for_retry", "upstream_failed"}:
                return run
    return None


def _failed_tasks(airflow: Airflow, dag_id: str, run: Json, task_id: str) -> Iterator[Finding]:
    tasks = airflow.task_instances(dag_id, run["dag_run_id"])
    failed = sorted(
        (t for t in tasks if t["state"] in ("failed", "up_for_retry")), key=lambda t: str(t.get("end_date") or "9")
    )
    behind = [t["task_id"] for t in tasks if t["state"] == "upstream_failed"]
    asked = [t for t in failed if t["task_id"] == task_id]
    for task in (asked or failed)[:MAX_LOGS]:
        log = _log(airflow, dag_id, run["dag_run_id"], task)
        yield _task_failed(airflow.look, dag_id, run["dag_run_id"], task, log)
    if behind and failed:
        first = failed[0]["task_id"]
        yield Finding(
            kind="upstream_failed",
            statement=f"{len(behind)} tasks of DAG {dag_id} did not run because {first} failed first: "
            f"{', '.join(behind[:5])}.",
            strength=0.7,
            at=moment(failed[0].get("end_date")),
            resource=dag_id,
            attributes={"dag_id": dag_id, "task_id": first, "run_id": run["dag_run_id"]},
        )


def _log(airflow: Airflow, dag_id: str, run_id: str, task: Json) -> TaskLog:
    try:
        return airflow.task_log(dag_id, run_id, task["task_id"], int(task.get("try_number") or 1))
    except ClientError:
        return TaskLog("")  # that the task failed is known even where its log is not


def _task_failed(look: Look, dag_id: str, run_id: str, task: Json, log: TaskLog) -> Finding:
    ended = moment(task.get("end_date")) or moment(task.get("start_date"))
    tries, allowed = int(task.get("try_number") or 1), int(task.get("max_tries") or 0) + 1
    of = f" of {allowed}" if allowed >= tries else ""
    when = f" at {clock_time(ended, look.now)}" if ended else ""
    why = f": {log.cause}" if log.error else "; its log could not be read" if not log.text else ""
    attributes = {
        "dag_id": dag_id,
        "task_id": task["task_id"],
        "run_id": run_id,
        "try_number": str(tries),
        "exception": log.exception,
        "operator": str(task.get("operator") or ""),
    }
    if failed := dbt_errors(log.text.splitlines()):
        attributes |= {"model": failed[0][0]} | error_details(failed[0][1])
    return Finding(
        kind="task_failed",
        statement=f"Task {task['task_id']} of DAG {dag_id} failed on try {tries}{of}{when}{why}",
        strength=0.95 if log.error else 0.8,
        at=ended,
        resource=dag_id,
        attributes={k: v for k, v in attributes.items() if v}
        | (object_attributes(log.cause) or object_attributes(log.text)),
    )


def _slow_run(look: Look, dag_id: str, runs: Sequence[Json]) -> Iterator[Finding]:
    seconds = [(run, s) for run in runs if (s := _seconds(run, look.now)) is not None]
    usual = [s for run, s in seconds[1:] if run["state"] == "success"]
    if len(usual) < 4 or seconds[0][0]["state"] == "failed":
        return
    latest, typical = seconds[0][1], median(usual)
    if latest > SLOW * typical and latest - typical > 120:
        yield Finding(
            kind="metric_rise",
            statement=f"The latest run of DAG {dag_id} has taken {_minutes(latest)}; usual are {_minutes(typical)}.",
            strength=min(0.4 + 0.1 * latest / max(typical, 1), 0.9),
            at=moment(seconds[0][0]["start_date"]),
            resource=dag_id,
            attributes={
                "metric": "DagRunDuration",
                "factor": f"{latest / max(typical, 1):.1f}",
                "baseline": f"{typical:.0f}",
                "peak": f"{latest:.0f}",
                "service": "mwaa",
            },
        )


def _seconds(run: Json, now: datetime) -> float | None:
    start, end = moment(run.get("start_date")), moment(run.get("end_date"))
    return ((end or now) - start).total_seconds() if start else None


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes"


TOOLS: tuple[BaseTool, ...] = (dag_runs, task_failure)
