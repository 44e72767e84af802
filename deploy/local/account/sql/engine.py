"""One database of a scenario: its tables in SQLite, and statements run on them in the engine's own dialect."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from deploy.local.account.schema.sql import Database
from deploy.local.account.sql.catalog import SystemTable, common_tables, postgres_tables
from deploy.local.account.sql.catalog_redshift import redshift_tables
from deploy.local.account.sql.declared import fail_as_told, rows_of
from deploy.local.account.sql.dialect import Statement, translate
from deploy.local.account.sql.errors import SqlError
from deploy.local.account.sql.functions import register
from deploy.local.account.sql.ports import Parameter, Result, ResultColumn
from deploy.local.account.sql.transaction import CopyTransaction
from deploy.local.account.sql.types import Family, Value, cast_value, family_of, format_interval, format_timestamp

_DEFAULT_SETTINGS = {"max_connections": "100", "server_version": "16.4", "statement_timeout": "0"}
_PARAMETER = re.compile(r"(?<![:\w]):([a-zA-Z_]\w*)")
_SQLITE_ERRORS = (
    (r"no such column: (?:\w+\.)?\"?([\w.]+)\"?", 'column "{}" does not exist', "42703"),
    (r"no such function: (\w+)", "function {}() does not exist", "42883"),
    (r"near \"(.+)\": syntax error", 'syntax error at or near "{}"', "42601"),
    (r"misuse of aggregate:? ?(.*)", "aggregate functions are not allowed here {}", "42803"),
)

_AFFINITIES = {"integer": "integer", "boolean": "integer", "float": "real", "decimal": "real", "interval": "real"}
"""With these SQLite compares a text parameter to a number as the database would."""

_OF_SESSIONS = {"pg_stat_activity", "pg_locks", "stv_inflight", "stv_recents", "svv_transactions"}
"""System tables whose rows belong to a pid."""


class SqlDatabase:
    """Statements run one at a time. Reads and writes work on one copy; `snapshot` makes another for a transaction."""

    def __init__(
        self,
        database: Database,
        loaded: datetime,
        clock: Callable[[], datetime],
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.database = database
        self._clock = clock
        self._lock = threading.RLock()
        self._failures: list[SqlError] = []
        self._ended_sessions: list[int] = []
        self._tables: dict[tuple[str, str], dict[str, str]] = {}
        self._connection = self._connect()
        for table in _system_tables(database, loaded, {**_DEFAULT_SETTINGS, **(settings or {})}):
            self._create(table.schema, table.name, table.columns, table.rows)
        for table in database.tables:
            columns = {column.name: column.type for column in table.columns}
            self._create(table.schema_name, table.name, columns, rows_of(table, loaded, database.database))

    @property
    def tables(self) -> dict[tuple[str, str], dict[str, str]]:
        """(schema, table) -> {column: type}, system tables included."""
        return self._tables

    def execute(self, text: str, parameters: Sequence[Parameter] = ()) -> Result:
        """Run one statement. Raises SqlError with the database's own message."""
        fail_as_told(self.database, text)
        statement = translate(_PARAMETER.sub(r":\1", text), self.database.engine, self.database.database, self._tables)
        values = {each.name: _typed(each) for each in parameters}
        wanted = set(_PARAMETER.findall(statement.sql))
        if wanted - values.keys():
            raise SqlError(f"Cannot find parameter: {sorted(wanted - values.keys())[0]}", "42P02")
        with self._lock:
            return self._run(statement, {name: values[name] for name in wanted})

    def begin(self) -> CopyTransaction:
        return CopyTransaction(self)

    def snapshot(self) -> SqlDatabase:
        """A copy that sees today's rows and keeps its own changes to itself."""
        copy = object.__new__(SqlDatabase)
        copy.__dict__.update(self.__dict__)
        copy._lock, copy._failures, copy._ended_sessions = threading.RLock(), [], []
        copy._connection = copy._connect()
        with self._lock:
            self._connection.backup(copy._connection)
        return copy

    def close(self) -> None:
        self._connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        connection.execute("pragma case_sensitive_like = on")
        now: dict[str, tuple[int, Any]] = {
            "wk_now": (0, lambda: format_timestamp(self._clock())),
            "wk_today": (0, lambda: self._clock().date().isoformat()),
            "current_database": (0, lambda: self.database.database),
            "wk_version": (0, self._version),
            "wk_user": (0, lambda: "watchkeeper"),
            "pg_backend_pid": (0, lambda: 9999),
            "pg_blocking_pids": (1, self._blocking),
            "pg_terminate_backend": (1, self._end_session),
            "pg_cancel_backend": (1, self._end_session),
        }
        register(connection, self._failures, now)
        return connection

    def _create(self, schema: str, name: str, columns: Mapping[str, str], rows: Sequence[tuple[Value, ...]]) -> None:
        self._tables[schema, name] = dict(columns)
        listed = ", ".join(f'"{column}" {_AFFINITIES.get(family_of(kind), "text")}' for column, kind in columns.items())
        self._connection.execute(f'create table "{schema}.{name}" ({listed})')
        marks = ", ".join("?" * len(columns))
        self._connection.executemany(f'insert into "{schema}.{name}" values ({marks})', rows)  # noqa: S608 - own names

    def _run(self, statement: Statement, values: Mapping[str, Value]) -> Result:
        self._failures.clear()
        try:
            cursor = self._connection.execute(statement.sql, values)
            rows: list[tuple[Value, ...]] = cursor.fetchall()
        except sqlite3.Error as error:
            raise (self._failures[-1] if self._failures else _worded(error)) from None
        self._drop_ended_sessions()
        if statement.writes:
            return Result((), [], max(cursor.rowcount, 0))
        names = [description[0] for description in cursor.description or ()]
        columns = tuple(
            ResultColumn(name, family, statement.table or "")
            for name, family in zip(names, _families(statement, names, rows), strict=True)
        )
        return Result(columns, [_shown(row, columns) for row in rows])

    def _version(self) -> str:
        if self.database.engine == "redshift":
            return "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC, Redshift 1.0.120000"
        return "PostgreSQL 16.4 on aarch64-unknown-linux-gnu, 64-bit"

    def _blocking(self, pid: Value) -> str:
        return json.dumps([lock.blocked_by for lock in self.database.locks if lock.pid == pid and lock.blocked_by])

    def _end_session(self, pid: Value) -> int:
        known = any(query.pid <= int(pid or 0) < query.pid + query.count for query in self.database.running_queries)
        if known:
            self._ended_sessions.append(int(pid or 0))
        return int(known)

    def _drop_ended_sessions(self) -> None:
        for pid in self._ended_sessions:
            for schema, name in self._tables:
                if name in _OF_SESSIONS:
                    self._connection.execute(f'delete from "{schema}.{name}" where pid = ?', (pid,))  # noqa: S608
        self._ended_sessions.clear()


def _typed(parameter: Parameter) -> Value:
    return cast_value(parameter.value, parameter.type_hint) if parameter.type_hint else parameter.value


def _system_tables(database: Database, loaded: datetime, settings: dict[str, str]) -> list[SystemTable]:
    own = redshift_tables if database.engine == "redshift" else postgres_tables
    return common_tables(database, settings) + own(database, lambda offset: loaded + offset)


def _families(statement: Statement, names: Sequence[str], rows: Sequence[tuple[Value, ...]]) -> list[Family]:
    """What analysis found, else what the values show. The difference of two timestamps is analysed as a timestamp."""
    families: list[Family] = []
    for index, _ in enumerate(names):
        found = statement.columns[index][1] if len(statement.columns) == len(names) else None
        families.append(_family(found, _seen(row[index] for row in rows)))
    return families


def _family(found: Family | None, seen: Family | None) -> Family:
    if found == "timestamp" and seen in ("integer", "float"):
        return "interval"
    return found or seen or "text"


def _seen(values: Iterable[Value]) -> Family | None:
    """The family of the first value that is not null."""
    first = next((value for value in values if value is not None), None)
    if isinstance(first, int | float):
        return "integer" if isinstance(first, int) else "float"
    return None if first is None else "text"


def _shown(row: tuple[Value, ...], columns: Sequence[ResultColumn]) -> tuple[Value, ...]:
    """Intervals are seconds inside and text outside."""
    return tuple(
        format_interval(value) if column.family == "interval" and isinstance(value, int | float) else value
        for value, column in zip(row, columns, strict=True)
    )


def _worded(error: sqlite3.Error) -> SqlError:
    text = str(error)
    for pattern, message, state in _SQLITE_ERRORS:
        match = re.search(pattern, text)
        if match:
            return SqlError(message.format(match.group(1).lower()).strip(), state)
    return SqlError(text)
