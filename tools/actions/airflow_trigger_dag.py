"""A run of a DAG started by hand."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import Any

from pydantic import Field, JsonValue, field_validator

from agent.models import ActionResult, Alert, Check, Difference, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from agent.redaction import redact
from tools.actions.airflow_access import AirflowCall, AirflowOrder, AlreadyThere, permissions, send
from tools.actions.airflow_kind import AirflowKind, ended, unfinished_runs
from tools.actions.kind import Order
from tools.actions.looking import unreadable
from tools.actions.signals import signal_check
from tools.evidence.airflow.api import path
from tools.evidence.failures import EXPECTED

MAX_CONF_BYTES = 4 * 1024
RUN_PREFIX = "watchkeeper__"


class AirflowTriggerDag(AirflowOrder):
    conf: dict[str, JsonValue] = Field(default={}, description="What the run is given; its tasks may read it")

    @field_validator("conf")
    @classmethod
    def _small(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        size = len(json.dumps(value).encode())
        if size > MAX_CONF_BYTES:
            raise ValueError(f"it is {size} bytes long; at most {MAX_CONF_BYTES} are sent")
        return value


class AirflowTriggerDagKind(AirflowKind[AirflowTriggerDag]):
    """The token is the run's id, and Airflow takes each id only once."""

    name = "airflow_trigger_dag"
    parameters = AirflowTriggerDag
    risk = Risk.medium
    reversible = False

    def title(self, order: Order[AirflowTriggerDag]) -> str:
        return f"Start a run of the DAG {order.target.id} in {order.parameters.environment}"

    def permissions(self, order: Order[AirflowTriggerDag]) -> tuple[Permission, ...]:
        return permissions(order, self._settings, "POST", _runs(order), conf=order.parameters.conf)

    def preview(self, order: Order[AirflowTriggerDag], aws: AwsSession, now: datetime) -> Preview:
        try:
            environment = self._environment(order, aws, now)
            dag = environment.dag(order.target.id)
            unfinished = unfinished_runs(environment, order.target.id)
        except EXPECTED as error:
            return unreadable(now, error)
        conf = order.parameters.conf
        paused = bool(dag.get("is_paused"))
        waits = ("The DAG is paused, so that a run would only wait; unpause it first.",) if paused else ()
        return Preview(
            at=now,
            before={"paused": paused},
            after={"api": environment.api},
            differences=(
                Difference(field=f"DAG {order.target.id}", before="", after="one more run, now"),
                *((Difference(field="conf", before="", after=redact(json.dumps(conf))),) if conf else ()),
            ),
            blast_radius=f"Every task of {order.target.id} runs; what it has done for these data already is done again",
            tags=environment.tags,
            warnings=(f"{unfinished} runs of it are not over yet.",) if unfinished else (),
            problems=(*environment.problems, *waits),
        )

    def execute(
        self, order: Order[AirflowTriggerDag], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        api = preview.after["api"]
        body: dict[str, Any] = {"dag_run_id": run_id(token), "conf": order.parameters.conf}
        if api == "v2":
            body["logical_date"] = None  # Airflow 3 wants it said; Airflow 2 takes the moment by itself
        with suppress(AlreadyThere):  # an earlier attempt has begun it
            send(order.parameters.environment, AirflowCall("POST", _runs(order), body), api, session, self._settings)
        return _result(order, preview, token, now)

    def find_effect(
        self, order: Order[AirflowTriggerDag], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        run = self._environment(order, aws, since).airflow.run(order.target.id, run_id(token))
        return None if run is None else _result(order, preview, token, since)

    def outcome(self, order: Order[AirflowTriggerDag], result: ActionResult, aws: AwsSession) -> ActionResult:
        run = self._environment(order, aws, result.at).airflow.run(order.target.id, result.reference) or {}
        return ended(result, f"The run {result.reference} of {order.target.id}", [str(run.get("state"))])

    def undo(self, order: Order[AirflowTriggerDag], result: ActionResult) -> dict[str, Any] | None:
        return None

    def check(self, order: Order[AirflowTriggerDag], alert: Alert | None) -> Check:
        dag_id, environment = order.target.id, order.parameters.environment
        return signal_check(alert, f"The run of {dag_id} succeeds", "dag_run", dag_id, environment=environment)


def run_id(token: str) -> str:
    return f"{RUN_PREFIX}{token}"


def _runs(order: Order[AirflowTriggerDag]) -> str:
    return path("dags", order.target.id, "dagRuns")


def _result(order: Order[AirflowTriggerDag], preview: Preview, token: str, at: datetime) -> ActionResult:
    return ActionResult(
        succeeded=True,
        over=False,
        before=preview.before,
        after={"run": run_id(token)},
        reference=run_id(token),
        message=f"A run of {order.target.id} was started: {run_id(token)}.",
        at=at,
    )
