"""The tools that speak SQL, before an account whose Data APIs are answered by a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.local.account import SimulatedAccount
from deploy.local.account.scenario import Scenario
from tests.peers.fixtures import postgres_server
from tests.tools.evidence.conftest import Caller
from tools.aws import Boto3Session

__all__ = ["postgres_server"]

Connect = Callable[..., Any]


@pytest.fixture(scope="package")
def engines(postgres_server: str) -> Iterator[Any]:
    postgres = pytest.importorskip("deploy.local.account.sql.postgres", reason="psycopg is not installed")
    made = postgres.PostgresEngines(postgres_server)
    yield made
    made.close()


@pytest.fixture(scope="package")
def account(engines: Any) -> Iterator[SimulatedAccount]:
    """By the real clock, since the server has no other."""
    with SimulatedAccount(sql_engine=engines.open) as running:
        yield running


@pytest.fixture
def load(account: SimulatedAccount) -> Iterator[Callable[..., None]]:
    def put(**parts: Any) -> None:
        story = {"question": "?", "answer_key": {"root_cause": "", "wordings": []}}
        named = {"name": "test", "title": "t", "description": "d", "alert": {"app": "Test", "text": "x"}}
        account.load(Scenario.model_validate({**named, **story, **parts}))

    account.reset()
    yield put
    account.reset()


@pytest.fixture
def call(account: SimulatedAccount, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    for name, value in account.environment().items():
        monkeypatch.setenv(name, value)
    aws = Boto3Session.open("us-east-1")

    async def ask(tool: Any, **arguments: Any) -> Any:
        return await Caller(aws, now=datetime.now(UTC))(tool, **arguments)

    return ask


@pytest.fixture
def connect(postgres_server: str) -> Connect:
    """`with connect("orders", "orders-api") as session:` opens a session as a program does."""
    psycopg = pytest.importorskip("psycopg")

    @contextmanager
    def open_session(database: str, application: str) -> Generator[Any]:
        with psycopg.connect(postgres_server, dbname=database, application_name=application) as session:
            yield session
            session.rollback()

    return open_session
