from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from agent.errors import StoreUnavailable
from tests.contracts.adapters import SettableClock
from tests.contracts.examples import audit_entry, incident
from tools.stores.sqlite import Stores, open_stores
from tools.stores.sqlite.database import Database


def opened(path: Path) -> Stores:
    return open_stores(path, SettableClock())


async def test_what_was_saved_is_there_after_a_restart(tmp_path: Path) -> None:
    before = opened(tmp_path / "stores.db")
    saved = incident()
    await before.incidents.save(saved)
    before.close()
    after = opened(tmp_path / "stores.db")
    assert await after.incidents.get(saved.id) == saved
    after.close()


def test_the_folder_is_made_and_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deeper" / "stores.db"
    opened(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "stores.db"
    path.write_text("this is a shopping list, and rather a long one at that" * 40)
    with pytest.raises(StoreUnavailable, match=r"stores\.db cannot be used: it is not a database; move it away"):
        opened(path)


async def test_a_damaged_file_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "stores.db"
    stores = opened(path)
    for _ in range(200):
        await stores.audit.append(audit_entry(detail={"text": "x" * 500}))
    stores.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    damaged = opened(path)
    with pytest.raises(StoreUnavailable, match="damaged"):
        await damaged.audit.read()
    damaged.close()


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="check its folder"):
        opened(tmp_path / "file" / "stores.db")


async def test_a_full_disk_is_explained_and_nothing_is_half_written(tmp_path: Path) -> None:
    stores = opened(tmp_path / "stores.db")
    pages = stores.database.read(lambda connection: connection.execute("PRAGMA page_count").fetchone()[0])
    stores.database.read(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    with pytest.raises(StoreUnavailable, match="disk that holds it is full; free some space"):
        await stores.audit.append(audit_entry(detail={"text": "x" * 100_000}))
    assert await stores.audit.read() == []
    stores.close()


def test_a_file_that_another_process_holds_is_explained(tmp_path: Path) -> None:
    database = Database(tmp_path / "some.db", ["CREATE TABLE a (x);"], busy_seconds=0.1)
    holder = sqlite3.connect(tmp_path / "some.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="another process held it"):
        database.write(lambda connection: connection.execute("INSERT INTO a VALUES (1)"))
    holder.execute("ROLLBACK")
    holder.close()
    database.write(lambda connection: connection.execute("INSERT INTO a VALUES (1)"))
    database.close()


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    stores = opened(tmp_path / "stores.db")
    stores.close()
    stores.close()
    with pytest.raises(StoreUnavailable, match="it was closed"):
        await stores.audit.read()


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    Database(path, ["CREATE TABLE a (x);", "CREATE TABLE b (x);"]).close()
    with pytest.raises(StoreUnavailable, match="newer Watchkeeper"):
        Database(path, ["CREATE TABLE a (x);"])


def test_an_older_file_is_brought_up_to_date_and_keeps_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    first = "CREATE TABLE a (x);"
    older = Database(path, [first])
    older.write(lambda connection: connection.execute("INSERT INTO a VALUES (1)"))
    older.close()
    newer = Database(path, [first, "ALTER TABLE a ADD COLUMN y DEFAULT 7;\nCREATE TABLE b (x);"])
    assert tuple(newer.read(lambda connection: connection.execute("SELECT x, y FROM a").fetchone())) == (1, 7)
    newer.close()


def test_a_migration_that_fails_leaves_the_older_schema(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    first = "CREATE TABLE a (x);"
    Database(path, [first]).close()
    with pytest.raises(StoreUnavailable):
        Database(path, [first, "CREATE TABLE b (x);\nCREATE TABLE a (x);"])
    older = Database(path, [first])
    tables = older.read(lambda connection: connection.execute("SELECT name FROM sqlite_master").fetchall())
    assert [table["name"] for table in tables] == ["a"]
    older.close()


@pytest.mark.parametrize("statement", ["UPDATE audit SET body = '{}'", "DELETE FROM audit"])
async def test_the_audit_trail_refuses_to_be_rewritten(tmp_path: Path, statement: str) -> None:
    stores = opened(tmp_path / "stores.db")
    await stores.audit.append(audit_entry())
    with pytest.raises(StoreUnavailable, match="append-only"):
        stores.database.write(lambda connection: connection.execute(statement))
    assert await stores.audit.read() == [audit_entry()]
    stores.close()
