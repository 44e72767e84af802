"""Where processes keep things, on a line that may be busy or cut: SQLite's files, or DynamoDB and SQS in moto."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import moto.core.utils
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from agent.ports import Clock, Deps
from agent.settings import Settings
from slack_app.bootstrap import Held, build_deps
from tests.contracts.adapters import CONVERSATION_DAYS, MAX_RECEIVES
from tests.graphs.conftest import Nowhere
from tests.quick_moto import make_moto_quick
from tests.slack_app.delivery_machine.virtual_time import AtOnce, MachineClock
from tests.wire import Raw, throttled
from tools.archive import FolderArchive
from tools.evidence.cache import MemoryCache
from tools.persistence import open_persistence
from tools.queues.sqs import SqsQueue
from tools.queues.sqs_definition import create_queues
from tools.stores import dynamodb
from tools.stores.dynamodb.client import own_config, own_session
from tools.stores.dynamodb.tables import (
    ALERTS,
    APPROVALS,
    CONVERSATIONS,
    COORDINATION,
    FEEDBACK,
    HISTORY,
    INCIDENTS,
    PLANS,
    create_request,
)

make_moto_quick()
PREFIX = "wk-"
PORTS = ("incidents", "conversations", "ledger", "approvals", "audit", "mutes", "feedback", "spend", "locks", "stops")
KEPT = (*PORTS, "remediations", "state", "archive", "queue")


class Line(Protocol):
    """What a request to a store meets."""

    def is_cut(self) -> bool:
        """Whoever asks is dead: the request never leaves."""
        ...

    def is_busy(self) -> bool:
        """The store says that it has too much to do."""
        ...


class Free:
    """The line of who only looks on."""

    def is_cut(self) -> bool:
        return False

    def is_busy(self) -> bool:
        return False


@cache
def equipment() -> Deps:
    """What processes have beside their stores, read once: price lists and the like."""
    with tempfile.TemporaryDirectory() as home:
        held = build_deps(Settings.read(home=Path(home)), aws=Nowhere(), models=_no_model)
        held.close()
    return held.deps


def _no_model(role: str) -> Any:
    raise AssertionError("Nothing here asks a model.")


class Sqlite:
    """Real files. A transaction is one request; nothing is flushed to the disk, which no test here takes away."""

    @contextmanager
    def running(self, folder: Path, clock: MachineClock) -> Generator[Sqlite]:
        yield self

    def open(self, settings: Settings, line: Line, clock: Clock) -> Held:
        kept = open_persistence(settings, clock)
        for database in (kept.queue._database, kept.incidents._database):  # type: ignore[attr-defined]
            database._thread.shutdown()
            database._thread = database._together._thread = AtOnce()
            database._connection.execute("PRAGMA synchronous = OFF")
            database._connection = _Connection(database._connection, line)
        kept.archive._threads = AtOnce()  # type: ignore[attr-defined]
        ports = {name: getattr(kept, name) for name in KEPT}
        return Held(replace(equipment(), settings=settings, clock=clock, cache=MemoryCache(), **ports), kept.close)


class _Connection:
    """A SQLite connection whose transactions may not begin."""

    def __init__(self, connection: sqlite3.Connection, line: Line) -> None:
        self._connection = connection
        self._line = line

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql.startswith("BEGIN") and (self._line.is_cut() or self._line.is_busy()):
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorname = "SQLITE_BUSY"
            raise error
        return self._connection.execute(sql, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@dataclass
class Aws:
    """Tables and queues in moto, whose clock is the true time. boto3 repeats nothing: each request's fate shows."""

    folder: Path = Path()

    @contextmanager
    def running(self, folder: Path, clock: MachineClock) -> Generator[Aws]:
        told = moto.core.utils.utcnow
        moto.core.utils.utcnow = lambda: clock.true.astimezone(UTC).replace(tzinfo=None)
        try:
            with mock_aws():
                self.folder = folder
                tables = _client("dynamodb", Free())
                for table in (ALERTS, INCIDENTS, PLANS, APPROVALS, HISTORY, CONVERSATIONS, COORDINATION, FEEDBACK):
                    tables.create_table(**create_request(table, PREFIX))
                self._url = create_queues(_client("sqs", Free()), f"{PREFIX}jobs", MAX_RECEIVES)
                self._urgent_url = create_queues(_client("sqs", Free()), f"{PREFIX}urgent", MAX_RECEIVES)
                yield self
        finally:
            moto.core.utils.utcnow = told

    def open(self, settings: Settings, line: Line, clock: Clock) -> Held:
        archive = FolderArchive(self.folder / "archive")
        archive._threads = AtOnce()
        stores = dynamodb.open_stores(_client("dynamodb", line), PREFIX, clock, archive, CONVERSATION_DAYS)
        stores.incidents._table._connection._threads = AtOnce()  # type: ignore[attr-defined]
        queue = SqsQueue(_client("sqs", line), self._url, stores.sent_jobs, clock, self._urgent_url)
        queue._threads = AtOnce()
        ports = {name: getattr(stores, name) for name in (*PORTS, "remediations", "state")}
        deps = replace(equipment(), settings=settings, clock=clock, cache=MemoryCache(), **ports)

        def close() -> None:
            queue.close()
            stores.close()

        return Held(replace(deps, archive=archive, queue=queue), close)


@cache
def _session() -> Any:
    """One for all: to make one takes as long as ten requests."""
    return own_session("us-east-1")


def _client(service: Any, line: Line) -> Any:
    client = _session().client(service, config=own_config(5, attempts=1))

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        if line.is_cut():
            raise EndpointConnectionError(endpoint_url=request.url)
        if line.is_busy():
            return AWSResponse(str(request.url), 400, {}, Raw(json.dumps(throttled()).encode()))
        return None

    client.meta.events.register_first("before-send", send)
    return client
