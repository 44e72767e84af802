"""dbt: which models failed, from its result tables in the warehouse or from its logs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median

from langchain_core.tools import BaseTool

from agent.log_lines import parse_line
from agent.models import Finding
from agent.sql_text import dbt_errors, error_details
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.airflow.history import FEWEST, is_slow, span
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.databases.dbt_tables import FAILED, Result, read_results
from tools.evidence.databases.sql_client import Database, Databases, databases
from tools.evidence.failures import EXPECTED, explain
from tools.evidence.logs.reader import around, find_groups, read

MAX_FINDINGS = 8
AFTER_SECONDS = 120


@evidence_tool("Which dbt models failed?", days=2)
def dbt_run_results(look: Look, model: str = "", resource: str = "", database: str = "", log_group: str = "") -> Found:
    """dbt models and tests that failed, with the error and when they last succeeded, and models that took far longer
    than usual, from dbt's result and audit tables in Redshift or PostgreSQL (Elementary, dbt_artifacts, dbt_audit_log),
    else from log groups with dbt in their name.

    Args:
        model: one model; all by default
        resource: a Redshift cluster, workgroup or Aurora cluster
        database: a database, when it is not the cluster's own
        log_group: the log group that dbt writes to, when its name does not say so
    """
    known = databases(look, resource, database)
    results = [r for db in known.found for r in _results(known, db, look)]
    source = "its result tables"
    if not results:
        results, source = list(_from_logs(look, log_group)), "its logs"
    results = [r for r in results if not model or r.model == model]
    failed = [*_failures(results, look), *_slow(results, look)]
    link = console.redshift_query(look.aws) if source == "its result tables" else console.log_groups(look.aws, "dbt")
    if not results:
        return Found(
            f"No results of dbt {model} were found, in tables or logs.{known.caveat}", console_url=link, no_data=True
        )
    if not failed:
        text = f"All {len({r.model for r in results})} dbt models in {source} succeeded in their latest run."
        return Found(f"{text}{known.caveat}", [Finding(kind="task_healthy", statement=text, strength=0.4)], link)
    summary = f"dbt models and tests in trouble: {len(failed)}. {failed[0].statement}{known.caveat}"
    return Found(summary, failed[:MAX_FINDINGS], link)


def _results(known: Databases, db: Database, look: Look) -> list[Result]:
    try:
        return list(read_results(db, look.window.start))
    except EXPECTED as error:
        why = str(error) if isinstance(error, ValueError) else explain(error)
        known.unread.append(f"{db.name} ({why})"[:200])
        return []


def _failures(results: Sequence[Result], look: Look) -> Iterator[Finding]:
    """One finding for each model whose latest run failed, the latest first."""
    by_model: dict[str, list[Result]] = defaultdict(list)
    for result in sorted(results, key=lambda r: r.at, reverse=True):
        by_model[result.model].append(result)
    for name, runs in by_model.items():
        if runs[0].status in FAILED:
            good = next((run for run in runs if run.status in ("success", "pass")), None)
            yield _failure(name, runs[0], good, look)


def _slow(results: Sequence[Result], look: Look) -> Iterator[Finding]:
    """Models whose latest run took far longer than their median."""
    by_model: dict[str, list[Result]] = defaultdict(list)
    for result in sorted(results, key=lambda r: r.at, reverse=True):
        if result.seconds and result.status == "success":
            by_model[result.model].append(result)
    for name, runs in by_model.items():
        usual = median(run.seconds for run in runs[1:]) if len(runs) > FEWEST else None
        latest = runs[0]
        if usual is not None and is_slow(latest.seconds, usual):
            yield Finding(
                kind="task_long",
                statement=f"dbt model {name} took {span(latest.seconds)} at {clock_time(latest.at, look.now)}; "
                f"usual are {span(usual)}.",
                strength=0.7,
                at=latest.at,
                resource=name,
                attributes={"task_id": name, "seconds": f"{latest.seconds:.0f}", "baseline": f"{usual:.0f}"},
            )


def _failure(name: str, result: Result, good: Result | None, look: Look) -> Finding:
    last = f"; it last succeeded at {clock_time(good.at, look.now)}" if good else ""
    message = " ".join(result.message.split())
    return Finding(
        kind="sql_error",
        statement=f"dbt {result.what} {name} failed at {clock_time(result.at, look.now)}: {message[:260]}{last}",
        strength=0.9 if result.what == "model" and result.status != "unfinished" else 0.75,
        at=result.at,
        resource=name,
        attributes={"model": name} | error_details(message),
    )


def _from_logs(look: Look, log_group: str) -> Iterator[Result]:
    """`Database Error in model fct_orders (…)` and the lines after it, in dbt's own logs or Airflow's."""
    groups = find_groups(look, log_group=log_group or "dbt") or [
        group for group in find_groups(look, log_group="airflow-") if group.endswith("-Task")
    ]
    for line in read(look, groups[:3], look.window, "%Error in model%", slices=2).lines[-MAX_FINDINGS:]:
        group, _, stream = line.source.partition("\t")
        texts = [parse_line(after.text).message for after in around(look, group, stream, line.at, AFTER_SECONDS)]
        yield from (Result(model, "error", message, line.at) for model, message in dbt_errors(texts)[:1])


TOOLS: tuple[BaseTool, ...] = (dbt_run_results,)
