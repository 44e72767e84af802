"""Airflow at a glance: what failed, what does not import, which pools are full, is the environment well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.models import Finding
from agent.times import clock_time
from tools.evidence.airflow import health
from tools.evidence.airflow.api import Airflow, Json, environments
from tools.evidence.airflow.findings import dag_failed, from_logs, history_of
from tools.evidence.airflow.standing import standing_still
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.failures import EXPECTED, explain
from tools.evidence.partial import Gathered, gather

MAX_DAGS = 6
MAX_FAILED_RUNS = 300


@evidence_tool("What is wrong in Airflow?", hours=24)
def airflow_overview(look: Look, environment: str = "", resource: str = "") -> Found:
    """Failed DAG runs, DAG files that do not import, full pools, DAGs that are paused or no longer triggered, and the
    health of scheduler, triggerer and DAG processor, over all Airflow environments: Amazon MWAA and self-hosted.

    Args:
        environment: a name, or part of a name, of an environment; all by default
        resource: the same, or a DAG's id
    """
    found = environments(look, environment or resource)
    if not found:
        return Found(f"There is no Airflow environment in this region.{found.caveat}", no_data=True)
    try:
        gathered = gather({name: read for airflow in found for name, read in _reads(airflow)})
    except ClientError as error:
        return from_logs(look, error, environment, "", "")
    for airflow in found:
        try:
            gathered.results[f"state of {airflow.environment}"] = list(health.managed_state(airflow))
        except EXPECTED as error:
            gathered.failures.append(f"state of {airflow.environment} ({explain(error)})")
    return _told(look, list(found), gathered, found.caveat)


def _told(look: Look, found: list[Airflow], gathered: Gathered[list[Finding]], caveat: str) -> Found:
    findings = sorted((f for each in gathered.results.values() for f in each), key=lambda f: -f.strength)
    link = found[0].transport.link()
    names = ", ".join(airflow.environment for airflow in found)
    caveat = f"{gathered.caveat}{caveat}"
    if findings:
        return Found(f"Environments: {names}. {findings[0].statement}{caveat}", findings, link)
    since = clock_time(look.window.start, look.now)
    text = f"No DAG run failed in {names} since {since}; all DAG files import, no pool is full."
    if gathered.failures:
        return Found(f"Nothing wrong was seen in what could be read of {names}.{caveat}", console_url=link)
    calm = Finding(kind="task_healthy", statement=text, strength=0.35, resource=found[0].environment)
    return Found(f"{text}{caveat}", [calm], link)


def _reads(airflow: Airflow) -> Iterator[tuple[str, Callable[[], list[Finding]]]]:
    reads: dict[str, Callable[[Airflow], Iterable[Finding]]] = {
        "failed DAG runs": _failed_dags,
        "import errors": health.import_errors,
        "pools": health.starved_pools,
        "health": health.parts,
        "DAGs that stand still": standing_still,
    }
    for name, read in reads.items():
        yield f"{name} of {airflow.environment}", lambda read=read: list(read(airflow))


def _failed_dags(airflow: Airflow) -> Iterator[Finding]:
    since = airflow.look.window.start.strftime("%Y-%m-%dT%H:%M:%SZ")
    latest: dict[str, Json] = {}
    for run in airflow.runs(limit=MAX_FAILED_RUNS, state="failed", start_date_gte=since):
        latest.setdefault(run["dag_id"], run)
    for dag_id, run in list(latest.items())[:MAX_DAGS]:
        yield dag_failed(airflow.look, dag_id, run, history_of(_history(airflow, dag_id)))


def _history(airflow: Airflow, dag_id: str) -> list[Json]:
    try:
        return airflow.runs(dag_id)
    except EXPECTED:
        return []  # that it failed is known without its history


TOOLS: tuple[BaseTool, ...] = (airflow_overview,)
