"""Managed Airflow environments: their DAGs, generated run history and task logs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from deploy.local.account.schema.base import Entry, Json, Length, Offset


class DagTask(Entry):
    task_id: str
    operator: str = "PythonOperator"
    upstream: tuple[str, ...] = ()
    typical_seconds: float = 30.0
    retries: int = 0
    retry_delay_seconds: float = 300.0
    pool: str = "default_pool"
    rendered_fields: Mapping[str, Json] = {}
    """Template fields as the task saw them, such as a sensor's external_dag_id or bucket_key."""


class TaskLogLine(Entry):
    """One structured line of a task's log, as Airflow 3 writes it."""

    event: str
    level: Literal["debug", "info", "warning", "error"] = "info"
    logger: str = "task"
    error_detail: tuple[dict[str, Json], ...] = ()


class TaskFailure(Entry):
    """A task that did not go as usual in one run. What follows a failed one becomes upstream_failed; what follows
    one that has not ended waits. `success` is for a task that needed retries or took long."""

    run: Offset
    """When the run was due, or any moment until the next run."""
    task_id: str
    state: Literal[
        "failed",
        "up_for_retry",
        "running",
        "queued",
        "scheduled",
        "up_for_reschedule",
        "deferred",
        "skipped",
        "success",
    ] = "failed"
    tries: int = 1
    seconds: float | None = None
    """How long each try took; the task's typical time when absent."""
    lines: tuple[TaskLogLine, ...] = ()


class DagRuns(Entry):
    """Generated history: a run every `every` since `from`, each one successful except for the failures listed."""

    every: Length = timedelta(days=1)
    start: Offset = Field(default=timedelta(days=-14), alias="from")
    end: Offset | None = Field(default=None, alias="to")
    latest: Offset | None = None
    """When one of the runs was due; the others go back and forward from it. Aligned to `every` when absent."""
    failures: tuple[TaskFailure, ...] = ()


class Cleared(Entry):
    """Tasks of a run that were cleared, and so run again; written by calls."""

    run_id: str
    task_ids: tuple[str, ...]
    at: Offset


class TriggeredRun(Entry):
    """A run that somebody started; written by calls."""

    run_id: str
    at: Offset
    logical_date: str | None = None
    conf: Mapping[str, Json] = {}
    note: str | None = None


class PausedSpan(Entry):
    """A time in which no run was scheduled; written by calls."""

    start: Offset
    end: Offset | None = None


class AssetSource(Entry):
    """An asset (dataset in Airflow 2) whose update starts a DAG, and the task that writes it."""

    uri: str
    dag_id: str
    task_id: str


class Dag(Entry):
    dag_id: str
    description: str = ""
    schedule: str | None = None
    """A cron expression made up from the runs when absent; empty: others trigger it."""
    paused: bool = False
    owner: str = "data-platform"
    tags: tuple[str, ...] = ()
    fileloc: str | None = None
    tasks: tuple[DagTask, ...]
    runs: DagRuns = DagRuns()
    assets: tuple[AssetSource, ...] = ()
    """What starts the DAG, instead of the time."""
    cleared: tuple[Cleared, ...] = ()
    triggered: tuple[TriggeredRun, ...] = ()
    paused_spans: tuple[PausedSpan, ...] = ()

    @model_validator(mode="after")
    def _tasks_in_order(self) -> Self:
        known: set[str] = set()
        for task in self.tasks:
            unknown = set(task.upstream) - known
            if unknown:
                raise ValueError(f"task {task.task_id} must be listed after its upstream {sorted(unknown)[0]}")
            known.add(task.task_id)
        for failure in self.runs.failures:
            if failure.task_id not in known:
                raise ValueError(f"DAG {self.dag_id} has no task {failure.task_id}")
        return self


class ImportProblem(Entry):
    file: str
    stack_trace: str
    at: Offset


class Pool(Entry):
    name: str
    slots: int = 128
    occupied: int = 0
    queued: int = 0
    scheduled: int = 0


class FailedUpdate(Entry):
    at: Offset
    code: str
    message: str


class AirflowAddress(Entry):
    """A real Airflow 3, to which the environment passes on what it is asked."""

    url: str
    user: str
    password: str


class MwaaEnvironment(Entry):
    name: str
    airflow_version: str = "3.0.6"
    environment_class: str = "mw1.small"
    max_workers: int = 5
    min_workers: int = 1
    schedulers: int = 2
    status: str = "AVAILABLE"
    dag_s3_path: str = "dags"
    source_bucket: str | None = None
    failed_update: FailedUpdate | None = None
    unhealthy: tuple[Literal["scheduler", "triggerer", "dag_processor", "metadatabase"], ...] = ()
    forbidden: tuple[str, ...] = ()
    """Beginnings of paths that the caller's Airflow role may not read, such as /pools."""
    airflow: AirflowAddress | None = None
    dags: tuple[Dag, ...] = ()
    import_errors: tuple[ImportProblem, ...] = ()
    pools: tuple[Pool, ...] = (Pool(name="default_pool"),)
    configuration: Mapping[str, str] = {}
