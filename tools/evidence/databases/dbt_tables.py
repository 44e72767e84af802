"""The tables in which dbt packages keep how its models and tests went, and what their rows say.

Elementary: dbt_run_results, elementary_test_results.
dbt_artifacts: fct_dbt__model_executions, fct_dbt__test_executions.
dbt-event-logging: dbt_audit_log, which has a row when a model's deployment starts and one when it is complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tools.evidence.databases.sql_client import Database, Row, moment_of

AUDIT_LOG = "dbt_audit_log"
RUNNING = timedelta(minutes=30)
"""A model that started this recently may still be at work."""
FAILED = ("error", "fail", "runtime error", "unfinished")
LISTING = "SELECT table_schema, table_name FROM {view} WHERE table_name IN ({names})"
RESULTS = """
    SELECT {columns}, {moment} AS ended FROM {table} WHERE {moment} >= :since ORDER BY {moment} DESC LIMIT 2000
"""
AUDIT = """
    SELECT event_name, event_model, event_timestamp, invocation_id FROM {table}
    WHERE event_timestamp >= :since ORDER BY event_timestamp DESC LIMIT 5000
"""
_IDENTIFIER = re.compile(r"^[A-Za-z_]\w*$")


@dataclass(frozen=True)
class ResultTable:
    """`moment` is the column of its time, `columns` give model, status, message and seconds."""

    name: str
    moment: str
    columns: str
    what: str = "model"


TABLES = (
    ResultTable("dbt_run_results", "execute_completed_at", "name AS model, status, message, execution_time AS seconds"),
    ResultTable(
        "elementary_test_results",
        "detected_at",
        "test_name AS model, status, test_results_description AS message, 0 AS seconds",
        "test",
    ),
    ResultTable(
        "fct_dbt__model_executions",
        "run_started_at",
        "name AS model, status, message, total_node_runtime AS seconds",
    ),
    ResultTable(
        "fct_dbt__test_executions",
        "run_started_at",
        "node_id AS model, status, message, total_node_runtime AS seconds",
        "test",
    ),
)


@dataclass(frozen=True)
class Result:
    """How one model or test went in one run. `seconds` is 0 when unknown."""

    model: str
    status: str
    message: str
    at: datetime
    seconds: float = 0.0
    what: str = "model"


def read_results(db: Database, since: datetime) -> Iterator[Result]:
    """The latest results of every result table that the database has, in whatever schema."""
    known = {table.name: table for table in TABLES}
    for schema, name in _result_tables(db):
        if name == AUDIT_LOG:
            yield from unfinished(_audit_rows(db, schema, since), db.look.now)
        else:
            yield from (
                result for row in _rows(db, schema, known[name], since) if (result := _result(row, known[name]))
            )


def unfinished(rows: Sequence[Row], now: datetime) -> Iterator[Result]:
    """Models whose deployment started and never completed, in the audit log; and the complete ones as successes."""
    started: dict[tuple[str, str], datetime] = {}
    for row in sorted(rows, key=lambda row: str(row["event_timestamp"])):
        model, at = str(row["event_model"] or ""), moment_of(row["event_timestamp"])
        key = (str(row["invocation_id"]), model)
        if not model or at is None:
            continue
        if "started" in str(row["event_name"]):
            started[key] = at
        elif "completed" in str(row["event_name"]) and key in started:
            yield Result(model, "success", "", at, (at - started.pop(key)).total_seconds())
    for (_, model), at in started.items():
        if now - at > RUNNING:
            yield Result(model, "unfinished", "its deployment started and never completed", at)


def _result_tables(db: Database) -> list[tuple[str, str]]:
    names = ", ".join(f"'{name}'" for name in (*(table.name for table in TABLES), AUDIT_LOG))
    view = "svv_tables" if db.engine == "redshift" else "information_schema.tables"
    rows = db.select(LISTING.format(view=view, names=names))
    found = [(str(row["table_schema"]), str(row["table_name"])) for row in rows]
    return [(schema, table) for schema, table in found if _IDENTIFIER.match(schema)]


def _rows(db: Database, schema: str, table: ResultTable, since: datetime) -> list[Row]:
    sql = RESULTS.format(columns=table.columns, moment=table.moment, table=f"{schema}.{table.name}")
    return db.select(sql, since=since)


def _audit_rows(db: Database, schema: str, since: datetime) -> list[Row]:
    return db.select(AUDIT.format(table=f"{schema}.{AUDIT_LOG}"), since=since)


def _result(row: Row, table: ResultTable) -> Result | None:
    at = moment_of(row["ended"])
    if at is None:
        return None
    seconds = float(row["seconds"] or 0)
    name = str(row["model"]).rsplit(".", 2)[-2] if str(row["model"]).startswith("test.") else str(row["model"])
    return Result(name, str(row["status"]).lower(), str(row["message"] or ""), at, seconds, table.what)
