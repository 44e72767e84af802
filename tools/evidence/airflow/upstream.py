"""The first failing ancestor of a DAG: by its own tasks, and by sensors, triggers and assets in other DAGs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from langchain_core.tools import BaseTool

from agent.models import Finding
from agent.times import clock_time
from tools.evidence.airflow.api import Airflow, Json, moment
from tools.evidence.airflow.findings import locate, task_healthy
from tools.evidence.airflow.links import Upstream, asset_upstreams, upstream_of
from tools.evidence.airflow.tasks import failed_tasks, task_failed
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.failures import EXPECTED, explain

MAX_DAGS = 8
"""How many DAGs are followed upstream."""
UNDONE = ("failed", "up_for_retry", "up_for_reschedule", "running", "deferred", "queued", "skipped")


@dataclass(frozen=True)
class Link:
    """One DAG of the chain: its run, its tasks that failed (the first one first), and what led here."""

    dag_id: str
    run: Json | None
    failed: Sequence[Json]
    path: tuple[str, ...]
    """`report (sensor wait_for_orders)`, one for each DAG on the way."""


@evidence_tool("What failed first upstream of [DAG {dag_id}|any DAG]?", days=2)
def dag_upstream(
    look: Look, dag_id: str = "", run_id: str = "", environment: str = "", resource: str = "", task_id: str = ""
) -> Found:
    """The first failing ancestor of a DAG run: follows ExternalTaskSensors, triggered runs and assets (datasets) to the
    DAG in which a task really failed, and reads that task's exception.

    Args:
        dag_id: the DAG that failed, waits or is late; the one that failed last when not given
        run_id: one of its runs; the latest that did not succeed when not given
        environment: the Airflow environment, if there are several
        resource: may name the DAG instead
        task_id: only what this task depends on
    """
    where, caveat = locate(look, dag_id or resource, environment)
    if where is None:
        return Found(f"No DAG {dag_id or resource} and no failed DAG run was found.{caveat}", no_data=True)
    airflow, dag = where
    walk = _Walk(airflow, [])
    chain = list(walk.links(Upstream(dag, run_id), task_id))
    culprit = max((link for link in chain if link.failed), key=lambda link: len(link.path), default=None)
    if walk.unread:
        caveat += f" Could not read: {'; '.join(walk.unread[:3])}."
    if culprit is None:
        followed = ", ".join(link.dag_id for link in chain[1:]) or "no other DAG, as far as its tasks and assets tell"
        text = f"Nothing failed upstream of DAG {dag}; it depends on {followed}."
        return Found(f"{text}{caveat}", [task_healthy(dag, text, 0.35)], airflow.transport.link(dag))
    findings = list(_told(airflow, dag, culprit))
    link = airflow.transport.link(culprit.dag_id, _run_id(culprit), str(culprit.failed[0]["task_id"]))
    return Found(f"{findings[0].statement}{caveat}", findings, link)


@dataclass
class _Walk:
    airflow: Airflow
    unread: list[str]

    def links(self, start: Upstream, task_id: str = "") -> Iterator[Link]:
        """Breadth first from a DAG to those it depends on; no DAG twice."""
        queue: list[tuple[Upstream, tuple[str, ...]]] = [(start, ())]
        seen: set[str] = set()
        while queue and len(seen) < MAX_DAGS:
            upstream, path = queue.pop(0)
            if upstream.dag_id in seen:
                continue
            seen.add(upstream.dag_id)
            try:
                run = _run(self.airflow, upstream)
                link, further = self._link(upstream, run, path, task_id if not path else "")
            except EXPECTED as error:
                if not path:
                    raise
                self.unread.append(f"DAG {upstream.dag_id} ({explain(error)})")
                continue
            yield link
            queue += [(each, (*path, f"{upstream.dag_id} ({each.by})")) for each in further]

    def _link(
        self, upstream: Upstream, run: Json | None, path: tuple[str, ...], task_id: str
    ) -> tuple[Link, list[Upstream]]:
        dag_id = upstream.dag_id
        run_id = str(run["dag_run_id"]) if run else ""
        tasks = self.airflow.task_instances(dag_id, run_id) if run else []
        undone = [task for task in tasks if task["state"] in UNDONE and (not task_id or task["task_id"] == task_id)]
        outside = {str(task["task_id"]): found for task in undone if (found := upstream_of(self.airflow, task))}
        further = [*outside.values(), *asset_upstreams(self.airflow, dag_id, run_id)]
        own = [task for task in failed_tasks(tasks) if str(task["task_id"]) not in outside]
        # Without a failure of its own, a sensor or trigger that failed is the end of the chain, unless it leads on.
        failed = own or (failed_tasks(tasks) if not further else [])
        return Link(dag_id, run, failed, path), further


def _run(airflow: Airflow, upstream: Upstream) -> Json | None:
    """The run that is meant; else the latest that did not succeed, unless a later one did."""
    named = airflow.run(upstream.dag_id, upstream.run_id) if upstream.run_id else None
    if named:
        return named
    if airflow.dag(upstream.dag_id) is None:
        return None
    return next(iter(airflow.runs(upstream.dag_id, 1)), None)


def _told(airflow: Airflow, dag_id: str, culprit: Link) -> Iterator[Finding]:
    look, first = airflow.look, culprit.failed[0]
    run_id = _run_id(culprit)
    ended = moment(first.get("end_date"))
    when = f" at {clock_time(ended, look.now)}" if ended else ""
    root = task_failed(airflow, culprit.dag_id, run_id, first)
    if culprit.path:
        way = " → ".join(culprit.path)
        yield Finding(
            kind="upstream_failed",
            statement=f"The first failing ancestor of DAG {dag_id} is task {first['task_id']} of DAG {culprit.dag_id}, "
            f"which failed{when}. The way there: {way} → {culprit.dag_id}. {root.statement}"[:700],
            strength=0.9,
            at=ended,
            resource=culprit.dag_id,
            attributes={
                "dag_id": culprit.dag_id,
                "task_id": str(first["task_id"]),
                "run_id": run_id,
                "downstream_dag": dag_id,
            },
        )
    yield root


def _run_id(link: Link) -> str:
    return str(link.run["dag_run_id"]) if link.run else ""


TOOLS: tuple[BaseTool, ...] = (dag_upstream,)
