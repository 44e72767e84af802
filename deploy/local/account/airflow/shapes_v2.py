"""The JSON of Airflow 3's REST API (/api/v2)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from deploy.local.account.airflow.history import DagHistory
from deploy.local.account.airflow.instances import DagRun, TaskInstance, TaskTry
from deploy.local.account.schema.mwaa import AssetSource, DagTask

DAGS_FOLDER = "/usr/local/airflow/dags"


def stamp(moment: datetime | None) -> str | None:
    """2026-11-03T10:15:00Z"""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def dag(history: DagHistory, now: datetime) -> dict[str, Any]:
    each, schedule = history.dag, history.schedule
    following = history.next_run(now) if schedule else None
    file = each.fileloc or f"{each.dag_id}.py"
    return {
        "dag_id": each.dag_id,
        "dag_display_name": each.dag_id,
        "is_paused": each.paused,
        "is_stale": False,
        "last_parsed_time": stamp(now - timedelta(seconds=30)),
        "last_expired": None,
        "bundle_name": "dags-folder",
        "bundle_version": None,
        "relative_fileloc": file,
        "fileloc": f"{DAGS_FOLDER}/{file}",
        "description": each.description or None,
        "timetable_summary": schedule,
        "timetable_description": f"Cron schedule {schedule}" if schedule else "Never, external triggers only",
        "tags": [{"name": tag, "dag_id": each.dag_id} for tag in each.tags],
        "max_active_tasks": 16,
        "max_active_runs": 16,
        "max_consecutive_failed_dag_runs": 0,
        "has_task_concurrency_limits": False,
        "has_import_errors": False,
        "next_dagrun_logical_date": stamp(following),
        "next_dagrun_data_interval_start": stamp(following),
        "next_dagrun_data_interval_end": stamp(following),
        "next_dagrun_run_after": stamp(following),
        "owners": [each.owner],
        "file_token": str(uuid.uuid5(uuid.NAMESPACE_URL, file)),
    }


def task(each: DagTask, owner: str, downstream: list[str]) -> dict[str, Any]:
    return {
        "task_id": each.task_id,
        "task_display_name": each.task_id,
        "owner": owner,
        "trigger_rule": "all_success",
        "depends_on_past": False,
        "wait_for_downstream": False,
        "retries": float(each.retries),
        "retry_delay": {"__type": "TimeDelta", "days": 0, "seconds": int(each.retry_delay_seconds), "microseconds": 0},
        "queue": "default",
        "pool": each.pool,
        "pool_slots": 1.0,
        "priority_weight": 1.0,
        "operator_name": each.operator,
        "class_ref": {"class_name": each.operator, "module_path": None},
        "downstream_task_ids": downstream,
        "is_mapped": False,
    }


def dag_run(run: DagRun) -> dict[str, Any]:
    return {
        "dag_run_id": run.run_id,
        "dag_id": run.dag.dag_id,
        "dag_display_name": run.dag.dag_id,
        "logical_date": stamp(run.logical_date),
        "queued_at": stamp(run.run_after),
        "start_date": stamp(run.start),
        "end_date": stamp(run.end),
        "duration": (run.end - run.start).total_seconds() if run.end else None,
        "data_interval_start": stamp(run.logical_date),
        "data_interval_end": stamp(run.run_after),
        "run_after": stamp(run.run_after),
        "last_scheduling_decision": stamp(run.end),
        "run_type": "manual" if run.triggered else "scheduled",
        "state": run.state,
        "triggered_by": "rest_api" if run.triggered else "timetable",
        "triggering_user_name": None,
        "conf": dict(run.triggered.conf) if run.triggered else {},
        "note": run.triggered.note if run.triggered else None,
        "dag_versions": [],
        "bundle_version": None,
    }


def task_instance(run: DagRun, instance: TaskInstance, attempt: TaskTry | None = None) -> dict[str, Any]:
    """The instance with its latest try, or with an earlier one."""
    shown = attempt or (instance.tries[-1] if instance.tries else None)
    key = f"{run.dag.dag_id}/{run.run_id}/{instance.task.task_id}"
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, key)),
        "task_id": instance.task.task_id,
        "dag_id": run.dag.dag_id,
        "dag_run_id": run.run_id,
        "map_index": -1,
        "logical_date": stamp(run.logical_date),
        "run_after": stamp(run.run_after),
        "start_date": stamp(shown.start) if shown else None,
        "end_date": stamp(shown.end) if shown else None,
        "duration": (shown.end - shown.start).total_seconds() if shown and shown.end else None,
        "state": attempt.state if attempt else instance.state,
        "try_number": shown.number if shown else 0,
        "max_tries": instance.task.retries,
        "task_display_name": instance.task.task_id,
        "dag_display_name": run.dag.dag_id,
        "hostname": "ip-10-192-21-14.ec2.internal" if shown else "",
        "unixname": "airflow",
        "pool": instance.task.pool,
        "pool_slots": 1,
        "queue": "default",
        "priority_weight": 1,
        "operator": instance.task.operator,
        "operator_name": instance.task.operator,
        "queued_when": stamp(_queued(instance, shown)),
        "scheduled_when": stamp(instance.ready or (shown.start - timedelta(seconds=2) if shown else None)),
        "pid": 4242 if shown else None,
        "executor": None,
        "executor_config": "{}",
        "note": None,
        "rendered_map_index": None,
        "rendered_fields": dict(instance.task.rendered_fields) if shown else {},
        "trigger": None,
        "triggerer_job": None,
        "dag_version": None,
    }


def _queued(instance: TaskInstance, shown: TaskTry | None) -> datetime | None:
    if instance.ready is not None:
        return None if instance.state == "scheduled" else instance.ready
    return shown.start - timedelta(seconds=1) if shown else None


def asset_event(source: AssetSource, run: DagRun, at: datetime, dataset: bool) -> dict[str, Any]:
    """Dataset events of Airflow 2 have other names for the same."""
    kind = "dataset" if dataset else "asset"
    return {
        "id": 1,
        f"{kind}_id": 1,
        ("dataset_uri" if dataset else "uri"): source.uri,
        "extra": {},
        "source_dag_id": source.dag_id,
        "source_task_id": source.task_id,
        "source_run_id": run.run_id,
        "source_map_index": -1,
        "timestamp": stamp(at),
    }


def asset(uri: str, producers: list[AssetSource], consumers: list[str], dataset: bool) -> dict[str, Any]:
    return {
        "id": 1,
        "uri": uri,
        "producing_tasks": [{"dag_id": each.dag_id, "task_id": each.task_id} for each in producers],
        ("consuming_dags" if dataset else "scheduled_dags"): [{"dag_id": each} for each in consumers],
    }


def log(lines: list[dict[str, Any]]) -> dict[str, Any]:
    header = [{"event": "::group::Log message source details", "sources": ["cloudwatch"]}, {"event": "::endgroup::"}]
    return {"content": header + lines, "continuation_token": None}
