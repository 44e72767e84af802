"""Airflow: a DAG's run, tasks of a run, and whether a DAG is paused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent.errors import InputError
from agent.verifying import Reading
from tools.actions.readers.watched import Watched
from tools.evidence.airflow.api import Airflow, Json, environments, moment

GOOD = "success"
GOING_ON = ("running", "queued", "scheduled", "restarting", "up_for_retry", "up_for_reschedule", "deferred", None)
"""A task that was cleared has no state at first."""
NAMED_TASKS = 5


def dag_run(watched: Watched) -> Reading:
    """The run that failed, run again, or one that began since; of a DAG that has none of these its newest."""
    airflow, dag_id = _airflow(watched), watched.check.name
    runs = airflow.runs(dag_id)
    wanted = _named(watched, airflow, runs) + _since(watched, runs)
    chosen = wanted or runs[:1]
    if not chosen:
        return Reading(False, f"The DAG {dag_id} has no run.")
    best = _best(chosen)
    state = str(best.get("state"))
    seen = f"The run {best['dag_run_id']} of {dag_id} is {state}."
    return Reading(state == GOOD, seen, going_on=state in GOING_ON)


def task(watched: Watched) -> Reading:
    """The named tasks of a run: all of them have to succeed."""
    airflow, dag_id, run_id = _airflow(watched), watched.said("dag_id") or watched.target.id, watched.said("run_id")
    names = [name.strip() for name in watched.check.name.split(",")]
    found = [each for each in airflow.task_instances(dag_id, run_id) if each["task_id"] in names]
    if not found:
        return Reading(None, f"The run {run_id} of {dag_id} has no task {watched.check.name} any more.")
    states = {str(each["task_id"]): each.get("state") for each in found}
    shown = ", ".join(f"{name} is {state or 'cleared'}" for name, state in list(states.items())[:NAMED_TASKS])
    good = all(state == GOOD for state in states.values())
    return Reading(good, f"In the run {run_id}, {shown}.", going_on=any(s in GOING_ON for s in states.values()))


def paused(watched: Watched) -> Reading:
    """Whether the DAG is `paused` as the check says."""
    dag = _airflow(watched).dag(watched.target.id) or {}
    is_paused = bool(dag.get("is_paused"))
    seen = f"The DAG {watched.target.id} is {'paused' if is_paused else 'active'}."
    return Reading(str(is_paused) == watched.said("paused"), seen)


def _airflow(watched: Watched) -> Airflow:
    """The environment that has the DAG. InputError when none has."""
    dag_id = watched.said("dag_id") or watched.target.id
    for airflow in environments(watched.look(), watched.said("environment")):
        if airflow.dag(dag_id) is not None:
            return airflow
    raise InputError(f"No Airflow that I can read has the DAG {dag_id}.")


def _named(watched: Watched, airflow: Airflow, runs: Sequence[Json]) -> list[Json]:
    """The run that the check names, or that the action began."""
    began = watched.result.after.get("run", "") if watched.result else ""
    run_id = str(began) or watched.said("run_id")
    if not run_id:
        return []
    found = next((run for run in runs if run["dag_run_id"] == run_id), None) or airflow.run(
        watched.said("dag_id") or watched.target.id, run_id
    )
    return [found] if found else []


def _since(watched: Watched, runs: Iterable[Json]) -> list[Json]:
    if watched.result is None:
        return []
    at = watched.result.at
    return [run for run in runs if (began := moment(run.get("start_date"))) is not None and began >= at]


def _best(runs: Sequence[Json]) -> Json:
    """One that succeeded before one that goes on, that before the others; of several the first."""
    return min(runs, key=lambda run: (run.get("state") != GOOD, run.get("state") not in GOING_ON))
