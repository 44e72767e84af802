"""DAGs that stand still: paused ones that used to run, and ones without a schedule that nobody triggers any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from agent.models import Finding
from agent.times import clock_time
from tools.evidence.airflow.api import Airflow, Json, moment
from tools.evidence.airflow.history import span

MAX_DAGS = 500
MAX_LOOKED_AT = 8
"""DAGs of an environment whose runs are read for this."""
RUNS = 10
FORGOTTEN = timedelta(days=14)
"""What has not run for longer was laid aside on purpose."""
FEWEST_GAPS = 4
REGULAR = 1.5
"""The longest pause between runs, over the median: up to here somebody triggers them by a clock."""
OVERDUE = 1.03
"""Of the longest pause there was: a run that is late by more than that is missing."""


def standing_still(airflow: Airflow) -> Iterator[Finding]:
    dags = airflow.items("/dags", "dags", MAX_DAGS)
    for dag in [dag for dag in dags if dag.get("is_paused") or not scheduled(dag)][:MAX_LOOKED_AT]:
        dag_id = str(dag["dag_id"])
        began = starts(airflow.runs(dag_id, RUNS))
        if not began or airflow.look.now - began[0] > FORGOTTEN:
            continue
        if dag.get("is_paused"):
            yield paused(airflow, dag_id, began[0])
        elif missing := _missing(airflow, dag_id, began):
            yield missing


def scheduled(dag: Json) -> bool:
    """Whether Airflow starts its runs by itself. Airflow 2 and 3 say it by other names."""
    said = dag.get("timetable_summary") or dag.get("schedule_interval") or dag.get("timetable_description") or ""
    return str(said).strip().lower() not in ("", "none", "never, external triggers only")


def starts(runs: Sequence[Json]) -> list[datetime]:
    """When runs began, the newest first."""
    found = (moment(run.get("start_date") or run.get("queued_at")) for run in runs)
    return sorted((at for at in found if at), reverse=True)


def paused(airflow: Airflow, dag_id: str, latest: datetime | None) -> Finding:
    since = f" Its latest run began at {clock_time(latest, airflow.look.now)}." if latest else ""
    return Finding(
        kind="dag_paused",
        statement=f"DAG {dag_id} is paused, so that no run starts.{since}",
        strength=0.8,
        resource=dag_id,
        attributes={"dag_id": dag_id, "environment": airflow.environment},
    )


def _missing(airflow: Airflow, dag_id: str, began: Sequence[datetime]) -> Finding | None:
    """A DAG that was triggered by the clock of somebody else, and is not any more."""
    now = airflow.look.now
    gaps = [(later - earlier).total_seconds() for later, earlier in pairwise(began)]
    if len(gaps) < FEWEST_GAPS or max(gaps) > REGULAR * median(gaps):
        return None
    waited = (now - began[0]).total_seconds()
    if waited < OVERDUE * max(gaps):
        return None
    due = began[0] + timedelta(seconds=median(gaps))
    text = (
        f"DAG {dag_id} has no schedule and was triggered every {span(median(gaps))} until "
        f"{clock_time(began[0], now)}; the run that was due at {clock_time(due, now)} was never triggered."
    )
    attributes = {"dag_id": dag_id, "reason": "untriggered", "seconds": f"{waited:.0f}", "due": due.isoformat()}
    return Finding(
        kind="dag_late",
        statement=text,
        strength=0.75,
        at=due,
        resource=dag_id,
        attributes={**attributes, "environment": airflow.environment},
    )
