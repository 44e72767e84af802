"""The JSON of Airflow 2's REST API (/api/v1), where it differs from Airflow 3's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from deploy.local.account.airflow import shapes_v2
from deploy.local.account.airflow.history import DagHistory
from deploy.local.account.airflow.instances import DagRun, TaskInstance, TaskTry
from deploy.local.account.schema.mwaa import DagTask

_NOT_IN_DAG = ("dag_display_name", "is_stale", "bundle_name", "bundle_version", "relative_fileloc", "timetable_summary",
               "next_dagrun_logical_date", "next_dagrun_run_after")  # fmt: skip
_NOT_IN_RUN = ("dag_display_name", "queued_at", "duration", "run_after", "triggered_by", "triggering_user_name",
               "dag_versions", "bundle_version")  # fmt: skip
_NOT_IN_TASK_INSTANCE = ("id", "run_after", "logical_date", "task_display_name", "dag_display_name", "operator_name",
                         "scheduled_when", "executor", "dag_version")  # fmt: skip


def dag(history: DagHistory, now: datetime) -> dict[str, Any]:
    new = shapes_v2.dag(history, now)
    schedule = {"__type": "CronExpression", "value": history.schedule} if history.schedule else None
    return {
        **_without(new, _NOT_IN_DAG),
        "is_active": True,
        "is_subdag": False,
        "root_dag_id": None,
        "schedule_interval": schedule,
        "next_dagrun": new["next_dagrun_logical_date"],
        "next_dagrun_create_after": new["next_dagrun_run_after"],
        "tags": [{"name": tag} for tag in history.dag.tags],
    }


def task(each: DagTask, owner: str, downstream: list[str]) -> dict[str, Any]:
    return {**shapes_v2.task(each, owner, downstream), "class_ref": {"class_name": each.operator, "module_path": ""}}


def dag_run(run: DagRun) -> dict[str, Any]:
    new = _without(shapes_v2.dag_run(run), _NOT_IN_RUN)
    return {**new, "execution_date": new["logical_date"], "external_trigger": run.triggered is not None}


def task_instance(run: DagRun, instance: TaskInstance, attempt: TaskTry | None = None) -> dict[str, Any]:
    new = _without(shapes_v2.task_instance(run, instance, attempt), _NOT_IN_TASK_INSTANCE)
    return {**new, "execution_date": shapes_v2.stamp(run.logical_date), "sla_miss": None}


def cleared(run: DagRun, instance: TaskInstance) -> dict[str, Any]:
    """A task instance as the reply to clearing names it."""
    names = {"dag_id": run.dag.dag_id, "dag_run_id": run.run_id, "task_id": instance.task.task_id}
    return {**names, "execution_date": shapes_v2.stamp(run.logical_date)}


def log(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Airflow 2 sends text: `[('host', 'line\\nline')]`."""
    text = "\n".join(_text(line) for line in lines)
    return {"content": repr([("ip-10-192-21-14.ec2.internal", text)]), "continuation_token": None}


def _text(line: dict[str, Any]) -> str:
    head = f"[{line['timestamp']}] {{{line['logger']}}} {line['level'].upper()} - {line['event']}"
    trace = [
        f"Traceback (most recent call last):\n{_frames(error)}{error['exc_type']}: {error['exc_value']}"
        for error in line.get("error_detail", ())
    ]
    return "\n".join([head, *trace])


def _frames(error: dict[str, Any]) -> str:
    return "".join(
        f'  File "{frame["filename"]}", line {frame["lineno"]}, in {frame["name"]}\n'
        for frame in error.get("frames", ())
    )


def _without(shape: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in shape.items() if name not in names}
