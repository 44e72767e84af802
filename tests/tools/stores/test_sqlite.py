from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import StoreUnavailable
from agent.models import Diagnosis
from tests.contracts.adapters import SettableClock
from tests.contracts.examples import PLACE, alert, audit_entry, evidence, incident
from tools.stores.places import place_key
from tools.stores.sqlite import Stores, open_stores
from tools.stores.sqlite.database import Database, unusable
from tools.stores.sqlite.schema import MIGRATIONS


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
    half = len(whole) // 2
    path.write_bytes(whole[:half] + b"\xff" * (len(whole) - half))
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


async def test_writes_that_wait_together_are_committed_together_and_fail_alone(tmp_path: Path) -> None:
    database = Database(tmp_path / "some.db", ["CREATE TABLE a (x UNIQUE);"])

    def add(number: int) -> Callable[[sqlite3.Connection], int]:
        def work(connection: sqlite3.Connection) -> int:
            connection.execute("INSERT INTO a VALUES (?)", (number,))
            if number == 3:
                raise ValueError("three is refused")
            return number

        return work

    numbers = [*range(10), 5]
    outcomes = await asyncio.gather(*(database.awrite(add(n)) for n in numbers), return_exceptions=True)
    assert [outcome for outcome in outcomes if isinstance(outcome, int)] == [n for n in range(10) if n != 3]
    assert isinstance(outcomes[3], ValueError)
    assert isinstance(outcomes[10], StoreUnavailable), "what SQLite itself refuses is told as ever"
    kept = await database.aread(lambda connection: [row[0] for row in connection.execute("SELECT x FROM a")])
    assert kept == [n for n in range(10) if n != 3]
    database.close()


async def test_reads_that_wait_together_see_one_state_and_fail_alone(tmp_path: Path) -> None:
    database = Database(tmp_path / "some.db", ["CREATE TABLE a (x);", "INSERT INTO a VALUES (1);"])

    def look(sql: str) -> Callable[[sqlite3.Connection], int]:
        return lambda connection: connection.execute(sql).fetchone()[0]

    asked = ["SELECT x FROM a", "SELECT x FROM nowhere", "SELECT x FROM a WHERE x = 2", "SELECT count(*) FROM a"]
    answers = await asyncio.gather(*(database.aread(look(sql)) for sql in asked), return_exceptions=True)
    assert (answers[0], answers[3]) == (1, 1)
    assert isinstance(answers[1], StoreUnavailable), "what SQLite itself refuses is told as ever"
    assert isinstance(answers[2], TypeError), "and so is what goes wrong in the reading"
    database.close()


async def test_nothing_is_forgotten_that_comes_just_when_the_thread_has_done_all(tmp_path: Path) -> None:
    database = Database(tmp_path / "some.db", ["CREATE TABLE a (x);"])

    async def writer() -> None:
        for number in range(150):
            await database.awrite(lambda connection, n=number: connection.execute("INSERT INTO a VALUES (?)", (n,)))
            await database.aread(lambda connection: connection.execute("SELECT 1").fetchone())

    async with asyncio.timeout(20):
        await asyncio.gather(*(writer() for _ in range(3)))
    kept = await database.aread(lambda connection: connection.execute("SELECT count(*) FROM a").fetchone()[0])
    assert kept == 450
    database.close()


async def test_a_cancelled_write_takes_no_other_with_it(tmp_path: Path) -> None:
    database = Database(tmp_path / "some.db", ["CREATE TABLE a (x);"])
    writes = [
        asyncio.create_task(
            database.awrite(lambda connection, n=n: connection.execute("INSERT INTO a VALUES (?)", (n,)))
        )
        for n in range(20)
    ]
    await asyncio.sleep(0)
    writes[7].cancel()
    await asyncio.gather(*writes, return_exceptions=True)
    kept = await database.aread(lambda connection: {row[0] for row in connection.execute("SELECT x FROM a")})
    assert kept >= set(range(20)) - {7}
    database.close()


async def test_incidents_and_sightings_of_the_version_before_are_taken_over(tmp_path: Path) -> None:
    path, clock = tmp_path / "stores.db", SettableClock()
    older = Database(path, MIGRATIONS[:2])
    saved = incident(place=PLACE, evidence=(evidence(),), diagnosis=Diagnosis(summary="a deployment"))
    new_fields = {"severity", "system", "grouped", "storm", "ownership", "tickets", "diagnosed", "last_alert_at"}
    body = saved.model_dump_json(exclude=new_fields)
    seen = clock().timestamp()
    row = (saved.id, "open", place_key(PLACE), seen, body)
    older.write(lambda connection: connection.execute("INSERT INTO incidents VALUES (?, ?, ?, ?, ?)", row))
    sighting = ("f1", saved.id, 3, seen - 60, seen)
    older.write(lambda connection: connection.execute("INSERT INTO sightings VALUES (?, ?, ?, ?, ?)", sighting))
    older.close()

    stores = open_stores(path, clock)
    assert await stores.incidents.get(saved.id) == saved
    assert await stores.incidents.recent(clock()) == [saved]
    assert await stores.incidents.change(saved.id, lambda given: given.model_copy(update={"title": "x"}))
    assert (await stores.incidents.get(saved.id)) == saved.model_copy(update={"title": "x"})
    found = await stores.ledger.open("f1")
    assert found is not None
    assert (found.count, found.events, found.incident_id, found.alert.fingerprint) == (3, 3, saved.id, "f1")
    again = await stores.ledger.record(alert(), "inc_2")
    assert (again.first, again.count, again.incident_id, again.alert) == (False, 4, saved.id, alert())
    assert (await stores.ledger.tally(saved.id)).count == 4
    assert [episode.incident_id for episode in await stores.ledger.earlier("f1")] == [saved.id]
    stores.close()


@pytest.mark.parametrize("statement", ["UPDATE audit SET body = '{}'", "DELETE FROM audit"])
async def test_the_audit_trail_refuses_to_be_rewritten(tmp_path: Path, statement: str) -> None:
    stores = opened(tmp_path / "stores.db")
    stored = await stores.audit.append(audit_entry())
    with pytest.raises(StoreUnavailable, match="append-only"):
        stores.database.write(lambda connection: connection.execute(statement))
    assert await stores.audit.read() == [stored]
    stores.close()


async def test_a_file_that_was_moved_away_or_replaced_is_not_written_to(tmp_path: Path) -> None:
    """What is written into a file without a name would be lost, and nobody would know."""
    path, away = tmp_path / "some.db", tmp_path / "away.db"
    database = Database(path, ["CREATE TABLE a (x);"])
    path.rename(away)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=r"some.db cannot be used: it was moved away; put it back"):
            await database.awrite(lambda connection: connection.execute("INSERT INTO a VALUES (1)"))
        with pytest.raises(StoreUnavailable, match="moved away"):
            await database.aread(lambda connection: connection.execute("SELECT x FROM a").fetchall())
        path.touch()  # another file of that name is not the one that was opened
    path.unlink()
    away.rename(path)
    await database.awrite(lambda connection: connection.execute("INSERT INTO a VALUES (2)"))
    kept = await database.aread(lambda connection: [row[0] for row in connection.execute("SELECT x FROM a")])
    assert kept == [2]
    database.close()


def test_a_file_is_looked_at_without_being_changed(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    assert unusable(path) == ""
    assert not path.exists()
    Database(path, ["CREATE TABLE a (x);"]).close()
    assert unusable(path) == ""
    held = sqlite3.connect(path, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    assert "another process held it for too long" in unusable(path, busy_seconds=0.01)
    held.close()
    path.write_bytes(b"no database at all, whatever its name says" * 100)
    assert "it is not a database" in unusable(path)
