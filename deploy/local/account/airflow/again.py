"""What becomes of a run when tasks of it are cleared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from deploy.local.account.airflow.instances import Succeeds, TaskInstance, TaskTry
from deploy.local.account.schema.mwaa import Dag, DagTask


class Again:
    """The tasks of a run after some of them were cleared: those run anew, the others stay as they were.

    A task that had failed fails again, in the same way, unless it is said to succeed by then.
    """

    def __init__(
        self, dag: Dag, before: Sequence[TaskInstance], at: datetime, names: set[str], now: datetime, succeeds: Succeeds
    ) -> None:
        self._dag, self._at, self._names, self._now, self._succeeds = dag, at, names, now, succeeds
        self._done = {instance.task.task_id: instance for instance in before}

    def tasks(self) -> tuple[TaskInstance, ...]:
        if self._at <= self._now:
            for task in self._dag.tasks:
                if task.task_id in self._names:
                    self._done[task.task_id] = self._instance(task, self._done[task.task_id])
        return tuple(self._done[task.task_id] for task in self._dag.tasks)

    def _instance(self, task: DagTask, before: TaskInstance) -> TaskInstance:
        upstream = [self._done[name] for name in task.upstream]
        if any(each.state in {"failed", "upstream_failed"} for each in upstream):
            return TaskInstance(task, "upstream_failed", before.tries, before.failure)
        if any(each.state not in {"success", "skipped"} for each in upstream):
            return TaskInstance(task, None, before.tries, before.failure)
        begin = max([self._at, *(each.end for each in upstream if each.end)]) + timedelta(seconds=2)
        if begin > self._now:
            return TaskInstance(task, "scheduled", before.tries, before.failure, ready=begin)
        return self._tried(task, before, begin)

    def _tried(self, task: DagTask, before: TaskInstance, begin: datetime) -> TaskInstance:
        failure, number = before.failure, len(before.tries) + 1
        fails = failure is not None and failure.state in {"failed", "up_for_retry"}
        fails = fails and not self._succeeds(self._dag.dag_id, task.task_id, begin)
        seconds = failure.seconds if fails and failure and failure.seconds else task.typical_seconds
        end = begin + timedelta(seconds=seconds)
        if end > self._now:
            return TaskInstance(task, "running", (*before.tries, TaskTry(number, "running", begin, None)), failure)
        state = "failed" if fails else "success"
        return TaskInstance(task, state, (*before.tries, TaskTry(number, state, begin, end)), failure)
