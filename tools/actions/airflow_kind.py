"""What the actions on Airflow's DAGs have in common."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, TypeVar

from agent.ports import AwsSession
from agent.settings import Settings
from tools.actions.airflow_access import AirflowOrder, Environment, open_environment
from tools.actions.kind import ActionKind, Order

P = TypeVar("P", bound=AirflowOrder)
UNFINISHED = ("running", "queued")


class AirflowKind(ActionKind[P]):
    """The target is a DAG. `settings` name the Airflows of your own; those of the process when there are none."""

    service: ClassVar[str] = "mwaa"
    resource_type: ClassVar[str] = "dag"

    def __init__(self, settings: Settings | None = None) -> None:
        self._given = settings

    @property
    def _settings(self) -> Settings:
        if self._given is None:
            self._given = Settings.read()
        return self._given

    def _environment(self, order: Order[P], aws: AwsSession, now: datetime) -> Environment:
        return open_environment(order.parameters.environment, aws, now, self._settings)


def unfinished_runs(environment: Environment, dag_id: str) -> int:
    """Of the newest 25."""
    return sum(run.get("state") in UNFINISHED for run in environment.airflow.runs(dag_id))
