"""When a DAG is late by its own habits: a run that did not start, one that does not end, and runs that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Literal

RUNS_KEPT = 20
FEWEST = 4
"""So many runs make a habit."""
LONGER = 1.5
"""A run takes too long when it takes so many times its median, and longer than any run before it."""
FAILURE_GRACE = timedelta(minutes=3)
"""A failed run's own message may be under way for so long."""
STARTLESS = timedelta(days=3)
"""What was due before that belongs to a DAG that nobody runs any more."""

Habit = dict[str, Any]
"""`seconds` and `delays`: how long a DAG's last runs took, and how late they started; `until`: when the last began."""


@dataclass(frozen=True)
class Run:
    """`due` is when it was to start: the end of its interval."""

    dag_id: str
    run_id: str
    state: str
    due: datetime | None
    began: datetime | None
    ended: datetime | None

    @property
    def seconds(self) -> float | None:
        return (self.ended - self.began).total_seconds() if self.began and self.ended else None


@dataclass(frozen=True)
class Late:
    """`at` is since when."""

    dag_id: str
    run_id: str
    kind: Literal["start", "finish", "failed"]
    text: str
    at: datetime


def learn(habit: Habit, runs: Sequence[Run]) -> Habit:
    """A DAG's habit with the runs that succeeded since it was learned last."""
    until = datetime.fromisoformat(habit["until"]) if habit.get("until") else datetime.min.replace(tzinfo=UTC)
    seconds: list[float] = list(habit.get("seconds", ()))
    delays: list[float] = list(habit.get("delays", ()))
    fresh = [(run.began, run) for run in runs if run.state == "success" and run.ended and run.began]
    for began, run in sorted(fresh, key=lambda pair: pair[0]):
        if began <= until:
            continue
        until = began
        seconds.append(round(run.seconds or 0.0))
        if run.due:
            delays.append(round(max((began - run.due).total_seconds(), 0.0)))
    return {"until": until.isoformat(), "seconds": seconds[-RUNS_KEPT:], "delays": delays[-RUNS_KEPT:]}


def judge(
    dag_id: str, next_due: datetime | None, runs: Sequence[Run], habit: Habit, slack: timedelta, now: datetime
) -> list[Late]:
    """What is late about a DAG now. `runs` are its latest, in any order; `next_due` is its next run's."""
    found = [*_not_started(dag_id, next_due, runs, habit, slack, now), *_not_ended(runs, habit, slack, now)]
    done = [run for run in runs if run.state in ("success", "failed") and run.ended]
    latest = max(done, key=lambda run: run.began or run.ended or now, default=None)
    if latest and latest.state == "failed" and latest.ended and now - latest.ended >= FAILURE_GRACE:
        text = f"Run {latest.run_id} of DAG {dag_id} failed."
        found.append(Late(dag_id, latest.run_id, "failed", text, latest.ended))
    return found


def _not_started(
    dag_id: str, next_due: datetime | None, runs: Sequence[Run], habit: Habit, slack: timedelta, now: datetime
) -> list[Late]:
    usual = timedelta(seconds=max(habit.get("delays") or [0.0]))
    waiting = [run for run in runs if run.state == "queued" and run.due]
    due = min((run.due for run in waiting if run.due), default=next_due)
    if due is None or not usual + slack < now - due < STARTLESS:
        return []
    minutes = (now - due).total_seconds() / 60
    run_id = next((run.run_id for run in waiting if run.due == due), "")
    what = f"run {run_id} is queued" if run_id else "no run has started"
    text = f"DAG {dag_id} should have started {minutes:.0f} min ago, and {what}."
    return [Late(dag_id, run_id, "start", text, due)]


def _not_ended(runs: Sequence[Run], habit: Habit, slack: timedelta, now: datetime) -> list[Late]:
    took: list[float] = habit.get("seconds") or []
    if len(took) < FEWEST:
        return []
    longest = timedelta(seconds=max(LONGER * median(took), max(took))) + slack
    return [
        Late(
            run.dag_id,
            run.run_id,
            "finish",
            f"Run {run.run_id} of DAG {run.dag_id} has been running for "
            f"{(now - run.began).total_seconds() / 60:.0f} min; its runs usually take {median(took) / 60:.0f} min.",
            run.began,
        )
        for run in runs
        if run.state == "running" and run.began and now - run.began > longest
    ]


def by_dag(runs: Sequence[Run]) -> Mapping[str, list[Run]]:
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.dag_id, []).append(run)
    return found
