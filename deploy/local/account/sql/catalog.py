"""System tables, filled from a scenario: information_schema and PostgreSQL's pg_catalog. Redshift's are next door."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.local.account.schema.sql import Column, Database, RunningQuery, Table
from deploy.local.account.sql.types import DISPLAY_NAMES, Value, family_of, format_timestamp, length_of

At = Callable[[timedelta], datetime]
Row = tuple[Value, ...]


@dataclass(frozen=True)
class SystemTable:
    schema: str
    name: str
    columns: dict[str, str]
    rows: list[Row]


def system_table(name: str, columns: str, rows: Iterable[Row], schema: str = "pg_catalog") -> SystemTable:
    """`columns` reads "pid int, query text"."""
    pairs = (column.split() for column in columns.split(", "))
    return SystemTable(schema, name, {column: kind for column, kind in pairs}, list(rows))  # noqa: C416 - typed pairs


def common_tables(database: Database, settings: dict[str, str]) -> list[SystemTable]:
    columns = (
        "table_catalog text, table_schema text, table_name text, column_name text, ordinal_position int, "
        "is_nullable text, data_type text, character_maximum_length int"
    )
    tables = "table_catalog text, table_schema text, table_name text, table_type text"
    return [
        system_table("columns", columns, column_rows(database), schema="information_schema"),
        system_table("tables", tables, table_rows(database), schema="information_schema"),
        system_table("pg_settings", "name text, setting text", settings.items()),
    ]


def postgres_tables(database: Database, at: At) -> list[SystemTable]:
    activity = (
        "datname text, pid int, usename text, application_name text, client_addr text, backend_start timestamp, "
        "xact_start timestamp, query_start timestamp, state_change timestamp, wait_event_type text, wait_event text, "
        "state text, query text, backend_type text"
    )
    locks = (
        "locktype text, database int, relation int, page int, tuple int, transactionid int, pid int, mode text, "
        "granted bool"
    )
    relations = "oid int, relname text, relkind text, reltuples float"
    stats = "schemaname text, relname text, n_live_tup int, n_dead_tup int"
    ids = table_ids(database)
    held: Iterator[Row] = (
        ("relation", 1, table_id(ids, lock.table), None, None, None, lock.pid, lock.mode, int(lock.granted))
        for lock in database.locks
    )
    known: Iterator[Row] = ((ids[full_name(each)], each.name, "r", row_count(each)) for each in database.tables)
    counts: Iterator[Row] = ((each.schema_name, each.name, row_count(each), 0) for each in database.tables)
    return [
        system_table("pg_stat_activity", activity, _activity(database, at)),
        system_table("pg_locks", locks, held),
        system_table("pg_class", relations, known),
        system_table("pg_stat_user_tables", stats, counts),
        users_table(database),
    ]


def users_table(database: Database) -> SystemTable:
    return system_table("pg_user", "usename text, usesysid int", user_ids(database).items())


def user_ids(database: Database) -> dict[str, int]:
    """User name -> id, of everybody who has a session or a statement in the history."""
    names = [each.user for each in (*database.query_history, *database.running_queries)]
    return {name: 100 + number for number, name in enumerate(dict.fromkeys(names))}


def table_ids(database: Database) -> dict[str, int]:
    """`schema.table` -> oid."""
    return {full_name(table): 100_000 + number for number, table in enumerate(database.tables)}


def table_id(ids: dict[str, int], name: str) -> int:
    """The oid of a table named with or without its schema; 0 for none."""
    return next((oid for known, oid in ids.items() if name in (known, known.partition(".")[2])), 0)


def full_name(table: Table) -> str:
    return f"{table.schema_name}.{table.name}"


def sessions(database: Database) -> Iterator[tuple[int, RunningQuery]]:
    """(pid, session) for every session; one with a count is several."""
    for query in database.running_queries:
        for number in range(query.count):
            yield query.pid + number, query


def column_rows(database: Database) -> Iterator[Row]:
    for table in database.tables:
        for position, column in enumerate(table.columns, start=1):
            yield (database.database, table.schema_name, table.name, column.name, position, "YES", *column_type(column))


def column_type(column: Column) -> tuple[str, int | None]:
    """(data_type, character_maximum_length) as the catalogue shows them."""
    family = family_of(column.type)
    return DISPLAY_NAMES[family], length_of(column.type) if family == "text" else None


def table_rows(database: Database) -> Iterator[Row]:
    return ((database.database, table.schema_name, table.name, "BASE TABLE") for table in database.tables)


def row_count(table: Table) -> int:
    return len(table.rows) + table.count


def _activity(database: Database, at: At) -> Iterator[Row]:
    for query in database.running_queries:
        for number in range(query.count):
            yield _session(database, query, number, at)


def _session(database: Database, query: RunningQuery, number: int, at: At) -> Row:
    connected = query.started if query.connected is None else query.connected
    connected -= query.spread * (number / query.count)
    started = format_timestamp(at(query.started))
    waits_for = None
    if query.wait_event:
        waits_for = "Client" if query.wait_event.startswith("Client") else "Lock"
    in_transaction = started if query.state != "idle" else None
    who: Row = (database.database, query.pid + number, query.user, query.application, query.client)
    since: Row = (format_timestamp(at(connected)), in_transaction, started, started)
    return (*who, *since, waits_for, query.wait_event, query.state, query.text, "client backend")
