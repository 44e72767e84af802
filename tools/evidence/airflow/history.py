"""How the tasks of a DAG usually go: durations, tries and flakiness over its recent runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from langchain_core.tools import BaseTool

from agent.models import Chart, Finding, Series, Table
from agent.times import clock_time
from tools.evidence.airflow.api import Airflow, Json, moment
from tools.evidence.airflow.findings import locate, task_healthy
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.drawing import POINTS

SLOW = 2.5
"""What takes this many times its median is slow."""
SLOW_SECONDS = 120
"""A difference below this is never slow."""
FLAKY_SHARE = 0.15
FEWEST = 4
"""So many runs make a habit."""
MAX_INSTANCES = 1000
MAX_ROWS = 30
DONE = ("success", "failed", "skipped", "upstream_failed", "removed")


@dataclass(frozen=True)
class TaskHabit:
    """One task over its recent runs, the newest first. Seconds count the last try of each."""

    task_id: str
    instances: Sequence[Json]

    @property
    def usual_seconds(self) -> float | None:
        """The median of what succeeded; None below four of them."""
        seconds = [float(i["duration"]) for i in self.instances if i["state"] == "success" and i.get("duration")]
        return median(seconds) if len(seconds) >= FEWEST else None

    @property
    def finished(self) -> list[Json]:
        return [i for i in self.instances if i["state"] in ("success", "failed")]

    @property
    def troubled(self) -> list[Json]:
        """Those that failed, or succeeded only after a retry."""
        return [i for i in self.finished if i["state"] == "failed" or int(i.get("try_number") or 1) > 1]

    @property
    def share(self) -> float:
        return len(self.troubled) / len(self.finished) if self.finished else 0.0


@evidence_tool("How [does task {task_id}|do the tasks] of [DAG {dag_id}|all DAGs] usually go?", days=14)
def task_history(
    look: Look, dag_id: str = "", task_id: str = "", environment: str = "", resource: str = "", run_id: str = ""
) -> Found:
    """How long a DAG's tasks take against their history, and which of them are flaky (often fail or need retries).

    Args:
        dag_id: the DAG; the one that failed last when not given
        task_id: one task; all by default
        environment: the Airflow environment, if there are several
        resource: may name the DAG instead
        run_id: the run to compare with the others; the latest when not given
    """
    where, caveat = locate(look, dag_id or resource, environment)
    if where is None:
        return Found(f"No DAG {dag_id or resource} and no failed DAG run was found.{caveat}", no_data=True)
    airflow, dag = where
    habits = habits_of(airflow, dag, look.window.start)
    if task_id and task_id in habits:
        habits = {task_id: habits[task_id]}
    findings = [f for habit in habits.values() for f in _told(airflow, dag, habit, run_id)]
    findings.sort(key=lambda f: -f.strength)
    link = airflow.transport.link(dag)
    if not habits:
        return Found(
            f"No task of DAG {dag} ran since {clock_time(look.window.start, look.now)}.{caveat}", [], link, True
        )
    summary = " ".join(_usual(habit) for habit in list(habits.values())[:6])
    if not findings:
        text = f"The tasks of DAG {dag} take as long as usual and rarely need retries."
        findings = [task_healthy(dag, text, 0.35)]
    told = f"DAG {dag}: {findings[0].statement} {summary}{caveat}"[:980]
    shown = habits.get(findings[0].attributes.get("task_id", "")) or next(iter(habits.values()))
    return Found(told, findings, link, charts=_drawn(shown), tables=[_table(habits.values())])


def _drawn(habit: TaskHabit) -> list[Chart]:
    """How long the task's last finished runs took, the oldest first."""
    done = [(at, float(i["duration"])) for i in habit.finished if i.get("duration") and (at := moment(i["start_date"]))]
    done = done[:POINTS][::-1]
    if len(done) < 2:
        return []
    minutes = Series(name=habit.task_id, values=tuple(round(seconds / 60, 2) for _, seconds in done))
    labels = tuple(f"{at:%d %b %H:%M}" for at, _ in done)
    title = f"Runs of task {habit.task_id}, minutes"
    return [Chart(title=title, kind="bar", unit="minutes", labels=labels, series=(minutes,))]


def _table(habits: Iterable[TaskHabit]) -> Table:
    rows = tuple(
        (
            habit.task_id,
            span(habit.usual_seconds) if habit.usual_seconds is not None else "",
            str(len(habit.finished)),
            str(len(habit.troubled)),
        )
        for habit in list(habits)[:MAX_ROWS]
    )
    return Table(title="Tasks", columns=("Task", "Usually takes", "Runs", "Failed or retried"), rows=rows)


def habits_of(airflow: Airflow, dag_id: str, since: datetime) -> Mapping[str, TaskHabit]:
    """The tasks of a DAG by name, from all its runs since then."""
    stamp = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    by_task: dict[str, list[Json]] = defaultdict(list)
    instances = airflow.task_instances(dag_id, "~", limit=MAX_INSTANCES, start_date_gte=stamp)
    for instance in sorted(instances, key=lambda i: str(i.get("start_date") or ""), reverse=True):
        by_task[instance["task_id"]].append(instance)
    return {task_id: TaskHabit(task_id, found) for task_id, found in by_task.items()}


def is_slow(seconds: float, usual: float | None) -> bool:
    return usual is not None and seconds > SLOW * usual and seconds - usual > SLOW_SECONDS


def span(seconds: float) -> str:
    """`40 seconds`, `12 minutes` or `3.5 hours`."""
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"


def task_long(dag_id: str, instance: Json, seconds: float, usual: float, now: datetime) -> Finding:
    """A task that takes, or took, far longer than its median."""
    began = moment(instance.get("start_date"))
    verb = "has run for" if instance["state"] not in DONE else "took"
    when = f", since {clock_time(began, now)}" if began and verb == "has run for" else ""
    return Finding(
        kind="task_long",
        statement=f"Task {instance['task_id']} of DAG {dag_id} {verb} {span(seconds)}{when}; usual are {span(usual)}.",
        strength=round(min(0.45 + 0.08 * seconds / max(usual, 1), 0.9), 2),
        at=began + timedelta(seconds=usual) if began else None,
        resource=dag_id,
        attributes={
            "dag_id": dag_id,
            "task_id": str(instance["task_id"]),
            "run_id": str(instance.get("dag_run_id") or ""),
            "factor": f"{seconds / max(usual, 1):.1f}",
            "seconds": f"{seconds:.0f}",
            "baseline": f"{usual:.0f}",
        },
    )


def flaky(dag_id: str, habit: TaskHabit) -> Finding:
    return Finding(
        kind="task_flaky",
        statement=f"Task {habit.task_id} of DAG {dag_id} is flaky: {len(habit.troubled)} of its last "
        f"{len(habit.finished)} runs failed or needed a retry.",
        strength=round(min(0.35 + habit.share / 2, 0.7), 2),
        resource=dag_id,
        attributes={
            "dag_id": dag_id,
            "task_id": habit.task_id,
            "share": f"{habit.share:.2f}",
            "runs": str(len(habit.finished)),
        },
    )


def _told(airflow: Airflow, dag_id: str, habit: TaskHabit, run_id: str) -> Iterator[Finding]:
    now, usual = airflow.look.now, habit.usual_seconds
    meant = next((i for i in habit.instances if i.get("dag_run_id") == run_id), habit.instances[0])
    seconds = elapsed(meant, now)
    if usual is not None and seconds is not None and is_slow(seconds, usual):
        yield task_long(dag_id, meant, seconds, usual, now)
    if len(habit.finished) >= FEWEST and habit.share >= FLAKY_SHARE and len(habit.troubled) > 1:
        yield flaky(dag_id, habit)


def elapsed(instance: Json, now: datetime) -> float | None:
    """Seconds of the last try; up to now while it runs."""
    begin, end = moment(instance.get("start_date")), moment(instance.get("end_date"))
    return ((end or now) - begin).total_seconds() if begin else None


def _usual(habit: TaskHabit) -> str:
    usual = f"usually {span(habit.usual_seconds)}" if habit.usual_seconds is not None else "no habit yet"
    return f"{habit.task_id}: {usual}, {len(habit.troubled)} of {len(habit.finished)} runs troubled."


TOOLS: tuple[BaseTool, ...] = (task_history,)
