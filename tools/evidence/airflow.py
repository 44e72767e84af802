"""Managed Airflow at a glance: what failed, what does not import, which pools are full, is the scheduler alive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.airflow_api import Airflow, Json, environments, moment
from tools.evidence.airflow_findings import dag_failed, from_logs, history_of
from tools.evidence.base import Found, Look, evidence_tool

MAX_DAGS = 6


@evidence_tool("What is wrong in Airflow?", hours=24)
def airflow_overview(look: Look, environment: str = "", resource: str = "") -> Found:
    """Failed DAG runs, DAGs that do not import, full pools and the scheduler's health, over all MWAA environments.

    Args:
        environment: a name, or part of a name, of an MWAA environment; all by default
        resource: the same, or a DAG's id
    """
    found = environments(look, environment or resource)
    if not found:
        return Found("There are no MWAA environments in this region.", no_data=True)
    findings: list[Finding] = []
    try:
        for airflow in found:
            findings += [*_health(airflow), *_failed_dags(airflow), *_import_errors(airflow), *_pools(airflow)]
    except ClientError as error:
        return from_logs(look, error, environment, "", "")
    link = console.mwaa_environment(look.aws, found[0].environment)
    names = ", ".join(airflow.environment for airflow in found)
    if not findings:
        text = f"No DAG run failed in {names} since {clock_time(look.window.start, look.now)}; all DAGs import."
        calm = Finding(kind="task_healthy", statement=text, strength=0.35, resource=found[0].environment)
        return Found(text, [calm], link)
    findings.sort(key=lambda f: -f.strength)
    return Found(f"Environments: {names}. {findings[0].statement}", findings, link)


def _failed_dags(airflow: Airflow) -> Iterator[Finding]:
    look = airflow.look
    since = look.window.start.strftime("%Y-%m-%dT%H:%M:%SZ")
    latest: dict[str, Json] = {}
    for run in airflow.runs(limit=100, state="failed", start_date_gte=since):
        latest.setdefault(run["dag_id"], run)
    for dag_id, run in list(latest.items())[:MAX_DAGS]:
        yield dag_failed(look, dag_id, run, history_of(airflow.runs(dag_id)))


def _import_errors(airflow: Airflow) -> Iterator[Finding]:
    for problem in airflow.get("/importErrors", limit=20)["import_errors"][:4]:
        last = problem["stack_trace"].strip().splitlines()[-1:]
        yield Finding(
            kind="import_error",
            statement=f"{problem['filename']} does not import: {' '.join(last)[:200]}",
            strength=0.75,
            at=moment(problem.get("timestamp")),
            resource=airflow.environment,
            attributes={"file": problem["filename"]},
        )


def _pools(airflow: Airflow) -> Iterator[Finding]:
    for pool in airflow.get("/pools", limit=50)["pools"]:
        queued, slots = int(pool.get("queued_slots") or 0), int(pool["slots"])
        if queued and int(pool.get("occupied_slots") or 0) >= slots > 0:
            yield Finding(
                kind="metric_at_limit",
                statement=f"Pool {pool['name']} of {airflow.environment} is full: {slots} taken, {queued} waiting.",
                strength=min(0.6 + queued / slots / 4, 0.9),
                resource=pool["name"],
                attributes={"metric": "pool slots", "limit": str(slots), "value": str(slots), "service": "mwaa"},
            )


def _health(airflow: Airflow) -> Iterator[Finding]:
    state: dict[str, Any] = airflow.find("/monitor/health") or airflow.find("/health") or {}
    for part in ("scheduler", "metadatabase", "triggerer", "dag_processor"):
        if (state.get(part) or {}).get("status") == "unhealthy":
            yield Finding(
                kind="service_event",
                statement=f"The {part} of {airflow.environment} is unhealthy.",
                strength=0.9,
                resource=airflow.environment,
                attributes={"message": f"{part} unhealthy", "service": "mwaa"},
            )


TOOLS: tuple[BaseTool, ...] = (airflow_overview,)
