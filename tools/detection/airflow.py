"""DAGs that are late by their own habits, and failed runs that nobody posted: Amazon MWAA and self-hosted Airflow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from agent.detection.alerts import own_alert
from agent.detection.episodes import Anomaly
from agent.detection.lateness import Late, Run, by_dag, judge, learn
from agent.detection.watchlist import ignored
from agent.models import Alert, Severity
from tools.detection.base import Round
from tools.evidence.airflow.api import Airflow, Json, environments, moment
from tools.evidence.failures import EXPECTED

LEARNING_RUNS, LATEST_RUNS = 500, 100
MAX_DAGS = 500
ACTIVE = ("queued", "running")
AROUND = timedelta(hours=1)
TITLES = {
    "start": "DAG {dag} has not started on time",
    "finish": "DAG {dag} takes longer than ever",
    "failed": "DAG {dag} failed",
}


def detect(tick: Round) -> list[Alert]:
    look, learning = tick.look, not tick.memories.get(tick.key("episodes"))
    found = environments(look)
    tick.gaps += found.unread
    seen: list[Anomaly] = []
    late_of: dict[str, Late] = {}
    judged: list[str] = []
    for airflow in found:
        try:
            lates = _late(tick, airflow)
        except EXPECTED as error:
            tick.missed(f"Airflow {airflow.environment}", error)
            continue
        judged.append(f"{airflow.environment}/")
        for late in lates:
            anomaly = _anomaly(tick, airflow, late)
            late_of[anomaly.subject] = late
            seen.append(anomaly)
    return tick.told(
        seen,
        learning=learning,
        quiet=lambda anomaly: _told_by_others(late_of[anomaly.subject], tick.known),
        unread=lambda subject: bool(tick.gaps) and not subject.startswith(tuple(judged)),
    )


def _late(tick: Round, airflow: Airflow) -> list[Late]:
    """What is late in one environment; its habits are learned on the way."""
    key, now = tick.key(airflow.environment), tick.look.now
    memory = tick.memories.get(key)
    dags = [dag for dag in airflow.items("/dags", "dags", MAX_DAGS) if _is_scheduled(dag)]
    wanted = {str(dag["dag_id"]): dag for dag in dags}
    wanted = {name: dag for name, dag in wanted.items() if not ignored(name, tick.watch.airflow.ignore)}
    runs = by_dag(_runs(airflow, LATEST_RUNS if memory else LEARNING_RUNS))
    habits = {name: learn(memory.get("dags", {}).get(name, {}), runs.get(name, [])) for name in wanted}
    if habits != memory.get("dags"):
        tick.memories.put(key, {"dags": habits})
    if not memory:
        tick.learned.append(f"{len(habits)} DAGs of {airflow.environment}")
        return []
    slack = timedelta(minutes=tick.watch.airflow.slack_minutes)
    return [
        late
        for name, dag in wanted.items()
        for late in judge(name, _next_due(dag), runs.get(name, []), habits[name], slack, now)
    ]


def _is_scheduled(dag: Json) -> bool:
    return not (dag.get("is_paused") or dag.get("is_stale") or dag.get("is_active") is False)


def _next_due(dag: Json) -> datetime | None:
    return moment(dag.get("next_dagrun_run_after") or dag.get("next_dagrun_create_after"))


def _runs(airflow: Airflow, limit: int) -> list[Run]:
    """The latest runs, and all that are under way however old they are, each once."""
    listed = [*airflow.runs(limit=limit), *(run for state in ACTIVE for run in airflow.runs(limit=100, state=state))]
    return [_run(each) for each in {(run["dag_id"], run["dag_run_id"]): run for run in listed}.values()]


def _run(run: Json) -> Run:
    due = run.get("run_after") or run.get("data_interval_end") or run.get("logical_date")
    scheduled = str(run.get("run_type") or "scheduled") == "scheduled"
    return Run(
        dag_id=str(run["dag_id"]),
        run_id=str(run["dag_run_id"]),
        state=str(run["state"]),
        due=moment(due) if scheduled else moment(run.get("queued_at")),
        began=moment(run.get("start_date")),
        ended=moment(run.get("end_date")),
    )


def _told_by_others(late: Late, known: Sequence[Alert]) -> bool:
    """Whether the failure of a run was posted by whoever posts failures."""
    return late.kind == "failed" and any(
        alert.dag_id == late.dag_id and (alert.run_id == late.run_id or alert.started_at >= late.at - AROUND)
        for alert in known
    )


def _anomaly(tick: Round, airflow: Airflow, late: Late) -> Anomaly:
    subject = f"{airflow.environment}/{late.dag_id}:{late.kind}"
    alert = own_alert(
        "airflow",
        f"{tick.look.aws.label}:{tick.look.aws.region}:{subject}",
        TITLES[late.kind].format(dag=late.dag_id),
        f"{late.text} (Airflow {airflow.environment})",
        late.at,
        tick.resource("mwaa" if airflow.managed else "airflow", late.dag_id, "dag"),
        severity=Severity.error if late.kind == "failed" else Severity.warning,
        dag_id=late.dag_id,
        run_id=late.run_id,
        link=airflow.transport.link(late.dag_id, late.run_id),
    )
    return Anomaly(subject, alert, mark=late.run_id if late.kind == "failed" else "")
