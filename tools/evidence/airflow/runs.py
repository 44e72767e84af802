"""One DAG: how its runs go and whether they are late, and why a task failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from statistics import median

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.models import Chart, Finding, Series, Table
from agent.times import clock_time
from tools.evidence.airflow.api import Airflow, Json, moment
from tools.evidence.airflow.findings import dag_failed, ended_at, from_logs, history_of, locate, task_healthy
from tools.evidence.airflow.history import elapsed, is_slow, span
from tools.evidence.airflow.standing import paused, starts
from tools.evidence.airflow.tasks import FAILED, behind, failed_tasks, task_failed
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.drawing import POINTS
from tools.evidence.failures import EXPECTED

MAX_LOGS = 3
MAX_ROWS = 20
OVERDUE = timedelta(minutes=10)
"""A run that is due for longer than this and has not begun is late."""


@evidence_tool("How do the runs of [DAG {dag_id}|all DAGs] go?", days=7)
def dag_runs(look: Look, dag_id: str = "", resource: str = "", environment: str = "", run_id: str = "") -> Found:
    """A DAG's recent runs: which failed and how often that happens, whether a run is missing, waits or takes longer
    than it used to, whether the DAG is paused or its file does not import.

    Args:
        dag_id: the DAG; the one that failed last when not given
        resource: may name the DAG instead
        environment: the Airflow environment, if there are several
        run_id: one run, to look at more closely
    """
    where, caveat = locate(look, dag_id or resource, environment)
    if where is None:
        return Found(f"No DAG {dag_id or resource} and no failed DAG run was found.{caveat}", no_data=True)
    airflow, dag = where
    runs = airflow.runs(dag)
    findings = [*_schedule(airflow, dag, runs), *_own_import_error(airflow, dag)]
    link = airflow.transport.link(dag, run_id)
    if not runs:
        told = f" {findings[0].statement}" if findings else ""
        return Found(f"DAG {dag} has no runs.{told}{caveat}", findings, link, no_data=not findings)
    history = history_of(runs)
    failed = [run for run in runs if run["state"] == "failed" and (not run_id or run["dag_run_id"] == run_id)]
    recent = [run for run in failed if (moment(run["start_date"]) or look.now) >= look.window.start]
    findings += [dag_failed(look, dag, run, history) for run in recent[:3]]
    findings += _slow_run(look, dag, runs)
    if runs[0]["state"] == "success":
        text = f"The latest run of DAG {dag} succeeded ({clock_time(ended_at(runs[0]) or look.now, look.now)})."
        findings.append(task_healthy(dag, text, 0.3 if recent else 0.45))
    summary = (
        f"DAG {dag} in {airflow.environment}: {history.words}. Latest: {runs[0]['dag_run_id']}, {runs[0]['state']}."
    )
    late = next((f" {f.statement}" for f in findings if f.kind in ("dag_late", "dag_paused", "import_error")), "")
    return Found(f"{summary}{late}{caveat}", findings, link, charts=_drawn(dag, runs), tables=_table(runs, look.now))


def _drawn(dag_id: str, runs: Sequence[Json]) -> list[Chart]:
    """How long the last runs took, the oldest first; those that failed as a series of their own."""
    done = [(run, seconds) for run in reversed(runs[:POINTS]) if (seconds := _seconds(run)) is not None]
    if len(done) < 2:
        return []
    labels = tuple(f"{moment(run['start_date']):%d %b %H:%M}" for run, _ in done)
    series = tuple(
        Series(name=state, values=tuple(round(s / 60, 2) if r["state"] == state else 0.0 for r, s in done))
        for state in ("success", "failed")
        if any(run["state"] == state for run, _ in done)
    )
    return [Chart(title=f"Runs of {dag_id}, minutes", kind="bar", unit="minutes", labels=labels, series=series)]


def _table(runs: Sequence[Json], now: datetime) -> list[Table]:
    rows = tuple(
        (
            str(run["dag_run_id"]),
            str(run["state"]),
            clock_time(began, now) if (began := moment(run.get("start_date"))) else "",
            span(seconds) if (seconds := _seconds(run)) is not None else "",
        )
        for run in runs[:MAX_ROWS]
    )
    return [Table(title="Runs, the newest first", columns=("Run", "State", "Began", "Took"), rows=rows)] if rows else []


def _seconds(run: Json) -> float | None:
    """How long a finished run took."""
    begin, end = moment(run.get("start_date")), moment(run.get("end_date"))
    done = begin and end and run["state"] in ("success", "failed")
    return (end - begin).total_seconds() if begin and end and done else None


@evidence_tool("Why did [task {task_id}|a task] of [DAG {dag_id}|any DAG] fail?", days=2)
def task_failure(
    look: Look, dag_id: str = "", task_id: str = "", run_id: str = "", environment: str = "", resource: str = ""
) -> Found:
    """The tasks that failed in a DAG's latest failed run, the first of them, its tries, and the exception in its log.

    Args:
        dag_id: the DAG; the one that failed last when not given
        task_id: one task; the first that failed when not given
        run_id: one run; the latest failed one when not given
        environment: the Airflow environment, if there are several
        resource: may name the DAG instead
    """
    try:
        where, caveat = locate(look, dag_id or resource, environment)
        if where is None:
            return Found(f"No failed DAG run was found.{caveat}", no_data=True)
        airflow, dag = where
        run = _failed_run(airflow, dag, run_id)
        if run is None:
            text = f"No run of DAG {dag} failed recently."
            return Found(f"{text}{caveat}", [task_healthy(dag, text, 0.45)], airflow.transport.link(dag))
        findings = list(_failed_tasks(airflow, dag, str(run["dag_run_id"]), task_id))
    except ClientError as error:
        return from_logs(look, error, environment, dag_id, task_id)
    run_id = str(run["dag_run_id"])
    if not findings:
        text = f"Run {run_id} of DAG {dag} has no failed task.{caveat}"
        return Found(text, console_url=airflow.transport.link(dag, run_id), no_data=True)
    link = airflow.transport.link(dag, run_id, findings[0].attributes.get("task_id", ""))
    return Found(f"Run {run_id} of DAG {dag}: {findings[0].statement}{caveat}", findings, link)


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
            if states & {*FAILED, "upstream_failed"}:
                return run
    return None


def _failed_tasks(airflow: Airflow, dag_id: str, run_id: str, task_id: str) -> Iterator[Finding]:
    tasks = airflow.task_instances(dag_id, run_id)
    failed = failed_tasks(tasks)
    asked = [task for task in failed if task["task_id"] == task_id]
    for task in (asked or failed)[:MAX_LOGS]:
        yield task_failed(airflow, dag_id, run_id, task)
    if any(task["state"] == "upstream_failed" for task in tasks):
        yield from behind(dag_id, run_id, tasks, _edges(airflow, dag_id))


def _edges(airflow: Airflow, dag_id: str) -> dict[str, list[str]]:
    try:
        return airflow.downstream(dag_id)
    except EXPECTED:
        return {}


def _schedule(airflow: Airflow, dag_id: str, runs: Sequence[Json]) -> Iterator[Finding]:
    """A DAG that is paused, or whose next run should have begun."""
    dag = airflow.dag(dag_id) or {}
    now = airflow.look.now
    if dag.get("is_paused"):
        yield paused(airflow, dag_id, next(iter(starts(runs)), None))
        return
    queued = [run for run in runs if run["state"] == "queued"]
    if queued:
        began = moment(queued[-1].get("queued_at") or queued[-1].get("logical_date"))
        if began and now - began > OVERDUE:
            active = sum(run["state"] == "running" for run in runs)
            text = f"Run {queued[-1]['dag_run_id']} of DAG {dag_id} is queued, while {active} of its runs are active."
            yield _late(dag_id, "queued", text, (now - began).total_seconds(), 0.75, began.isoformat())
    due = moment(dag.get("next_dagrun_run_after") or dag.get("next_dagrun_create_after"))
    if due and now - due > OVERDUE and not queued:
        waited = (now - due).total_seconds()
        text = f"DAG {dag_id} should have started a run at {clock_time(due, now)}, {span(waited)} ago, and did not."
        yield _late(dag_id, "missed", text, waited, 0.85, due.isoformat())


def _late(dag_id: str, reason: str, text: str, seconds: float, strength: float, due: str = "") -> Finding:
    attributes = {"dag_id": dag_id, "reason": reason, "seconds": f"{seconds:.0f}", "due": due}
    return Finding(
        kind="dag_late",
        statement=text,
        strength=strength,
        at=moment(due),
        resource=dag_id,
        attributes={key: value for key, value in attributes.items() if value},
    )


def _own_import_error(airflow: Airflow, dag_id: str) -> Iterator[Finding]:
    """The error of the DAG's own file, which keeps it from changing or vanishing from the list."""
    dag = airflow.dag(dag_id) or {}
    file = str(dag.get("relative_fileloc") or dag.get("fileloc") or "").rsplit("/", 1)[-1]
    if not file or not (dag.get("has_import_errors") or dag.get("is_stale") or dag.get("is_active") is False):
        return
    for problem in airflow.items("/importErrors", "import_errors", 200):
        if str(problem["filename"]).endswith(file):
            last = " ".join(str(problem["stack_trace"]).strip().splitlines()[-1:])
            yield Finding(
                kind="import_error",
                statement=f"The file of DAG {dag_id}, {problem['filename']}, does not import: {last[:250]}",
                strength=0.9,
                at=moment(problem.get("timestamp")),
                resource=dag_id,
                attributes={
                    "file": str(problem["filename"]),
                    "exception": last.partition(":")[0][:80],
                    "dag_id": dag_id,
                },
            )


def _slow_run(look: Look, dag_id: str, runs: Sequence[Json]) -> Iterator[Finding]:
    seconds = [(run, s) for run in runs if (s := elapsed(run, look.now)) is not None]
    usual = [s for run, s in seconds[1:] if run["state"] == "success"]
    if len(usual) < 4 or seconds[0][0]["state"] == "failed":
        return
    run, latest = seconds[0]
    typical = median(usual)
    if is_slow(latest, typical):
        verb = "has been running for" if run["state"] == "running" else "took"
        text = f"The latest run of DAG {dag_id} {verb} {span(latest)}; usual are {span(typical)}."
        due = (moment(run["start_date"]) or look.now) + timedelta(seconds=typical)
        yield _late(
            dag_id, "long", text, latest, round(min(0.4 + 0.1 * latest / max(typical, 1), 0.9), 2), due.isoformat()
        )


TOOLS: tuple[BaseTool, ...] = (dag_runs, task_failure)
