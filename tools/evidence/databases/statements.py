"""What failed in the warehouse, and which columns changed their type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.ddl import TypeChange, plain_name, type_changes, type_family
from agent.log_templates import mask
from agent.models import Finding, TimeRange
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.databases.sql_client import Database, Databases, Row, databases
from tools.evidence.databases.sql_history import (
    Failure,
    ddl_statements,
    failed_statements,
    load_errors,
    tables_of_model,
)
from tools.evidence.logs.findings import object_attributes
from tools.evidence.partial import explain

WEEK = timedelta(days=7)
MAX_FINDINGS = 8
MAX_TABLES = 5


@evidence_tool("Which SQL statements failed[ on {table}][ in model {model}]?", days=1)
def sql_failures(look: Look, resource: str = "", table: str = "", model: str = "", database: str = "") -> Found:
    """Failed statements and COPY load errors in Redshift, grouped by error, with the dbt model, table and column.

    Args:
        resource: a Redshift cluster or workgroup; all by default
        table: only statements that mention this table
        model: only statements of this dbt model
        database: a database, when it is not the cluster's own
    """
    about = plain_name(table).split(".")[-1] if table else model
    known = databases(look, resource, database, "redshift")
    failures: list[Failure] = []
    for db in known.found:
        week = TimeRange(start=look.window.start - WEEK, end=look.window.end)
        failures += _tolerant(known, db, failed_statements, week, about)
        failures += _tolerant(known, db, load_errors, week, about)
    if not known.found:
        return _nowhere(known)
    groups = _grouped(failures)
    findings = [f for group in groups if (f := _sql_error(group, look))]
    link = console.redshift_query(look.aws, known.found[0].name)
    if not findings:
        which = f" that mention {about}" if about else ""
        text = f"No statements{which} failed in {_names(known)} since {clock_time(look.window.start, look.now)}."
        return Found(f"{text}{known.caveat}", console_url=link, no_data=True)
    findings.sort(key=lambda f: -f.strength)
    summary = f"Kinds of failure in {_names(known)}: {len(findings)}. {findings[0].statement}{known.caveat}"
    return Found(summary, findings[:MAX_FINDINGS], link)


@evidence_tool("Which columns does {table} have, and did their types change?", days=14)
def table_columns(look: Look, table: str = "", model: str = "", resource: str = "", database: str = "") -> Found:
    """A table's columns now, type changes found in the DDL history, and columns typed differently in other tables.

    Without a table or model it lists the type changes of all tables.

    Args:
        table: a table, with or without its schema
        model: a dbt model, whose source tables are then looked at
        resource: a Redshift cluster, workgroup or Aurora cluster; all by default
        database: a database, when it is not the cluster's own
    """
    known = databases(look, resource, database)
    if not known.found:
        return _nowhere(known)
    findings: list[Finding] = []
    shown: list[str] = []
    for db in known.found:
        wanted = [plain_name(table)] if table else _tolerant(known, db, tables_of_model, model, look.window.start)
        if model and not table:
            wanted.append(model)
        columns = _tolerant(known, db, _columns_of, wanted[:MAX_TABLES])
        changes = _tolerant(known, db, _changes, look) if db.engine == "redshift" else []
        findings += [_type_change(_with_before(known, db, c), _closeness(c, wanted, columns), look) for c in changes]
        shown += _described(columns)
        findings += _mismatches(columns)
    findings.sort(key=lambda f: -f.strength)
    link = console.redshift_query(look.aws, known.found[0].name)
    changed = findings[0].statement if findings else "No type change is in the query history."
    summary = " ".join([changed, *shown])[:900]
    if not findings and not shown:
        return Found(f"{summary}{known.caveat}", console_url=link, no_data=True)
    return Found(f"{summary}{known.caveat}", findings[:MAX_FINDINGS], link)


def _tolerant(known: Databases, db: Database, read: Any, *arguments: Any) -> list[Any]:
    """What a read gives; when it fails, a note of it and nothing. The only database's denial is raised."""
    try:
        return list(read(db, *arguments))
    except (ClientError, ValueError, TimeoutError) as error:
        if len(known.found) == 1 and isinstance(error, ClientError):
            raise
        known.unread.append(f"{db.name}: {explain(error) if isinstance(error, ClientError) else error}"[:200])
        return []


def _grouped(failures: Sequence[Failure]) -> list[list[Failure]]:
    """Failures of the same error on the same table or model, each group the newest first."""
    groups: dict[tuple[str, str, str], list[Failure]] = defaultdict(list)
    for failure in sorted(failures, key=lambda f: f.at, reverse=True):
        groups[mask(failure.message), failure.table, failure.model].append(failure)
    return list(groups.values())


def _sql_error(group: Sequence[Failure], look: Look) -> Finding | None:
    """None when it did not happen in the window. What also failed in the week before is weaker."""
    recent = [f for f in group if f.at >= look.window.start]
    if not recent:
        return None
    latest, first, old = recent[0], recent[-1], len(group) - len(recent)
    what = (
        f"dbt model {latest.model}"
        if latest.model
        else f"A statement on {latest.table}"
        if latest.table
        else "A statement"
    )
    count = f"{len(recent)} times, first" if len(recent) > 1 else "once,"
    before = f"; also {old} times in the week before" if old else ""
    file = f" while loading {latest.file}" if latest.file else ""
    attributes = {
        "table": latest.table,
        "column": latest.column,
        "code": latest.code,
        "model": latest.model,
        "sources": ", ".join(latest.sources[:4]),
        "user": latest.user,
    } | object_attributes(latest.file)
    return Finding(
        kind="sql_error",
        statement=f"{what} failed {count} at {clock_time(first.at, look.now)}{file}: {latest.message[:220]}{before}",
        strength=0.5 if old > len(recent) else 0.9 if latest.model or latest.file or len(recent) > 1 else 0.75,
        at=first.at,
        resource=latest.model or latest.table,
        attributes={key: value for key, value in attributes.items() if value},
    )


def _changes(db: Database, look: Look) -> list[TypeChange]:
    return type_changes(ddl_statements(db, look.window.start))


def _closeness(change: TypeChange, wanted: Sequence[str], columns: Sequence[Row]) -> float:
    """How near a change is to the tables asked about: in one of them, in a column that they have too, or elsewhere."""
    if not wanted or _is_one_of(change.table, wanted):
        return 1.0
    return 0.95 if change.column in {str(row["column_name"]) for row in columns} else 0.5


def _with_before(known: Databases, db: Database, change: TypeChange) -> TypeChange:
    """The type before, where the history does not know it: that of the column of the same name in other tables."""
    if change.before:
        return change
    schema, _, table = change.table.rpartition(".")
    rows = _tolerant(known, db, _columns_named, change.column)
    others = {_column_type(row) for row in rows if (row["table_schema"], row["table_name"]) != (schema, table)}
    others = {kind for kind in others if type_family(kind) != type_family(change.after)}
    return replace(change, before=others.pop()) if len(others) == 1 else change


def _columns_named(db: Database, column: str) -> list[Row]:
    return db.select("SELECT * FROM svv_columns WHERE column_name = :name LIMIT 200", name=column)


def _type_change(change: TypeChange, closeness: float, look: Look) -> Finding:
    crossing = change.before == "" or type_family(change.before) != type_family(change.after)
    age_days = (look.window.end - change.at).total_seconds() / 86_400
    before = f"from {change.before} " if change.before else ""
    who = f" by {change.user}" if change.user else ""
    return Finding(
        kind="type_change",
        statement=f"Column {change.column} of {change.table} changed {before}to {change.after} at "
        f"{clock_time(change.at, look.now)}{who}.",
        strength=round((0.93 if crossing else 0.45) * (1 if age_days < 2 else 0.8) * closeness, 2),
        at=change.at,
        resource=change.table,
        attributes={
            "table": change.table,
            "column": change.column,
            "before": change.before,
            "after": change.after,
            "principal": change.user,
        },
    )


def _columns_of(db: Database, tables: Sequence[str]) -> list[Row]:
    columns = """
        SELECT * FROM information_schema.columns WHERE LOWER(table_name) = :name AND LOWER(table_schema) LIKE :schema
        ORDER BY table_schema, table_name, ordinal_position LIMIT 400
        """
    if db.engine == "redshift":
        columns = columns.replace("information_schema.columns", "svv_columns")
    rows: list[Row] = []
    for table in tables:
        schema, _, name = table.rpartition(".")
        rows += db.select(columns, name=name, schema=schema or "%")
    return rows


def _described(columns: Sequence[Row]) -> list[str]:
    tables: dict[str, list[str]] = defaultdict(list)
    for row in columns:
        tables[_table(row)].append(f"{row['column_name']} {_column_type(row)}")
    return [f"{table}: {', '.join(names[:25])}." for table, names in tables.items()]


def _mismatches(columns: Sequence[Row]) -> Iterator[Finding]:
    """Columns of one name whose types in two of the tables do not compare without a cast."""
    by_name: dict[str, list[Row]] = defaultdict(list)
    for row in columns:
        by_name[str(row["column_name"])].append(row)
    for name, rows in by_name.items():
        families = {type_family(str(row["data_type"])): row for row in rows}
        if len(families) > 1:
            one, other = list(families.values())[:2]
            yield Finding(
                kind="type_change",
                statement=f"Column {name} is {_column_type(one)} in {_table(one)} but {_column_type(other)} in "
                f"{_table(other)}.",
                strength=0.45,
                resource=_table(one),
                attributes={
                    "table": _table(one),
                    "column": name,
                    "before": _column_type(other),
                    "after": _column_type(one),
                },
            )


def _column_type(row: Row) -> str:
    kind = str(row["data_type"]).replace("character varying", "varchar")
    if row.get("character_maximum_length"):
        return f"{kind}({row['character_maximum_length']})"
    if row.get("numeric_precision") and kind in ("numeric", "decimal"):
        return f"{kind}({row['numeric_precision']},{row.get('numeric_scale') or 0})"
    return kind


def _table(row: Row) -> str:
    return f"{row['table_schema']}.{row['table_name']}"


def _is_one_of(table: str, wanted: Sequence[str]) -> bool:
    return any(table == name or table.split(".")[-1] == name.split(".")[-1] for name in wanted)


def _nowhere(known: Databases) -> Found:
    return Found(f"No database that answers SQL was found in this region.{known.caveat}", no_data=True)


def _names(known: Databases) -> str:
    return ", ".join(db.name for db in known.found)


TOOLS: tuple[BaseTool, ...] = (sql_failures, table_columns)
