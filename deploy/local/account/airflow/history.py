"""Runs and task instances of a DAG, computed from its definition: all as usual, except for what a scenario lists."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from deploy.local.account.airflow.again import Again
from deploy.local.account.airflow.instances import DagRun, Succeeds, TaskInstance, TaskTry, unsaid
from deploy.local.account.schema.mwaa import Dag, DagTask, TaskFailure, TriggeredRun
from deploy.local.account.text import render_times

_QUEUED_FOR = timedelta(seconds=4)
_DONE = {"success", "failed", "skipped", "upstream_failed"}
_NEVER_BEGAN = {"skipped", "queued", "scheduled"}
_POKE = timedelta(minutes=5)


class DagHistory:
    """The runs of a DAG. Airflow 2 names a run by the start of its interval, Airflow 3 by when it was due."""

    def __init__(self, dag: Dag, loaded: datetime, airflow_2: bool, succeeds: Succeeds = unsaid) -> None:
        self.dag = dag
        self._loaded = loaded
        self._airflow_2 = airflow_2
        self._succeeds = succeeds
        self._shift = dag.runs.every if airflow_2 else timedelta(0)
        every = dag.runs.every
        latest = dag.runs.latest
        newest = loaded + latest if latest is not None else _aligned(loaded, every)
        self._newest = newest.replace(second=0, microsecond=0)
        self._failing: dict[datetime, list[TaskFailure]] = {}
        for failure in dag.runs.failures:
            self._failing.setdefault(self._run_of(loaded + failure.run), []).append(failure)

    @property
    def schedule(self) -> str | None:
        """The cron expression that fits the runs when the scenario names none; None where it names an empty one."""
        if self.dag.schedule is not None:
            return self.dag.schedule or None
        minutes = int(self.dag.runs.every.total_seconds() // 60)
        at = self._newest
        if minutes % 1440 == 0:
            return f"{at.minute} {at.hour} * * *"
        if minutes % 60 == 0:
            return f"{at.minute} {at.hour % (minutes // 60)}-23/{minutes // 60} * * *"
        return f"*/{minutes} * * * *"

    def runs(self, now: datetime) -> list[DagRun]:
        """Runs that were due by `now`, and those that somebody started, oldest first."""
        first, last = self._loaded + self.dag.runs.start, now
        if self.dag.runs.end is not None:
            last = min(last, self._loaded + self.dag.runs.end)
        every = self.dag.runs.every
        back, forward = (self._newest - first) // every, (last - self._newest) // every
        due = [self._newest + every * index for index in range(-back, forward + 1)]
        scheduled = [self._run(each, now) for each in due if not self._was_paused(each)]
        if not self.dag.triggered:
            return scheduled
        started = [self._started(each, now) for each in self.dag.triggered]
        return sorted([*scheduled, *started], key=lambda run: run.run_after)

    def with_dag(self, dag: Dag) -> DagHistory:
        """The same for a DAG that has changed."""
        return DagHistory(dag, self._loaded, self._airflow_2, self._succeeds)

    def next_run(self, now: datetime) -> datetime | None:
        """A DAG whose runs ended without being paused still has the first run that it missed before it."""
        if self.dag.paused or self.dag.assets:
            return None
        end = self.dag.runs.end
        return self._run_of(min(now, self._loaded + end) if end is not None else now) + self.dag.runs.every

    def _run_of(self, moment: datetime) -> datetime:
        """When the run that a moment belongs to was due: the latest one not after it."""
        return self._newest + self.dag.runs.every * ((moment - self._newest) // self.dag.runs.every)

    def _run(self, due: datetime, now: datetime) -> DagRun:
        failures = {failure.task_id: failure for failure in self._failing.get(due, [])}
        tasks = _Timeline(self.dag, due + _QUEUED_FOR, now, failures, self._loaded).tasks()
        return self._made(due, due - self._shift, tasks, now, None)

    def _started(self, each: TriggeredRun, now: datetime) -> DagRun:
        """A run by hand fares as the latest scheduled one before it, except where a reaction says otherwise."""
        at = self._loaded + each.at
        last = max((due for due in self._failing if due <= at), default=None)
        current = last is not None and last + self.dag.runs.every > at
        told = {failure.task_id: failure for failure in self._failing[last]} if last and current else {}
        failures = {name: failure for name, failure in told.items() if not self._succeeds(self.dag.dag_id, name, now)}
        waits = self.dag.paused
        tasks = tuple(TaskInstance(task, None) for task in self.dag.tasks)
        if not waits:
            tasks = _Timeline(self.dag, at + _QUEUED_FOR, now, failures, self._loaded).tasks()
        logical = datetime.fromisoformat(each.logical_date) if each.logical_date else at
        run = self._made(at, logical, tasks, now, each)
        return replace(run, state="queued") if waits else run

    def _made(
        self,
        due: datetime,
        logical_date: datetime,
        tasks: tuple[TaskInstance, ...],
        now: datetime,
        triggered: TriggeredRun | None,
    ) -> DagRun:
        run = DagRun(self.dag, due, logical_date, "", due + _QUEUED_FOR, None, tasks, triggered)
        for each in self.dag.cleared:
            if each.run_id == run.run_id:
                again = Again(self.dag, run.tasks, self._loaded + each.at, set(each.task_ids), now, self._succeeds)
                run = replace(run, tasks=again.tasks())
        state = _run_state(run.tasks)
        ends = [task.end for task in run.tasks if task.end is not None]
        end = max(ends, default=run.start) + timedelta(seconds=1) if state in {"success", "failed"} else None
        return replace(run, state=state, end=end)

    def _was_paused(self, due: datetime) -> bool:
        return any(
            self._loaded + span.start <= due and (span.end is None or due < self._loaded + span.end)
            for span in self.dag.paused_spans
        )


class _Timeline:
    """Works out when each task of one run starts and ends."""

    def __init__(
        self, dag: Dag, start: datetime, now: datetime, failures: Mapping[str, TaskFailure], loaded: datetime
    ) -> None:
        self._dag, self._start, self._now = dag, start, now
        self._failures, self._loaded = failures, loaded
        self._rng = random.Random(f"{dag.dag_id}/{start.timestamp()}")
        self._done: dict[str, TaskInstance] = {}

    def tasks(self) -> tuple[TaskInstance, ...]:
        for task in self._dag.tasks:
            self._done[task.task_id] = self._instance(task, self._rng.lognormvariate(0, 0.12))
        return tuple(self._done[task.task_id] for task in self._dag.tasks)

    def _instance(self, task: DagTask, factor: float) -> TaskInstance:
        upstream = [self._done[name] for name in task.upstream]
        if any(each.state in {"failed", "upstream_failed"} for each in upstream):
            return TaskInstance(task, "upstream_failed")
        if any(each.state not in {"success", "skipped"} for each in upstream):
            return TaskInstance(task, None)
        begin = max((each.end for each in upstream if each.end), default=self._start) + timedelta(seconds=2)
        if begin > self._now:
            return TaskInstance(task, "scheduled", ready=begin)
        failure = self._failures.get(task.task_id)
        seconds = task.typical_seconds * factor
        if failure is None:
            return self._finished(task, begin, seconds)
        return self._failed(task, failure, begin, failure.seconds or seconds)

    def _finished(self, task: DagTask, begin: datetime, seconds: float) -> TaskInstance:
        end = begin + timedelta(seconds=seconds)
        if end > self._now:
            return TaskInstance(task, "running", (TaskTry(1, "running", begin, None),))
        return TaskInstance(task, "success", (TaskTry(1, "success", begin, end),))

    def _failed(self, task: DagTask, failure: TaskFailure, begin: datetime, seconds: float) -> TaskInstance:
        if failure.state in _NEVER_BEGAN:
            return TaskInstance(task, failure.state, (), failure, ready=begin)
        if failure.state in {"up_for_reschedule", "deferred"}:
            poke = begin + _POKE * ((self._now - begin) // _POKE)
            end = poke + timedelta(seconds=1)
            return TaskInstance(task, failure.state, (TaskTry(1, failure.state, poke, end),), failure, ready=begin)
        step = timedelta(seconds=seconds + task.retry_delay_seconds)
        tries: list[TaskTry] = []
        for number in range(1, failure.tries + 1):
            start = begin + step * (number - 1)
            end = start + timedelta(seconds=seconds)
            last = number == failure.tries
            if start > self._now:
                return TaskInstance(task, "up_for_retry", tuple(tries), failure)
            if end > self._now or (last and failure.state == "running"):
                tries.append(TaskTry(number, "running", start, None))
                return TaskInstance(task, "running", tuple(tries), failure)
            tries.append(TaskTry(number, failure.state if last else "up_for_retry", start, end))
        return TaskInstance(task, failure.state, tuple(tries), failure)


def log_lines(instance: TaskInstance, number: int, loaded: datetime) -> list[dict[str, object]]:
    """The structured log of one try, as Airflow 3 writes it: JSON objects with timestamp, level, event and logger."""
    attempt = instance.tries[number - 1]
    lines: list[dict[str, object]] = [_line(attempt.start, "info", "DAG bundles loaded: dags-folder")]
    lines.append(_line(attempt.start, "info", f"Executing {instance.task.operator}(task_id={instance.task.task_id})"))
    if instance.failure is not None and attempt.state != "success":
        told = instance.failure.lines
        step = ((attempt.end or attempt.start) - attempt.start) / (len(told) + 1)
        for index, each in enumerate(told, start=1):
            rendered = render_times(each.model_dump(), loaded)
            line = _line(attempt.start + step * index, each.level, rendered["event"], each.logger)
            lines.append({**line, "error_detail": rendered["error_detail"]} if each.error_detail else line)
    elif attempt.state == "success" and attempt.end is not None:
        lines.append(_line(attempt.end, "info", "Task finished", "task"))
    return lines


def _line(at: datetime, level: str, event: str, logger: str = "airflow.task.runner") -> dict[str, object]:
    stamp = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {"timestamp": stamp, "level": level, "event": event, "logger": logger}


def _run_state(tasks: Sequence[TaskInstance]) -> str:
    if any(task.state not in _DONE for task in tasks):
        return "running"
    return "failed" if any(task.state in {"failed", "upstream_failed"} for task in tasks) else "success"


def _aligned(moment: datetime, every: timedelta) -> datetime:
    step = every.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // step * step, moment.tzinfo)
