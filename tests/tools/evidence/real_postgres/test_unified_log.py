"""The unified log table, with its indexes, in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.tools.evidence.logs.unified_logs import configure, database, failing, steady, table
from tests.tools.evidence.real_postgres.conftest import Connect
from tools.evidence.logs.unified_log import unified_log_errors

pytestmark = pytest.mark.slow

Ask = Callable[..., Any]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    configure(monkeypatch)
    return datetime.now(UTC)


async def test_a_new_error_is_found_among_old_ones(load: Callable[..., None], call: Ask, now: datetime) -> None:
    load(sql=[database(table(steady(now) + failing(now)))])
    evidence = await call(unified_log_errors, resource="checkout")
    worst = max(evidence.findings, key=lambda finding: finding.strength)
    assert "could not price order" in worst.statement
    assert worst.attributes["count"] == "80"
    assert worst.attributes["metadata.version"] == "2.4.1"
    assert not any("shard" in finding.statement for finding in evidence.findings)


async def test_a_search_takes_its_text_literally(load: Callable[..., None], call: Ask, now: datetime) -> None:
    load(sql=[database(table(steady(now)))])
    evidence = await call(unified_log_errors, pattern="SHARD 1 refused")
    assert {finding.resource for finding in evidence.findings} == {"search"}
    assert (await call(unified_log_errors, pattern="shard % refused")).findings[0].kind == "log_quiet"
    assert (await call(unified_log_errors, pattern="'; drop table unified_logs; --")).findings[0].kind == "log_quiet"


async def test_other_column_types_are_read_as_well(
    load: Callable[..., None], call: Ask, connect: Connect, now: datetime
) -> None:
    load(sql=[database(table(failing(now)))])
    await call(unified_log_errors)
    with connect("logs", "migration") as session:
        session.execute("alter table unified_logs alter column metadata type jsonb using metadata::jsonb")
        session.execute('alter table unified_logs alter column "timestamp" type timestamptz')
        session.execute("alter table unified_logs alter column id type uuid using gen_random_uuid()")
        session.commit()
    evidence = await call(unified_log_errors)
    worst = max(evidence.findings, key=lambda finding: finding.strength)
    assert worst.attributes["metadata.version"] == "2.4.1"


async def test_the_statements_use_an_index_on_time(
    load: Callable[..., None], call: Ask, connect: Connect, now: datetime
) -> None:
    load(sql=[database(table(steady(now, hours=48)))])
    await call(unified_log_errors)
    with connect("logs", "migration") as session:
        session.execute('create index on unified_logs ("timestamp")')
        session.execute("analyze unified_logs")
        session.commit()
    await call(unified_log_errors, start="-30m")
    with connect("logs", "check") as session:
        session.execute("select pg_stat_force_next_flush()" if session.info.server_version >= 150000 else "select 1")
        used = session.execute(
            "select sum(idx_scan) from pg_stat_user_indexes where relname = 'unified_logs'"
        ).fetchone()
    assert used[0] > 0
