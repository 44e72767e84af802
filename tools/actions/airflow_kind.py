"""What the actions on Airflow's DAGs have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, TypeVar

from agent.models import ActionResult
from agent.ports import AwsSession
from agent.settings import Settings
from tools.actions.airflow_access import AirflowOrder, Environment, open_environment
from tools.actions.kind import ActionKind, Order
from tools.secrets import with_secrets

P = TypeVar("P", bound=AirflowOrder)
UNFINISHED = ("running", "queued")
FAILED = ("failed", "upstream_failed")
WELL = ("success", "skipped")


class AirflowKind(ActionKind[P]):
    """The target is a DAG. `settings` name the Airflows of your own; those of the process when there are none."""

    service: ClassVar[str] = "mwaa"
    resource_type: ClassVar[str] = "dag"

    def __init__(self, settings: Settings | None = None) -> None:
        self._given = settings

    @property
    def _settings(self) -> Settings:
        if self._given is None:
            self._given = with_secrets(Settings.read())
        return self._given

    def _environment(self, order: Order[P], aws: AwsSession, now: datetime) -> Environment:
        return open_environment(order.parameters.environment, aws, now, self._settings)


def ended(result: ActionResult, what: str, states: Sequence[str]) -> ActionResult:
    """The result once a run, or each of some tasks, has ended, by their states; the same before that."""
    failed = any(state in FAILED for state in states)
    if not failed and not (states and all(state in WELL for state in states)):
        return result
    message = f"{what} failed." if failed else f"{what} succeeded."
    return result.model_copy(update={"succeeded": not failed, "over": True, "message": message})


def unfinished_runs(environment: Environment, dag_id: str) -> int:
    """Of the newest 25."""
    return sum(run.get("state") in UNFINISHED for run in environment.airflow.runs(dag_id))
