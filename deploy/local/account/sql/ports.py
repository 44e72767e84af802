"""The seam between the Data APIs and the engine that runs their statements: SQLite by default, or a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from deploy.local.account.schema.sql import Database
from deploy.local.account.sql.types import Family, Value


@dataclass(frozen=True)
class Parameter:
    """A named parameter (`:name` in the statement) and the type it is cast to, if any."""

    name: str
    value: Value
    type_hint: str | None = None


@dataclass(frozen=True)
class ResultColumn:
    name: str
    family: Family
    table: str = ""


@dataclass(frozen=True)
class Result:
    """What a statement gave: rows for a query, `updated` rows for a write."""

    columns: tuple[ResultColumn, ...]
    rows: list[tuple[Value, ...]]
    updated: int = 0


class Transaction(Protocol):
    """Statements that others see all at once when it is committed, or never."""

    def execute(self, text: str, parameters: Sequence[Parameter] = ()) -> Result: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...


class SqlEngine(Protocol):
    """One database of a scenario that runs statements. Every method raises SqlError in the database's own words."""

    @property
    def database(self) -> Database: ...

    @property
    def tables(self) -> Mapping[tuple[str, str], Mapping[str, str]]:
        """(schema, table) -> {column: type}, system tables included."""
        ...

    def execute(self, text: str, parameters: Sequence[Parameter] = ()) -> Result: ...
    def begin(self) -> Transaction: ...
    def close(self) -> None: ...


OpenEngine = Callable[[Database, datetime, Callable[[], datetime], Mapping[str, str]], SqlEngine]
"""Makes an engine of a database's declaration, the moment it was loaded, a clock, and the instance's parameters."""
