"""Which tasks hang in Airflow: queued without a worker, waiting for a pool, sensors that wait, tasks that never end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from langchain_core.tools import BaseTool

from agent.models import Finding
from agent.times import clock_time
from tools.evidence.airflow import health
from tools.evidence.airflow.api import Airflow, Environments, Json, environments, moment
from tools.evidence.airflow.history import TaskHabit, elapsed, habits_of, is_slow, span, task_long
from tools.evidence.airflow.links import waits_for
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.failures import EXPECTED, explain
from tools.evidence.partial import gather

STATES = ("queued", "scheduled", "up_for_reschedule", "deferred", "running")
LEAST_SECONDS = {"queued": 300, "scheduled": 600, "up_for_reschedule": 900, "deferred": 900, "running": 900}
"""How long a task may be in a state before it is worth a word."""
HABIT = timedelta(days=14)
MAX_TASKS = 8
MAX_HABITS = 4


@evidence_tool("Which tasks[ of {dag_id}] wait or hang in Airflow, and for what?", hours=24)
def airflow_waiting_tasks(look: Look, dag_id: str = "", environment: str = "", resource: str = "") -> Found:
    """Tasks that are queued, wait for a pool slot, sensors that still wait, and tasks that run far longer than usual,
    right now, with the reason: no free worker, a full pool, a dead scheduler, a missing file, another DAG.

    Args:
        dag_id: one DAG; all by default
        environment: a name, or part of a name, of an Airflow environment; all by default
        resource: an environment or a DAG's id
    """
    found = environments(look, environment or resource)
    if not found:
        return Found(f"There is no Airflow environment in this region.{found.caveat}", no_data=True)
    wanted = dag_id or ("" if found.named or environment else resource)
    findings: list[Finding] = []
    for airflow in found:
        findings += _hanging(airflow, wanted, found)
    findings.sort(key=lambda f: -f.strength)
    link = found.found[0].transport.link(wanted)
    names = ", ".join(airflow.environment for airflow in found)
    if not findings:
        return Found(f"No task waits or runs for unusually long in {names}.{found.caveat}", [], link, True)
    tasks = sum(f.kind in ("task_waiting", "task_long") for f in findings)
    return Found(f"Tasks that wait or hang: {tasks}. {findings[0].statement}{found.caveat}", findings, link)


def _hanging(airflow: Airflow, dag_id: str, found: Environments) -> list[Finding]:
    """Raises when nothing could be read and this is the only environment."""
    reads = {f"{state} tasks": lambda state=state: _instances(airflow, dag_id, state) for state in STATES}
    try:
        gathered = gather(reads)
    except EXPECTED as error:
        if len(found.found) == 1:
            raise
        found.unread.append(f"{airflow.environment} ({explain(error)})")
        return []
    found.unread.extend(gathered.failures)
    old = [i for each in gathered.results.values() for i in each if _age(airflow, i) >= LEAST_SECONDS[i["state"]]]
    if not old:
        return []
    reasons = _reasons(airflow, found)
    habits = _habits(airflow, [i for i in old if i["state"] not in ("queued", "scheduled")])
    told = [f for i in old if (f := _finding(airflow, i, reasons, habits))]
    return [*sorted(told, key=lambda f: -f.strength)[:MAX_TASKS], *reasons.values()]


def _instances(airflow: Airflow, dag_id: str, state: str) -> list[Json]:
    found = airflow.task_instances("~", "~", limit=300, state=state)
    return [i for i in found if not dag_id or dag_id.lower() in str(i["dag_id"]).lower()]


def _since(instance: Json) -> object:
    """When it came into its state. A sensor that is rescheduled starts anew with each poke, so its queueing counts."""
    names = {"queued": ("queued_when",), "scheduled": ("scheduled_when", "run_after", "logical_date")}
    usual = ("scheduled_when", "start_date", "queued_when")
    order = ("start_date", *usual) if instance["state"] == "running" else names.get(instance["state"], usual)
    return next((value for name in order if (value := instance.get(name))), None)


def _age(airflow: Airflow, instance: Json) -> float:
    since = moment(_since(instance))
    return (airflow.look.now - since).total_seconds() if since else 0.0


def _reasons(airflow: Airflow, found: Environments) -> dict[str, Finding]:
    """What keeps tasks from starting: full pools under `pool <name>`, dead parts under their names."""
    reads = {
        "pools": lambda: list(health.starved_pools(airflow)),
        "health": lambda: list(health.parts(airflow)),
    }
    try:
        gathered = gather(reads)
    except EXPECTED as error:
        found.unread.append(f"pools and health of {airflow.environment} ({explain(error)})")
        return {}
    found.unread.extend(gathered.failures)
    pools = {f"pool {f.resource}": f for f in gathered.results.get("pools", [])}
    return pools | {f.attributes["part"]: f for f in gathered.results.get("health", [])}


def _habits(airflow: Airflow, instances: Sequence[Json]) -> dict[str, Mapping[str, TaskHabit]]:
    """The habits of the first few DAGs; without them a long wait is judged by the clock alone."""
    found: dict[str, Mapping[str, TaskHabit]] = {}
    for dag_id in dict.fromkeys(str(i["dag_id"]) for i in instances):
        if len(found) == MAX_HABITS:
            break
        try:
            found[dag_id] = habits_of(airflow, dag_id, airflow.look.now - HABIT)
        except EXPECTED:
            found[dag_id] = {}
    return found


def _finding(
    airflow: Airflow, instance: Json, reasons: Mapping[str, Finding], habits: Mapping[str, Mapping[str, TaskHabit]]
) -> Finding | None:
    dag_id, task_id, state = str(instance["dag_id"]), str(instance["task_id"]), str(instance["state"])
    habit = habits.get(dag_id, {}).get(task_id)
    usual = habit.usual_seconds if habit else None
    waited = _age(airflow, instance)
    if state in ("queued", "scheduled"):
        why, attributes = _blocked(instance, reasons)
        return _waiting(airflow, instance, waited, why, attributes, 0.9 if attributes["reason"] != "worker" else 0.75)
    what, attributes = waits_for(instance)
    if not what and state == "running":
        seconds = elapsed(instance, airflow.look.now) or waited
        return task_long(dag_id, instance, seconds, usual or 0, airflow.look.now) if is_slow(seconds, usual) else None
    if usual is not None and not is_slow(waited, usual):
        return None
    than = f"; usually it takes {span(usual)}" if usual is not None else ""
    attributes |= {"reason": "sensor"}
    return _waiting(airflow, instance, waited, f"for {what or 'its condition'}{than}", attributes, 0.8 if than else 0.6)


def _blocked(instance: Json, reasons: Mapping[str, Finding]) -> tuple[str, dict[str, str]]:
    pool = str(instance.get("pool") or "default_pool")
    if f"pool {pool}" in reasons:
        return f"for a slot of pool {pool}, which is full", {"reason": "pool", "pool": pool}
    if "scheduler" in reasons:
        return "because the scheduler is unhealthy", {"reason": "scheduler", "pool": pool}
    if instance["state"] == "queued":
        return "for a worker: its pool has open slots, so the executor has none free", {"reason": "worker"}
    return "to be queued, by the limit of active tasks or runs of its DAG", {"reason": "concurrency"}


def _waiting(
    airflow: Airflow, instance: Json, waited: float, why: str, attributes: Mapping[str, str], strength: float
) -> Finding:
    began = moment(_since(instance))
    when = f" since {clock_time(began, airflow.look.now)}" if began else ""
    return Finding(
        kind="task_waiting",
        statement=f"Task {instance['task_id']} of DAG {instance['dag_id']} is {instance['state']}{when} "
        f"({span(waited)}), waiting {why}.",
        strength=strength,
        at=began,
        resource=str(instance["dag_id"]),
        attributes={
            "dag_id": str(instance["dag_id"]),
            "task_id": str(instance["task_id"]),
            "run_id": str(instance["dag_run_id"]),
            "state": str(instance["state"]),
            "seconds": f"{waited:.0f}",
            **attributes,
        },
    )


TOOLS: tuple[BaseTool, ...] = (airflow_waiting_tasks,)
