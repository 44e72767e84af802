"""What Airflow says, as findings: where a DAG is, a failed run against its history, its logs when the API is denied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from agent.models import Finding
from agent.times import clock_time
from tools.aws.denials import is_denied
from tools.evidence import console
from tools.evidence.airflow.api import Airflow, Json, environments, moment
from tools.evidence.airflow.logs import failures_in_logs
from tools.evidence.base import Found, Look
from tools.evidence.failures import EXPECTED, explain


@dataclass(frozen=True)
class History:
    """How a DAG's runs went before the one in question."""

    runs: int
    failed: int
    streak: int
    """Failed runs in a row up to now."""

    @property
    def strength(self) -> float:
        """A failure says more of a DAG that usually succeeds."""
        if not self.runs:
            return 0.75
        share = max(self.failed - self.streak, 0) / self.runs
        return 0.92 if share < 0.1 else 0.7 if share < 0.3 else 0.45

    @property
    def words(self) -> str:
        if self.streak > 1:
            return f"the last {self.streak} runs failed, {self.failed} of {self.runs} in all"
        return f"{self.failed} of the last {self.runs} runs failed"


def history_of(runs: Sequence[Json]) -> History:
    """Of finished runs, the newest first."""
    states = [run["state"] for run in runs if run["state"] in ("success", "failed")]
    streak = next((i for i, state in enumerate(states) if state == "success"), len(states))
    return History(len(states), states.count("failed"), streak)


def locate(look: Look, dag_id: str, environment: str) -> tuple[tuple[Airflow, str] | None, str]:
    """The environment that has a DAG (by id or part of it) and the DAG; without an id, the DAG whose run failed last.

    The second part ends a summary: it names the environments that could not be asked. When none could, their error is
    raised.
    """
    found = environments(look, environment)
    unread, asked, first = list(found.unread), 0, None
    candidates: list[tuple[str, Airflow, str]] = []
    for airflow in found:
        try:
            candidates += _candidates(airflow, dag_id)
            asked += 1
        except EXPECTED as error:
            first = first or error
            unread.append(f"{airflow.environment} ({explain(error)})")
    if first and not asked:
        raise first
    best = max(candidates, key=lambda each: each[0], default=None)
    caveat = f" Could not read: {'; '.join(unread[:3])}." if unread else ""
    return ((best[1], best[2]) if best else None), caveat


def _candidates(airflow: Airflow, dag_id: str) -> list[tuple[str, Airflow, str]]:
    """(how well it fits, environment, DAG): an exact id before part of one; else the time of the last failure."""
    if not dag_id:
        return [(str(run["start_date"]), airflow, run["dag_id"]) for run in airflow.runs(limit=1, state="failed")]
    if airflow.dag(dag_id):
        return [("2 exact", airflow, dag_id)]
    near = [d["dag_id"] for d in airflow.items("/dags", "dags", 500) if dag_id.lower() in str(d["dag_id"]).lower()]
    return [("1 in part", airflow, min(near, key=len))] if near else []


def dag_failed(look: Look, dag_id: str, run: Json, history: History) -> Finding:
    ended = ended_at(run)
    when = f" at {clock_time(ended, look.now)}" if ended else ""
    return Finding(
        kind="dag_failed",
        statement=f"Run {run['dag_run_id']} of DAG {dag_id} failed{when}; {history.words}.",
        strength=history.strength,
        at=ended,
        resource=dag_id,
        attributes={"dag_id": dag_id, "run_id": run["dag_run_id"]},
    )


def task_healthy(dag_id: str, text: str, strength: float) -> Finding:
    return Finding(
        kind="task_healthy", statement=text, strength=strength, resource=dag_id, attributes={"dag_id": dag_id}
    )


def from_logs(look: Look, error: ClientError, environment: str, dag_id: str, task_id: str) -> Found:
    """The task logs in CloudWatch when the Airflow API is denied; every other error goes on."""
    if not is_denied(error):
        raise error
    findings = failures_in_logs(look, environment, dag_id, task_id)
    if not findings:
        raise error
    note = f"The Airflow API is denied ({explain(error)}), so this is from the task logs in CloudWatch."
    return Found(f"{note} {findings[0].statement}", findings, console.log_groups(look.aws, "airflow-"))


def ended_at(run: Json) -> datetime | None:
    return moment(run.get("end_date")) or moment(run.get("start_date"))
