"""What a task waits for outside of its DAG, as its rendered fields say: another DAG's task, an S3 key, a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from tools.evidence.airflow.api import Airflow, Json, moment, path
from tools.evidence.failures import EXPECTED


@dataclass(frozen=True)
class Upstream:
    """A DAG that another one depends on; `run_id` and `task_id` where they are known."""

    dag_id: str
    run_id: str = ""
    task_id: str = ""
    by: str = ""
    """What ties them: `sensor wait_for_orders`, `trigger start_report`, `asset s3://...`."""


def upstream_of(airflow: Airflow, instance: Json) -> Upstream | None:
    """The DAG that an ExternalTaskSensor waits for or a TriggerDagRunOperator started."""
    fields = rendered(instance)
    if dag_id := _text(fields.get("external_dag_id")):
        tasks = cast("list[Any]", fields.get("external_task_ids") or [fields.get("external_task_id")])
        run_id = _run_of_date(airflow, dag_id, instance)
        return Upstream(dag_id, run_id, _text(tasks[0]), f"sensor {instance['task_id']}")
    if dag_id := _text(fields.get("trigger_dag_id")):
        run_id = _text(fields.get("trigger_run_id")) or _triggered_run(airflow, instance)
        return Upstream(dag_id, run_id, "", f"trigger {instance['task_id']}")
    return None


def asset_upstreams(airflow: Airflow, dag_id: str, run_id: str) -> list[Upstream]:
    """The DAGs whose assets (datasets in Airflow 2) start this one: those of a run, else those that are declared."""
    events: list[Json] = []
    if run_id:
        run = path("dags", dag_id, "dagRuns", run_id)
        events = (airflow.find(f"{run}/upstreamAssetEvents") or {}).get("asset_events") or (
            airflow.find(f"{run}/upstreamDatasetEvents") or {}
        ).get("dataset_events", [])
    if events:
        found = [
            Upstream(
                _text(event.get("source_dag_id")),
                _text(event.get("source_run_id")),
                _text(event.get("source_task_id")),
                f"asset {event.get('uri') or event.get('dataset_uri') or ''}".strip(),
            )
            for event in events
        ]
    else:
        assets = airflow.find("/assets", dag_ids=dag_id, limit=100) or {}
        datasets = assets or airflow.find("/datasets", dag_ids=dag_id, limit=100) or {}
        listed = cast("list[Json]", datasets.get("assets") or datasets.get("datasets") or [])
        found = [
            Upstream(_text(task["dag_id"]), "", _text(task["task_id"]), f"asset {asset.get('uri', '')}")
            for asset in listed
            if dag_id in _consumers(asset)
            for task in asset.get("producing_tasks") or ()
        ]
    return list({each.dag_id: each for each in found if each.dag_id and each.dag_id != dag_id}.values())


def waits_for(instance: Json) -> tuple[str, dict[str, str]]:
    """What a sensor waits for, in words, and as attributes; empty when its fields do not say."""
    fields = rendered(instance)
    if dag_id := _text(fields.get("external_dag_id")):
        task = _text(fields.get("external_task_id"))
        return f"DAG {dag_id}" + (f", task {task}" if task else ""), {"upstream_dag": dag_id}
    keys = fields.get("bucket_key")
    key = _text(cast("list[Any]", keys)[0] if isinstance(keys, list) and keys else keys)
    if key.startswith("s3://"):
        address = urlsplit(key)
        return key, {"bucket": address.netloc, "key": address.path.lstrip("/")}
    if key:
        bucket = _text(fields.get("bucket_name"))
        return f"s3://{bucket}/{key}", {"bucket": bucket, "key": key}
    for name in ("filepath", "endpoint", "sql", "external_task_group_id", "target_time"):
        if value := _text(fields.get(name)):
            return f"{name} {value[:120]}", {}
    return "", {}


def rendered(instance: Json) -> Json:
    return cast("Json", instance.get("rendered_fields") or {})


def _run_of_date(airflow: Airflow, dag_id: str, instance: Json) -> str:
    """The run of the other DAG for the same logical date, else the last that began before the sensor did."""
    date = moment(instance.get("logical_date") or instance.get("execution_date"))
    runs = airflow.runs(dag_id, 25)
    same = [run for run in runs if date and moment(run.get("logical_date") or run.get("execution_date")) == date]
    began = str(instance.get("start_date") or "9")
    earlier = [run for run in runs if str(run.get("start_date") or "9") <= began]
    return str((same or earlier or runs)[0]["dag_run_id"]) if runs else ""


def _triggered_run(airflow: Airflow, instance: Json) -> str:
    """The operator leaves the id of the run that it started as an XCom, which a reader may not be allowed to see."""
    ids = (str(instance[name]) for name in ("dag_id", "dag_run_id", "task_id"))
    dag_id, run_id, task_id = ids
    where = path("dags", dag_id, "dagRuns", run_id, "taskInstances", task_id, "xcomEntries", "trigger_run_id")
    try:
        value = (airflow.find(where) or {}).get("value")
    except EXPECTED:
        value = None
    return _text(value).strip('"')


def _consumers(asset: Json) -> set[str]:
    names = ("scheduled_dags", "consuming_dags")
    return {str(dag["dag_id"]) for name in names for dag in cast("list[Json]", asset.get(name) or [])}


def _text(value: object) -> str:
    return "" if value is None else str(value)
