"""Runs of DAGs, the tasks in them, and their tries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from deploy.local.account.schema.mwaa import Dag, DagTask, TaskFailure, TriggeredRun

Succeeds = Callable[[str, str, datetime], bool | None]
"""Whether a task, by the ids of its DAG and its own, that is run at a moment succeeds; None where nobody said."""


def unsaid(dag_id: str, task_id: str, at: datetime) -> bool | None:
    return None


@dataclass(frozen=True)
class TaskTry:
    """One attempt of a task. `end` is None while it runs."""

    number: int
    state: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class TaskInstance:
    """A task in one run. `tries` is empty for a task that never started."""

    task: DagTask
    state: str | None
    """None while nothing is decided, as Airflow shows it."""
    tries: tuple[TaskTry, ...] = ()
    failure: TaskFailure | None = None
    ready: datetime | None = None
    """When nothing upstream kept it from starting any more."""

    @property
    def start(self) -> datetime | None:
        return self.tries[-1].start if self.tries else None

    @property
    def end(self) -> datetime | None:
        return self.tries[-1].end if self.tries else None


@dataclass(frozen=True)
class DagRun:
    dag: Dag
    run_after: datetime
    logical_date: datetime
    state: str
    start: datetime
    end: datetime | None
    tasks: tuple[TaskInstance, ...]
    triggered: TriggeredRun | None = None
    """Of a run that somebody started, what they said."""

    @property
    def run_id(self) -> str:
        return self.triggered.run_id if self.triggered else f"scheduled__{self.logical_date.isoformat()}"

    def task(self, task_id: str) -> TaskInstance | None:
        return next((each for each in self.tasks if each.task.task_id == task_id), None)
