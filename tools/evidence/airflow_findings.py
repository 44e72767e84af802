"""What Airflow says, as findings: a failed run against its history, a healthy DAG, its logs when it is denied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.airflow_api import Json, moment
from tools.evidence.airflow_logs import failures_in_logs
from tools.evidence.base import DENIED_CODES, Found, Look


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
    if error.response["Error"].get("Code") not in DENIED_CODES:
        raise error
    findings = failures_in_logs(look, environment, dag_id, task_id)
    if not findings:
        raise error
    note = f"airflow:{error.operation_name} is denied, so this is from the task logs in CloudWatch."
    return Found(f"{note} {findings[0].statement}", findings, console.log_groups(look.aws, "airflow-"))


def ended_at(run: Json) -> datetime | None:
    return moment(run.get("end_date")) or moment(run.get("start_date"))
