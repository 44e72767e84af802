"""Databases that answer SQL for real."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from deploy.local.account.schema.base import Entry, Json, Length, Offset


class Column(Entry):
    name: str
    type: str
    """The engine's own type: integer, varchar(32), timestamp."""


class Table(Entry):
    """Rows are listed, or generated: `generate` holds one template a column, of the fields that log lines know."""

    schema_name: str = "public"
    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Json, ...], ...] = ()
    generate: tuple[str, ...] = ()
    count: int = 0


class FailingStatement(Entry):
    """A statement whose text matches `pattern` (a regular expression) fails with `error`."""

    pattern: str
    error: str


class SlowStatement(Entry):
    """A statement whose text matches `pattern` takes so many seconds through the Redshift Data API."""

    pattern: str
    seconds: float


class RunningQuery(Entry):
    """A session: a statement in flight, or an idle one, or several of them."""

    pid: int
    user: str
    text: str
    started: Offset
    """When its present statement or state began."""
    connected: Offset | None = None
    """When it logged in; at `started` when absent."""
    state: Literal["active", "idle", "idle in transaction", "queued"] = "active"
    application: str = ""
    client: str = ""
    wait_event: str | None = None
    count: int = 1
    """That many sessions alike, with consecutive pids."""
    spread: Length = timedelta(0)
    """Several log in one after the other, over this time up to `connected`."""
    queue: str = "Default queue"
    """Redshift's queue that it runs or waits in."""
    ended: Offset | None = None
    """When it is gone; written by a reaction."""


class Lock(Entry):
    pid: int
    table: str
    mode: str = "AccessExclusiveLock"
    granted: bool = True
    blocked_by: int | None = None


class LoadError(Entry):
    """A row of stl_load_errors and sys_load_error_detail."""

    at: Offset
    table: str
    file: str
    line: int
    column: str
    column_type: str
    value: str
    code: int
    reason: str


class FinishedQuery(Entry):
    """A row of sys_query_history / stl_query."""

    query_id: int
    at: Offset
    user: str
    text: str
    seconds: float = 1.0
    queued_seconds: float = 0.0
    queue: str = "Default queue"
    status: Literal["success", "failed", "canceled"] = "success"
    error: str | None = None


class WlmQueue(Entry):
    """A queue of Redshift's workload management; -1 slots are given automatically."""

    name: str
    slots: int = -1


class Database(Entry):
    engine: Literal["redshift", "postgres", "mysql"]
    database: str
    cluster: str | None = None
    workgroup: str | None = None
    resource_arn: str | None = None
    secret_arn: str | None = None
    tables: tuple[Table, ...] = ()
    failing_statements: tuple[FailingStatement, ...] = ()
    slow_statements: tuple[SlowStatement, ...] = ()
    running_queries: tuple[RunningQuery, ...] = ()
    query_history: tuple[FinishedQuery, ...] = ()
    locks: tuple[Lock, ...] = ()
    load_errors: tuple[LoadError, ...] = ()
    queues: tuple[WlmQueue, ...] = (WlmQueue(name="Default queue"),)
