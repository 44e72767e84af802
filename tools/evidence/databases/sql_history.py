"""What Redshift remembers of statements: failures, load errors and DDL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agent.ddl import Statement
from agent.models import TimeRange
from agent.sql_text import dbt_model, error_details, source_tables, target_table
from tools.evidence.databases.sql_client import Database, Row, moment_of


@dataclass(frozen=True)
class Failure:
    """A statement or a load that failed. Empty strings are unknown."""

    at: datetime
    user: str
    message: str
    statement: str = ""
    model: str = ""
    table: str = ""
    column: str = ""
    code: str = ""
    sources: tuple[str, ...] = ()
    file: str = ""


def failed_statements(db: Database, span: TimeRange, about: str = "") -> list[Failure]:
    """Failed statements, the newest first; only those that mention `about`, if given."""
    rows = db.select(
        """
        SELECT user_id, start_time, error_message, query_text FROM sys_query_history
        WHERE status = 'failed' AND start_time >= :since AND start_time < :until
        AND (LOWER(query_text) LIKE :about OR LOWER(error_message) LIKE :about)
        ORDER BY start_time DESC LIMIT 300
        """,
        since=span.start,
        until=span.end,
        about=f"%{about.lower()}%",
    )
    users = user_names(db) if rows else {}
    return [_failure(row, users) for row in rows]


def load_errors(db: Database, span: TimeRange, about: str = "") -> list[Failure]:
    """COPY errors, the newest first."""
    rows = db.select(
        """
        SELECT table_id, start_time, file_name, line_number, column_name, column_type, error_code, error_message
        FROM sys_load_error_detail WHERE start_time >= :since AND start_time < :until
        ORDER BY start_time DESC LIMIT 300
        """,
        since=span.start,
        until=span.end,
    )
    if not rows:
        return []
    names = table_names(db)
    failures = [_load_failure(row, names) for row in rows]
    return [failure for failure in failures if about.lower() in f"{failure.table} {failure.file}".lower()]


def ddl_statements(db: Database, since: datetime) -> list[Statement]:
    """Every CREATE, ALTER and DROP TABLE that succeeded since then."""
    rows = db.select(
        """
        SELECT user_id, start_time, query_text FROM sys_query_history
        WHERE status = 'success' AND start_time >= :since
        AND (LOWER(query_text) LIKE '%alter table%' OR LOWER(query_text) LIKE '%drop table%'
             OR LOWER(query_text) LIKE '%create%table%(%')
        ORDER BY start_time DESC LIMIT 2000
        """,
        since=since,
    )
    users = user_names(db) if rows else {}
    times = ((moment_of(row["start_time"]), row) for row in rows)
    return [Statement(at, users.get(str(row["user_id"]), ""), str(row["query_text"])) for at, row in times if at]


def tables_of_model(db: Database, model: str, since: datetime) -> list[str]:
    """What the latest statement of a dbt model reads, as `schema.name`."""
    if not model:
        return []
    rows = db.select(
        """
        SELECT query_text FROM sys_query_history WHERE start_time >= :since AND LOWER(query_text) LIKE :about
        ORDER BY start_time DESC LIMIT 50
        """,
        since=since,
        about=f"%{model.lower()}%",
    )
    own = [str(row["query_text"]) for row in rows if model in (dbt_model(str(row["query_text"])), "")]
    return next((tables for text in own if (tables := source_tables(text))), [])


def user_names(db: Database) -> dict[str, str]:
    """User names by id. Asked apart: Redshift does not join its own views with PostgreSQL's catalog."""
    return _names(db, "SELECT usesysid AS id, usename AS name FROM pg_user")


def table_names(db: Database) -> dict[str, str]:
    """`schema.table` by id; empty for who is no administrator."""
    return _names(db, 'SELECT table_id AS id, "schema" || \'.\' || "table" AS name FROM svv_table_info')


def _names(db: Database, sql: str) -> dict[str, str]:
    try:
        return {str(row["id"]): str(row["name"]) for row in db.select(sql)}
    except ValueError:
        return {}  # ids without names still tell what happened


def _failure(row: Row, users: dict[str, str]) -> Failure:
    text, message = str(row["query_text"] or ""), str(row["error_message"] or "").strip()
    details = error_details(message)
    return Failure(
        at=moment_of(row["start_time"]) or datetime.min,
        user=users.get(str(row["user_id"]), ""),
        message=message,
        statement=text,
        model=dbt_model(text) or dbt_model(message),
        table=details.get("table") or target_table(text),
        column=details.get("column", ""),
        code=details.get("code", ""),
        sources=tuple(source_tables(text)),
    )


def _load_failure(row: Row, names: dict[str, str]) -> Failure:
    column, kind = str(row["column_name"] or "").strip(), str(row["column_type"] or "").strip()
    return Failure(
        at=moment_of(row["start_time"]) or datetime.min,
        user="",
        message=f"{str(row['error_message']).strip()} (column {column} {kind})"
        if column
        else str(row["error_message"]),
        table=names.get(str(row["table_id"]), ""),
        column=column,
        code=str(row["error_code"] or ""),
        file=str(row["file_name"] or "").strip(),
    )
