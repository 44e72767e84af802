"""Statements run by a real PostgreSQL server: what the tests trust the Data APIs' answers to.

    with SimulatedAccount(sql_engine=PostgresEngines("host=/run/pg user=postgres").open) as account: ...

It has the server's own clock, sessions and locks, so it refuses PostgreSQL databases that declare theirs. Redshift's
system tables are those that the scenario declares, in a schema of their own. Needs psycopg, which is for tests only.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.numeric import Float8, Int8
from psycopg.types.string import StrDumperVarchar, TextLoader

from agent.errors import InputError
from deploy.local.account.schema.sql import Database
from deploy.local.account.sql.catalog_redshift import redshift_tables
from deploy.local.account.sql.declared import fail_as_told, rows_of
from deploy.local.account.sql.errors import SqlError, UnsupportedResult
from deploy.local.account.sql.ports import Parameter, Result, ResultColumn
from deploy.local.account.sql.types import Family, Value

STATEMENT_SECONDS = 45
"""The RDS Data API ends a statement that takes longer."""
_SYSTEM_SCHEMA = "redshift_system"
_PARAMETER = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ | --[^\n]* | /\*.*?\*/ | ::
      | :(?P<name>[a-zA-Z_]\w*)""",
    re.VERBOSE | re.DOTALL,
)
_FAMILIES: dict[str, Family] = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), "integer"),
    **dict.fromkeys(("float4", "float8"), "float"),
    "numeric": "decimal",
    "bool": "boolean",
    **dict.fromkeys(("timestamp", "timestamptz"), "timestamp"),
    "date": "date",
    "interval": "interval",
    **dict.fromkeys(("json", "jsonb"), "json"),
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "char", "uuid", "time", "timetz", "inet", "cidr"), "text"),
    "bytea": "text",
}
"""Every type that a result may hold; the service refuses others."""
_AS_TEXT = (
    *("numeric", "timestamp", "timestamptz", "date", "time", "timetz", "interval", "uuid", "json", "jsonb"),
    *("inet", "cidr"),
)
"""Read as the server prints them."""


class PostgresEngines:
    """Makes databases on one server; `close` ends them all."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._open: list[PostgresDatabase] = []

    def open(
        self, database: Database, loaded: datetime, clock: Callable[[], datetime], settings: Mapping[str, str]
    ) -> PostgresDatabase:
        opened = PostgresDatabase(self._server, database, loaded)
        self._open.append(opened)
        return opened

    def close(self) -> None:
        for database in self._open:
            database.close()
        self._open.clear()


class PostgresDatabase:
    """One database on a server, made anew under its declared name. Each statement has a connection of its own."""

    def __init__(self, server: str, database: Database, loaded: datetime) -> None:
        if database.engine == "postgres" and (database.running_queries or database.locks):
            raise InputError("A real PostgreSQL has its own sessions and locks; open them instead of declaring them.")
        self.database = database
        self._server = server
        self._transactions: set[PostgresTransaction] = set()
        self._make()
        with self.connect() as connection:
            _fill(connection, database, loaded)

    @property
    def tables(self) -> Mapping[tuple[str, str], Mapping[str, str]]:
        query = (
            "select table_schema, table_name, column_name, data_type from information_schema.columns "
            "order by ordinal_position"
        )
        found: dict[tuple[str, str], dict[str, str]] = {}
        for schema, table, column, kind in self.execute(query).rows:
            found.setdefault((str(schema), str(table)), {})[str(column)] = str(kind)
        return found

    def connect(self) -> psycopg.Connection[Any]:
        """A session, as any program opens one, in autocommit mode."""
        connection = psycopg.connect(self._server, dbname=self.database.database, autocommit=True)
        for name in _AS_TEXT:
            connection.adapters.register_loader(name, TextLoader)
        if self.database.engine == "postgres":
            # As JDBC sends text; Redshift's Data API leaves the type of a parameter to the statement.
            connection.adapters.register_dumper(str, StrDumperVarchar)
        settings = {
            "search_path": f"public, {_SYSTEM_SCHEMA}",
            "timezone": "UTC",
            "statement_timeout": f"{STATEMENT_SECONDS}s",
        }
        for name, value in settings.items():
            connection.execute("select set_config(%s, %s, false)", [name, value])
        return connection

    def execute(self, text: str, parameters: Sequence[Parameter] = ()) -> Result:
        fail_as_told(self.database, text)
        with self.connect() as connection:
            return run(connection, text, parameters)

    def begin(self) -> PostgresTransaction:
        transaction = PostgresTransaction(self.database, self.connect())
        self._transactions.add(transaction)
        return transaction

    def close(self) -> None:
        for transaction in self._transactions:
            transaction.rollback()
        self._transactions.clear()

    def _make(self) -> None:
        name = sql.Identifier(self.database.database)
        with psycopg.connect(self._server, dbname="postgres", autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
            connection.execute(sql.SQL("create database {}").format(name))


class PostgresTransaction:
    """A transaction on a connection that is kept until its end."""

    def __init__(self, database: Database, connection: psycopg.Connection[Any]) -> None:
        self._database = database
        self._connection = connection
        self._lock = threading.Lock()
        connection.execute("begin")

    def execute(self, text: str, parameters: Sequence[Parameter] = ()) -> Result:
        fail_as_told(self._database, text)
        with self._lock:
            return run(self._connection, text, parameters)

    def commit(self) -> None:
        self._end("commit")

    def rollback(self) -> None:
        self._end("rollback")

    def _end(self, how: str) -> None:
        with self._lock:
            if not self._connection.closed:
                self._connection.execute(how.encode())
                self._connection.close()


def run(connection: psycopg.Connection[Any], text: str, parameters: Sequence[Parameter]) -> Result:
    """One statement with its named parameters. Raises SqlError worded as PostgreSQL's JDBC driver words it."""
    statement, values = _numbered(text, {each.name: each for each in parameters})
    try:
        # Prepared, so that the server itself refuses several statements at once.
        with psycopg.RawCursor(connection) as cursor:
            cursor.execute(statement.encode(), values, prepare=True)
            if cursor.description is None:
                return Result((), [], max(cursor.rowcount, 0))
            columns = tuple(_column(connection, each) for each in cursor.description)
            return Result(columns, [_shown(row, columns) for row in cursor.fetchall()])
    except psycopg.Error as error:
        raise _worded(error) from None


def _numbered(text: str, parameters: Mapping[str, Parameter]) -> tuple[str, list[Any]]:
    """`:name` becomes `$1`, cast to its hint; what stands in quotes and comments stays."""
    numbers: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return match[0]
        if name not in parameters:
            raise SqlError(f"Cannot find parameter: {name}", "42P02")
        number = numbers.setdefault(name, len(numbers) + 1)
        hint = parameters[name].type_hint
        return f"${number}::{hint}" if hint else f"${number}"

    statement = _PARAMETER.sub(numbered, text)
    return statement, [_bound(parameters[name].value) for name in numbers]


def _bound(value: Value) -> Any:
    """With the type that the Data API gives it: bigint, double precision, character varying, ..."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return Int8(value) if isinstance(value, int) else Float8(value)


def _column(connection: psycopg.Connection[Any], described: psycopg.Column) -> ResultColumn:
    info = connection.adapters.types.get(described.type_code)
    family = _FAMILIES.get(info.name) if info else None
    if family is None or (info and described.type_code == info.array_oid):
        kind = info.name if info else f"with the oid {described.type_code}"
        raise UnsupportedResult(f"The result contains the unsupported data type {kind.upper()}", "0A000")
    return ResultColumn(described.name, family)


def _shown(row: Sequence[Any], columns: Sequence[ResultColumn]) -> tuple[Value, ...]:
    """The Data API prints times with a zone in UTC, and leaves out the zone."""
    return tuple(
        re.sub(r"\+00$", "", value) if column.family == "timestamp" and isinstance(value, str) else value
        for value, column in zip(row, columns, strict=True)
    )


def _worded(error: psycopg.Error) -> SqlError:
    said = error.diag
    parts = [said.message_primary or str(error).strip()]
    parts += [f"Detail: {said.message_detail}"] if said.message_detail else []
    parts += [f"Hint: {said.message_hint}"] if said.message_hint else []
    parts += [f"Position: {said.statement_position}"] if said.statement_position else []
    return SqlError("\n  ".join(parts), error.sqlstate or "08006")


def _fill(connection: psycopg.Connection[Any], database: Database, loaded: datetime) -> None:
    connection.execute(sql.SQL("create schema {}").format(sql.Identifier(_SYSTEM_SCHEMA)))
    if database.engine == "redshift":
        for system in redshift_tables(database, lambda offset: loaded + offset):
            _create(connection, _SYSTEM_SCHEMA, system.name, system.columns, system.rows)
    for table in database.tables:
        columns = {column.name: column.type for column in table.columns}
        rows = rows_of(table, loaded, database.database)
        _create(connection, table.schema_name, table.name, columns, rows)


def _create(
    connection: psycopg.Connection[Any],
    schema: str,
    name: str,
    columns: Mapping[str, str],
    rows: Sequence[tuple[Value, ...]],
) -> None:
    connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
    table = sql.Identifier(schema, name)
    listed = [sql.SQL("{} ").format(sql.Identifier(column)) + _type(kind) for column, kind in columns.items()]
    connection.execute(sql.SQL("create table {} ({})").format(table, sql.SQL(", ").join(listed)))
    casts = [sql.SQL("%s::text::") + _type(kind) for kind in columns.values()]
    insert = sql.SQL("insert into {} values ({})").format(table, sql.SQL(", ").join(casts))
    with connection.cursor() as cursor:
        cursor.executemany(insert, [[None if value is None else str(value) for value in row] for row in rows])


def _type(kind: str) -> sql.SQL:
    """A declared type as PostgreSQL knows it: Redshift's SUPER holds JSON."""
    if not re.fullmatch(r"[\w ]+(\(\w+(, ?\d+)?\))?", kind):
        raise InputError(f"{kind!r} is no column type.")
    known = re.sub(r"(?i)^super$", "jsonb", re.sub(r"(?i)\(max\)$", "(65535)", kind))
    return sql.SQL(known)  # pyright: ignore[reportArgumentType] -- checked above to be a type's name
