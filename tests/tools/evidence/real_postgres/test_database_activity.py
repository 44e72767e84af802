"""What a real PostgreSQL is busy with: sessions that really hold connections, and really wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from agent.models import Evidence, Finding
from tests.tools.evidence.real_postgres.conftest import Connect
from tools.evidence.databases.activity import database_activity

pytestmark = pytest.mark.slow

ARN = "arn:aws:rds:us-east-1:123456789012:db:orders-db"
TABLE = {
    "name": "orders",
    "columns": [{"name": "id", "type": "integer"}, {"name": "state", "type": "text"}],
    "rows": [[1, "new"], [2, "new"]],
}
PARTS: dict[str, Any] = {
    "resources": {
        "rds_instances": [{"name": "orders-db", "database": "orders"}],
        "secrets": [{"name": "orders-db"}],
    },
    "sql": [{"engine": "postgres", "database": "orders", "resource_arn": ARN, "tables": [TABLE]}],
}
UPDATE = "update orders set state = 'paid' where id = 1"

Ask = Callable[..., Any]


def only(evidence: Evidence, kind: str) -> Finding:
    found = [finding for finding in evidence.findings if finding.kind == kind]
    assert len(found) == 1, evidence.summary
    return found[0]


async def prepared(load: Callable[..., None], call: Ask) -> Evidence:
    """The account with its database made, which happens at the first statement."""
    load(**PARTS)
    return await call(database_activity, resource="orders-db")


def wait_until_blocked(session: Any, pid: int) -> None:
    deadline = time.monotonic() + 5
    while not session.execute("select cardinality(pg_blocking_pids(%s))", [pid]).fetchone()[0]:
        assert time.monotonic() < deadline, "nothing waits"
        time.sleep(0.02)


@pytest.mark.parametrize("how", [UPDATE, "lock table orders in access exclusive mode"], ids=["row", "table"])
async def test_a_session_that_waits_is_shown_with_the_one_that_blocks_it(
    load: Callable[..., None], call: Ask, connect: Connect, how: str
) -> None:
    await prepared(load, call)
    with ExitStack() as opened:
        blocker, waiter = (opened.enter_context(connect("orders", name)) for name in ("migration", "orders-api"))
        blocker_pid, waiter_pid = (str(session.info.backend_pid) for session in (blocker, waiter))
        pool = opened.enter_context(ThreadPoolExecutor())
        blocker.execute(how)
        waiting = pool.submit(waiter.execute, UPDATE)
        wait_until_blocked(blocker, waiter.info.backend_pid)
        evidence = await call(database_activity, resource="orders-db")
        blocker.rollback()
        waiting.result(timeout=5)
    lock = only(evidence, "sql_lock")
    assert (lock.attributes["waiter"], lock.attributes["blocker"]) == (waiter_pid, blocker_pid)
    assert lock.attributes["table"] == "orders"
    assert "idle in transaction" in lock.statement
    assert lock.strength > 0.7


async def test_who_holds_the_connections_is_counted(load: Callable[..., None], call: Ask, connect: Connect) -> None:
    steady = await prepared(load, call)
    assert {finding.kind for finding in steady.findings} == {"metric_steady"}
    with ExitStack() as opened:
        for _ in range(40):
            opened.enter_context(connect("orders", "orders-api")).commit()
        evidence = await call(database_activity, resource="orders-db")
    held = only(evidence, "connections_held")
    assert (held.attributes["application"], held.attributes["connections"]) == ("orders-api", "40")
    assert "of at most 100" in only(evidence, "metric_steady").statement


async def test_a_user_who_may_not_look_is_told_in_the_databases_words(
    load: Callable[..., None], call: Ask, connect: Connect
) -> None:
    failing = [{"pattern": "pg_stat_activity", "error": "permission denied for view pg_stat_activity"}]
    load(**{**PARTS, "sql": [{**PARTS["sql"][0], "failing_statements": failing}]})
    evidence = await call(database_activity, resource="orders-db")
    assert "permission denied for view pg_stat_activity" in evidence.summary
