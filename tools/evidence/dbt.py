"""dbt: which models failed, from its result tables in the warehouse or from its logs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.log_lines import parse_line
from agent.models import Finding
from agent.sql_text import dbt_errors, error_details
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.log_reader import around, find_groups, read
from tools.evidence.partial import explain
from tools.evidence.sql_client import Database, Databases, Row, databases, moment_of

MAX_FINDINGS = 8
AFTER_SECONDS = 120
FAILED = ("error", "fail", "runtime error")

ELEMENTARY = """
    SELECT name AS model, status, message, execute_completed_at AS ended FROM {table}
    WHERE execute_completed_at >= :since ORDER BY execute_completed_at DESC LIMIT 500
"""
DBT_ARTIFACTS = """
    SELECT name AS model, status, message, run_started_at AS ended FROM {table}
    WHERE run_started_at >= :since ORDER BY run_started_at DESC LIMIT 500
"""
RESULT_TABLES = {"dbt_run_results": ELEMENTARY, "fct_dbt__model_executions": DBT_ARTIFACTS}
_IDENTIFIER = re.compile(r"^[A-Za-z_]\w*$")


@dataclass(frozen=True)
class Result:
    """How one model went in one run."""

    model: str
    status: str
    message: str
    at: datetime


@evidence_tool("Which dbt models failed?", days=2)
def dbt_run_results(look: Look, model: str = "", resource: str = "", database: str = "", log_group: str = "") -> Found:
    """dbt models that failed, with the error and when they last succeeded, from dbt's result tables in Redshift or
    PostgreSQL (Elementary, dbt_artifacts), else from log groups with dbt in their name.

    Args:
        model: one model; all by default
        resource: a Redshift cluster, workgroup or Aurora cluster
        database: a database, when it is not the cluster's own
        log_group: the log group that dbt writes to, when its name does not say so
    """
    known = databases(look, resource, database)
    results = [r for db in known.found for r in _results(known, db, look.window.start)]
    source = "its result tables"
    if not results:
        results, source = list(_from_logs(look, log_group)), "its logs"
    results = [r for r in results if not model or r.model == model]
    failed = [finding for finding in _failures(results, look) if finding]
    link = console.redshift_query(look.aws) if source == "its result tables" else console.log_groups(look.aws, "dbt")
    if not results:
        return Found(
            f"No results of dbt {model} were found, in tables or logs.{known.caveat}", console_url=link, no_data=True
        )
    if not failed:
        text = f"All {len({r.model for r in results})} dbt models in {source} succeeded in their latest run."
        return Found(f"{text}{known.caveat}", [Finding(kind="task_healthy", statement=text, strength=0.4)], link)
    return Found(
        f"dbt models that failed: {len(failed)}. {failed[0].statement}{known.caveat}", failed[:MAX_FINDINGS], link
    )


def _results(known: Databases, db: Database, since: datetime) -> Iterator[Result]:
    try:
        for schema, table in _result_tables(db):
            rows = db.select(RESULT_TABLES[table].format(table=f"{schema}.{table}"), since=since)
            yield from (result for row in rows if (result := _result(row)))
    except (ClientError, ValueError, TimeoutError) as error:
        known.unread.append(f"{db.name} ({explain(error) if isinstance(error, ClientError) else error})"[:200])


def _result_tables(db: Database) -> list[tuple[str, str]]:
    listing = """
        SELECT table_schema, table_name FROM information_schema.tables
        WHERE table_name = 'dbt_run_results' OR table_name = 'fct_dbt__model_executions'
    """
    if db.engine == "redshift":
        listing = listing.replace("information_schema.tables", "svv_tables")
    names = [(str(row["table_schema"]), str(row["table_name"])) for row in db.select(listing)]
    return [(schema, table) for schema, table in names if _IDENTIFIER.match(schema) and table in RESULT_TABLES]


def _result(row: Row) -> Result | None:
    at = moment_of(row["ended"])
    return Result(str(row["model"]), str(row["status"]).lower(), str(row["message"] or ""), at) if at else None


def _failures(results: Sequence[Result], look: Look) -> Iterator[Finding]:
    """One finding for each model whose latest run failed, the latest first."""
    by_model: dict[str, list[Result]] = defaultdict(list)
    for result in sorted(results, key=lambda r: r.at, reverse=True):
        by_model[result.model].append(result)
    for name, runs in by_model.items():
        if runs[0].status in FAILED:
            good = next((run for run in runs if run.status == "success"), None)
            yield _failure(name, runs[0], good, look)


def _failure(name: str, result: Result, good: Result | None, look: Look) -> Finding:
    last = f"; it last succeeded at {clock_time(good.at, look.now)}" if good else ""
    message = " ".join(result.message.split())
    return Finding(
        kind="sql_error",
        statement=f"dbt model {name} failed at {clock_time(result.at, look.now)}: {message[:260]}{last}",
        strength=0.9,
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
