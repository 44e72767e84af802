"""What Airflow's REST API changes: tasks are cleared, runs started, DAGs paused.

`changed(api, "PATCH", "/dags/orders", {"is_paused": True}, moment)` returns the reply and the DAG as it is from then
on. Airflow 2 and 3 have the same paths.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from deploy.local.account.airflow import shapes_v1, shapes_v2
from deploy.local.account.airflow.errors import RestError
from deploy.local.account.airflow.rest import AirflowApi, Body
from deploy.local.account.schema.mwaa import Cleared, Dag, PausedSpan, TriggeredRun

Change = tuple[Body, Dag | None]
"""The reply, and the DAG with its change; None when nothing changes, as in a dry run."""
_CLEARABLE = {"failed", "upstream_failed"}


def changed(api: AirflowApi, method: str, path: str, body: Body, moment: Moment) -> Change:
    """Raises RestError, 405 for what the simulated environment does not do."""
    for wanted, pattern, change in _ROUTES:
        match = re.fullmatch(pattern, path.rstrip("/"))
        if match and method == wanted:
            api.permit(path)
            return change(api, match.groups(), body, moment)
    raise RestError(405, f"The simulated environment does not answer {method} {path}.", "Method Not Allowed")


class Moment:
    """The present, as an offset from when the scenario was loaded."""

    def __init__(self, now: datetime, loaded: datetime) -> None:
        self.now, self.at = now, now - loaded


def _pause(api: AirflowApi, ids: tuple[str, ...], body: Body, moment: Moment) -> Change:
    history = api.history(ids[0])
    unknown = sorted(set(body) - {"is_paused"})
    if unknown or not isinstance(body.get("is_paused"), bool):
        raise RestError(400 if api.is_airflow_2 else 422, "Only `is_paused`, a boolean, can be updated", "Bad Request")
    dag, paused = history.dag, body["is_paused"]
    spans = dag.paused_spans
    if paused and not dag.paused:
        spans = (*spans, PausedSpan(start=moment.at))
    elif not paused and spans and spans[-1].end is None:
        spans = (*spans[:-1], spans[-1].model_copy(update={"end": moment.at}))
    after = dag.model_copy(update={"paused": paused, "paused_spans": spans})
    return api.dag(dag.dag_id, {}) | {"is_paused": paused}, after


def _trigger(api: AirflowApi, ids: tuple[str, ...], body: Body, moment: Moment) -> Change:
    history = api.history(ids[0])
    if not api.is_airflow_2 and "logical_date" not in body:
        raise RestError(422, "body.logical_date: Field required", "Unprocessable Entity")
    conf = body.get("conf") or {}
    if not isinstance(conf, dict):
        raise RestError(400 if api.is_airflow_2 else 422, "conf must be an object", "Bad Request")
    logical = body.get("logical_date") or body.get("execution_date")
    run_id = body.get("dag_run_id") or f"manual__{logical or moment.now.isoformat()}"
    if any(run.run_id == run_id for run in history.runs(moment.now)):
        detail = f"DAGRun with DAG ID: '{ids[0]}' and DAGRun ID: '{run_id}' already exists"
        raise RestError(409, detail, "Conflict")
    each = TriggeredRun(run_id=run_id, at=moment.at, logical_date=logical, conf=conf, note=body.get("note"))
    after = history.dag.model_copy(update={"triggered": (*history.dag.triggered, each)})
    run = next(run for run in history.with_dag(after).runs(moment.now) if run.run_id == run_id)
    shapes: Any = shapes_v1 if api.is_airflow_2 else shapes_v2
    return {**shapes.dag_run(run), "state": "queued", "start_date": None}, after


def _clear(api: AirflowApi, ids: tuple[str, ...], body: Body, moment: Moment) -> Change:
    """Of one run, the tasks named, with those below or above them if wanted; only failed ones unless told otherwise."""
    history = api.history(ids[0])
    run_id = body.get("dag_run_id")
    if not run_id:
        raise RestError(400, "The simulated environment clears the tasks of one run: give dag_run_id", "Bad Request")
    run = api.run(ids[0], run_id)
    dag = history.dag
    named = [each[0] if isinstance(each, list) else each for each in body.get("task_ids") or []]
    unknown = sorted(set(named) - {task.task_id for task in dag.tasks})
    if unknown:
        raise RestError(404, f"Task with ID '{unknown[0]}' was not found in DAG '{dag.dag_id}'", "Not Found")
    chosen = set(named) or {task.task_id for task in dag.tasks}
    chosen |= _below(dag, chosen) if body.get("include_downstream") else set()
    chosen |= _above(dag, chosen) if body.get("include_upstream") else set()
    only_failed = body.get("only_failed", True)
    instances = [
        each for each in run.tasks if each.task.task_id in chosen and (not only_failed or each.state in _CLEARABLE)
    ]
    shape: Callable[..., Body] = shapes_v1.cleared if api.is_airflow_2 else shapes_v2.task_instance
    shown = [shape(run, each) for each in instances]
    reply = {"task_instances": shown, "total_entries": len(shown)}
    if body.get("dry_run", True) or not instances:
        return reply, None
    cleared = Cleared(run_id=run_id, task_ids=tuple(each.task.task_id for each in instances), at=moment.at)
    return reply, dag.model_copy(update={"cleared": (*dag.cleared, cleared)})


def _below(dag: Dag, names: set[str]) -> set[str]:
    found = set(names)
    for task in dag.tasks:  # listed after what is upstream of them
        if found & set(task.upstream):
            found.add(task.task_id)
    return found


def _above(dag: Dag, names: set[str]) -> set[str]:
    found = set(names)
    for task in reversed(dag.tasks):
        if task.task_id in found:
            found |= set(task.upstream)
    return found


_ROUTES: list[tuple[str, str, Callable[[AirflowApi, tuple[str, ...], Body, Moment], Change]]] = [
    ("PATCH", r"/dags/([^/~]+)", _pause),
    ("POST", r"/dags/([^/~]+)/dagRuns", _trigger),
    ("POST", r"/dags/([^/~]+)/clearTaskInstances", _clear),
]
