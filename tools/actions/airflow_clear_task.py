"""Tasks of one run of a DAG cleared, so that Airflow runs them again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from agent.errors import InputError
from agent.models import ActionResult, Alert, Check, Difference, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from tools.actions.airflow_access import AirflowCall, AirflowOrder, Environment, permissions, send
from tools.actions.airflow_kind import AirflowKind, ended
from tools.actions.kind import Order
from tools.actions.looking import listed, unreadable
from tools.actions.signals import signal_check
from tools.evidence.airflow.api import Json, path
from tools.evidence.failures import EXPECTED

FAILED = ("failed", "upstream_failed")
SHOWN_TASKS = 10


class AirflowClearTask(AirflowOrder):
    run_id: str = Field(min_length=1, max_length=250, description="The run, as Airflow calls it")
    task_ids: Annotated[tuple[str, ...], BeforeValidator(listed), Field(max_length=50)] = ()
    """All that failed when there are none."""
    only_failed: bool = Field(default=True, description="Of these tasks only those that failed, or could not start")
    downstream: bool = Field(default=False, description="The tasks after them, too")

    @model_validator(mode="after")
    def _not_everything(self) -> Self:
        if not (self.only_failed or self.task_ids):
            raise ValueError("name the tasks that are to run again although they did not fail")
        return self


class AirflowClearTaskKind(AirflowKind[AirflowClearTask]):
    """A cleared task has another state, and then another try: that is how the effect is found again."""

    name = "airflow_clear_task"
    parameters = AirflowClearTask
    risk = Risk.medium
    reversible = False

    def title(self, order: Order[AirflowClearTask]) -> str:
        wanted = order.parameters
        tasks = ", ".join(wanted.task_ids) if wanted.task_ids else "the failed tasks"
        after = " and what comes after" if wanted.downstream else ""
        return f"Run {tasks}{after} of {order.target.id} again ({wanted.run_id})"

    def permissions(self, order: Order[AirflowClearTask]) -> tuple[Permission, ...]:
        wanted = order.parameters
        said = {"dag_run_id": wanted.run_id, "only_failed": wanted.only_failed, "include_downstream": False}
        return permissions(order, self._settings, "POST", _clear(order), **said)

    def preview(self, order: Order[AirflowClearTask], aws: AwsSession, now: datetime) -> Preview:
        """Worked out from the run's tasks: Airflow's own dry run is a POST, which a reader may not make."""
        try:
            environment = self._environment(order, aws, now)
            dag = environment.dag(order.target.id)
            chosen = _chosen(order, environment)
        except EXPECTED as error:
            return unreadable(now, error)
        tasks = {_key(each): _state(each) for each in chosen}
        none = () if chosen else ("No such task of the run has failed: there is nothing to repeat.",)
        return Preview(
            at=now,
            before={"tasks": tasks},
            after={"api": environment.api, "task_ids": sorted({each["task_id"] for each in chosen})},
            differences=tuple(
                Difference(field=f"task {key}", before=state.partition("/")[0], after="runs again")
                for key, state in list(tasks.items())[:SHOWN_TASKS]
            ),
            blast_radius=f"{len(tasks)} of the run's tasks, and whoever waits for what they write",
            affected=len(tasks),
            tags=environment.tags,
            warnings=_warnings(dag, chosen),
            problems=(*environment.problems, *none),
        )

    def execute(
        self, order: Order[AirflowClearTask], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        """Exactly the tasks of the preview, by name."""
        body = {
            "dry_run": False,
            "dag_run_id": order.parameters.run_id,
            "task_ids": preview.after["task_ids"],
            "only_failed": order.parameters.only_failed,
            "include_downstream": False,
            "include_upstream": False,
            "include_future": False,
            "include_past": False,
            "reset_dag_runs": True,
        }
        call = AirflowCall("POST", _clear(order), body)
        send(order.parameters.environment, call, preview.after["api"], session, self._settings)
        return _result(order, preview, now)

    def find_effect(
        self, order: Order[AirflowClearTask], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        before: dict[str, str] = preview.before["tasks"]
        now = {_key(each): _state(each) for each in _instances(order, self._environment(order, aws, since))}
        changed = any(now.get(key) != state for key, state in before.items())
        return _result(order, preview, since) if changed else None

    def outcome(self, order: Order[AirflowClearTask], result: ActionResult, aws: AwsSession) -> ActionResult:
        """A task that others have to go before has no state yet, or waits."""
        tasks: list[str] = result.after["task_ids"]
        instances = _instances(order, self._environment(order, aws, result.at))
        states = [str(each.get("state")) for each in instances if each["task_id"] in tasks]
        shown = ", ".join(tasks[:SHOWN_TASKS])
        return ended(result, f"{shown} of {order.target.id} ({result.reference})", states)

    def undo(self, order: Order[AirflowClearTask], result: ActionResult) -> dict[str, Any] | None:
        return None

    def check(self, order: Order[AirflowClearTask], alert: Alert | None) -> Check:
        wanted, dag_id = order.parameters, order.target.id
        where = {"environment": wanted.environment, "dag_id": dag_id, "run_id": wanted.run_id}
        if wanted.task_ids:
            tasks = ", ".join(wanted.task_ids)
            return signal_check(alert, f"{tasks} of {dag_id} succeed ({wanted.run_id})", "task", tasks, **where)
        return signal_check(alert, f"The run {wanted.run_id} of {dag_id} succeeds", "dag_run", dag_id, **where)


def _clear(order: Order[AirflowClearTask]) -> str:
    return path("dags", order.target.id, "clearTaskInstances")


def _instances(order: Order[AirflowClearTask], environment: Environment) -> list[Json]:
    """InputError when there is no such run."""
    dag_id, run_id = order.target.id, order.parameters.run_id
    if environment.airflow.run(dag_id, run_id) is None:
        raise InputError(f"{dag_id} has no run {run_id}.")
    return environment.airflow.task_instances(dag_id, run_id)


def _chosen(order: Order[AirflowClearTask], environment: Environment) -> list[Json]:
    """The task instances that would run again. InputError for a task that the run does not have."""
    wanted, instances = order.parameters, _instances(order, environment)
    known = {str(each["task_id"]) for each in instances}
    unknown = sorted(set(wanted.task_ids) - known)
    if unknown:
        raise InputError(f"The run {wanted.run_id} has no task {unknown[0]}.")
    names = set(wanted.task_ids) or known
    if wanted.downstream:
        names = _with_downstream(names, environment.airflow.downstream(order.target.id))
    return sorted(
        (
            each
            for each in instances
            if each["task_id"] in names and (not wanted.only_failed or each.get("state") in FAILED)
        ),
        key=_key,
    )


def _with_downstream(names: set[str], follows: dict[str, list[str]]) -> set[str]:
    found, new = set(names), set(names)
    while new:
        new = {after for name in new for after in follows.get(name, [])} - found
        found |= new
    return found


def _key(instance: Json) -> str:
    """`load`, or `load[3]` of a mapped task."""
    index = int(instance.get("map_index", -1))
    return str(instance["task_id"]) + (f"[{index}]" if index >= 0 else "")


def _state(instance: Json) -> str:
    """`failed/2`: the state and the try."""
    return f"{instance.get('state') or 'none'}/{instance.get('try_number', 0)}"


def _warnings(dag: Json, chosen: list[Json]) -> tuple[str, ...]:
    warnings: list[str] = []
    if dag.get("is_paused"):
        warnings.append("The DAG is paused: cleared tasks wait until it is not.")
    if any(each.get("state") == "running" for each in chosen):
        warnings.append("Tasks that are running now are stopped first.")
    if any(each.get("state") == "success" for each in chosen):
        warnings.append("What succeeded tasks have done is done a second time.")
    return tuple(warnings)


def _result(order: Order[AirflowClearTask], preview: Preview, at: datetime) -> ActionResult:
    tasks: list[str] = preview.after["task_ids"]
    shown = ", ".join(tasks[:SHOWN_TASKS]) + (", …" if len(tasks) > SHOWN_TASKS else "")
    return ActionResult(
        succeeded=True,
        over=False,
        before=preview.before,
        after={"task_ids": tasks},
        reference=order.parameters.run_id,
        message=f"Airflow runs {shown} of {order.target.id} again.",
        at=at,
    )
