"""A DAG paused, so that no new run of it begins, or let go on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from agent.models import ActionResult, Alert, Check, Difference, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from tools.actions.airflow_access import AirflowCall, AirflowOrder, permissions, send
from tools.actions.airflow_kind import AirflowKind, unfinished_runs
from tools.actions.kind import Order
from tools.actions.looking import unreadable
from tools.actions.signals import signal_check
from tools.evidence.airflow.api import path
from tools.evidence.failures import EXPECTED


class AirflowPauseDag(AirflowOrder):
    paused: bool = Field(description="True pauses it, False lets it go on")


class AirflowPauseDagKind(AirflowKind[AirflowPauseDag]):
    """Pausing what is paused is no second effect."""

    name = "airflow_pause_dag"
    parameters = AirflowPauseDag
    risk = Risk.medium
    reversible = True

    def title(self, order: Order[AirflowPauseDag]) -> str:
        verb = "Pause" if order.parameters.paused else "Unpause"
        return f"{verb} the DAG {order.target.id} in {order.parameters.environment}"

    def permissions(self, order: Order[AirflowPauseDag]) -> tuple[Permission, ...]:
        call = _call(order)
        return permissions(order, self._settings, call.method, call.path, **call.body)

    def preview(self, order: Order[AirflowPauseDag], aws: AwsSession, now: datetime) -> Preview:
        wanted = order.parameters.paused
        try:
            environment = self._environment(order, aws, now)
            dag = environment.dag(order.target.id)
            unfinished = unfinished_runs(environment, order.target.id)
        except EXPECTED as error:
            return unreadable(now, error)
        paused = bool(dag.get("is_paused"))
        already = (f"It is {_word(wanted)} already.",) if paused == wanted else ()
        return Preview(
            at=now,
            before={"paused": paused},
            after={"paused": wanted, "api": environment.api},
            differences=(Difference(field=f"DAG {order.target.id}", before=_word(paused), after=_word(wanted)),),
            blast_radius=f"Whoever waits for {order.target.id}, and for what it writes",
            tags=environment.tags,
            warnings=_warnings(wanted, unfinished),
            problems=(*environment.problems, *already),
        )

    def execute(
        self, order: Order[AirflowPauseDag], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        send(order.parameters.environment, _call(order), preview.after["api"], session, self._settings)
        return _result(order, preview, now)

    def find_effect(
        self, order: Order[AirflowPauseDag], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        dag = self._environment(order, aws, since).dag(order.target.id)
        return _result(order, preview, since) if dag.get("is_paused") == order.parameters.paused else None

    def undo(self, order: Order[AirflowPauseDag], result: ActionResult) -> dict[str, Any] | None:
        return {"environment": order.parameters.environment, "paused": not order.parameters.paused}

    def check(self, order: Order[AirflowPauseDag], alert: Alert | None) -> Check:
        wanted = order.parameters
        expected = f"The DAG {order.target.id} is {_word(wanted.paused)}"
        return signal_check(alert, expected, environment=wanted.environment, paused=str(wanted.paused))


def _call(order: Order[AirflowPauseDag]) -> AirflowCall:
    return AirflowCall("PATCH", path("dags", order.target.id), {"is_paused": order.parameters.paused})


def _word(paused: bool) -> str:
    return "paused" if paused else "active"


def _warnings(paused: bool, unfinished: int) -> tuple[str, ...]:
    if not paused:
        return ("Airflow starts the run that is due, and with catch-up all those that it has missed.",)
    if unfinished:
        return (f"{unfinished} runs of it are not over: tasks that run go on, and those after them wait.",)
    return ()


def _result(order: Order[AirflowPauseDag], preview: Preview, at: datetime) -> ActionResult:
    return ActionResult(
        succeeded=True,
        before=preview.before,
        after=preview.after,
        rollback_handle=preview.before,
        message=f"The DAG {order.target.id} is {_word(order.parameters.paused)}.",
        at=at,
    )
