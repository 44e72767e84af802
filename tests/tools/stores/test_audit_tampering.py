"""Whoever can write to the file itself changes something in the audit trail: `verify` notices."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agent.audit_chain import ANCHOR_LOST, BEFORE_THE_FIRST, ChainHead, canonical, line, sealed
from agent.audit_check import Break, ChainReport, verify
from tests.contracts.adapters import SettableClock
from tests.contracts.examples import START, audit_entry
from tools.stores.sqlite import open_stores
from tools.stores.sqlite.database import Database
from tools.stores.sqlite.schema import MIGRATIONS

EARLIER = 2
"""Lines of the version before there was a chain; then come LINES of the chain."""
LINES = 9
LAST = EARLIER + LINES
Change = Callable[[sqlite3.Connection], None]


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trail") / "watchkeeper.db"
    older = Database(path, MIGRATIONS[:3])
    for _ in range(EARLIER):
        entry = audit_entry(event="earlier")
        body = entry.model_dump_json(include={"at", "actor", "event", "subject", "detail"})
        older.write(lambda connection, body=body: connection.execute(_INSERT, ("inc_1", body)))
    older.close()
    stores = open_stores(path, SettableClock())
    for n in range(LINES):
        asyncio.run(stores.audit.append(audit_entry(event=f"event {n}", subject=f"inc_{n % 3}", detail={"n": n})))
    stores.close()
    return path


_INSERT = "INSERT INTO audit (subject, body) VALUES (?, ?)"


def report_after(trail: Path, change: Change, noted: ChainHead | None = None) -> ChainReport | None:
    """None when the change changes nothing."""
    with TemporaryDirectory() as folder:
        path = Path(shutil.copy(trail, folder))
        before = _everything(path)
        connection = sqlite3.connect(path)
        for trigger in ("audit_is_never_changed", "audit_is_never_deleted", "audit_only_grows"):
            connection.execute(f"DROP TRIGGER {trigger}")
        change(connection)
        connection.commit()
        connection.close()
        if _everything(path) == before:
            return None
        stores = open_stores(path, SettableClock())
        try:
            return asyncio.run(verify(stores.audit, START, noted))
        finally:
            stores.close()


def _everything(path: Path) -> list[object]:
    connection = sqlite3.connect(path)
    rows = [connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("audit", "audit_head")]
    connection.close()
    return list(rows)


def texts(connection: sqlite3.Connection) -> dict[int, str]:
    return dict(connection.execute("SELECT id, body FROM audit"))


def write(connection: sqlite3.Connection, row: int, text: str) -> None:
    connection.execute("UPDATE audit SET body = ? WHERE id = ?", (text, row))


def edited(row: int, where: float, character: str) -> Change:
    def change(connection: sqlite3.Connection) -> None:
        text = texts(connection)[row]
        at = int(where * (len(text) - 1))
        write(connection, row, text[:at] + character + text[at + 1 :])

    return change


def filed_under(row: int, subject: str) -> Change:
    return lambda connection: _run(connection, "UPDATE audit SET subject = ? WHERE id = ?", subject, row)


def deleted(rows: set[int]) -> Change:
    return lambda connection: _run(connection, f"DELETE FROM audit WHERE id IN ({', '.join(map(str, rows))})")


def swapped(one: int, other: int) -> Change:
    def change(connection: sqlite3.Connection) -> None:
        text = texts(connection)
        write(connection, one, text[other])
        write(connection, other, text[one])

    return change


def moved(row: int, to: int) -> Change:
    def change(connection: sqlite3.Connection) -> None:
        assume(to not in texts(connection))
        _run(connection, "UPDATE audit SET id = ? WHERE id = ?", to, row)

    return change


def put_in(row: int, hashed: bool) -> Change:
    """A new line at a free place, with or without a chain of its own, everything after it pushed on."""

    def change(connection: sqlite3.Connection) -> None:
        if row in texts(connection):
            _run(connection, "UPDATE audit SET id = -id WHERE id >= ?", row)
            _run(connection, "UPDATE audit SET id = 1 - id WHERE id <= ?", -row)
        document = audit_entry(event="forged").model_dump(mode="json", exclude={"id"}) | {"id": "forged"}
        before = line(texts(connection).get(row - 1, "{}"))
        head = ChainHead(sequence=row - 1, hash=before.entry.hash if before.entry else BEFORE_THE_FIRST, at=START)
        forged = sealed(document, head).text if hashed else canonical(document)
        _run(connection, "INSERT INTO audit (id, subject, body) VALUES (?, 'inc_1', ?)", row, forged)

    return change


def stripped(row: int) -> Change:
    """As if the line were of the version before."""

    def change(connection: sqlite3.Connection) -> None:
        write(connection, row, canonical({**json.loads(texts(connection)[row]), "hash": ""}))

    return change


def sealed_anew(row: int) -> Change:
    """Its text is another, and its hash fits that."""

    def change(connection: sqlite3.Connection) -> None:
        document = json.loads(texts(connection)[row])
        before = line(texts(connection)[row - 1]).entry
        assert before is not None
        head = ChainHead(sequence=row - 1, hash=before.hash or BEFORE_THE_FIRST, at=before.at if before.hash else None)
        write(connection, row, sealed(_told({**document, "actor": "somebody else"}), head).text)

    return change


def _told(document: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in document.items() if name != "hash"}


def head_says(text: str) -> Change:
    return lambda connection: _run(connection, "UPDATE audit_head SET body = ?", text)


def no_head(connection: sqlite3.Connection) -> None:
    _run(connection, "DELETE FROM audit_head")


def _run(connection: sqlite3.Connection, sql: str, *parameters: object) -> None:
    connection.execute(sql, parameters)


CHAINED = st.integers(EARLIER + 1, LAST)
ANY = st.integers(1, LAST)
PLACES = st.integers(-2, LAST + 3)
HEADS = st.builds(
    lambda sequence, at: ChainHead(sequence=sequence, hash="a" * 64, at=at).model_dump_json(),
    st.integers(0, LAST + 3),
    st.sampled_from([None, START]),
)
CHANGES = st.one_of(
    st.builds(edited, CHAINED, st.floats(0, 1), st.sampled_from('x0"}{ ,9\\é')),
    st.builds(filed_under, CHAINED, st.sampled_from(["inc_0", "inc_9", ""])),
    st.builds(deleted, st.sets(ANY, min_size=1)),
    st.builds(deleted, st.integers(1, LINES).map(lambda count: set(range(LAST + 1 - count, LAST + 1)))),
    st.builds(swapped, CHAINED, CHAINED),
    st.builds(moved, ANY, PLACES),
    st.builds(put_in, PLACES, st.booleans()),
    st.builds(stripped, CHAINED),
    st.builds(sealed_anew, CHAINED),
    st.builds(head_says, st.one_of(HEADS, st.text(max_size=20))),
    st.just(no_head),
)


def test_the_trail_as_it_is_is_whole_and_says_what_is_older_than_the_chain(trail: Path) -> None:
    stores = open_stores(trail, SettableClock())
    report = asyncio.run(verify(stores.audit, START))
    stores.close()
    assert (report.broken, report.entries, report.unchained) == (None, LINES, EARLIER)
    assert (report.first and report.first.sequence, report.begins_later) == (EARLIER + 1, False)


@settings(max_examples=30)
@given(change=CHANGES)
def test_any_single_change_is_noticed(trail: Path, change: Change) -> None:
    report = report_after(trail, change)
    assume(report is not None)
    assert broken(report).reason


@pytest.mark.slow
@settings(max_examples=400)
@given(change=CHANGES)
def test_any_of_many_changes_is_noticed(trail: Path, change: Change) -> None:
    report = report_after(trail, change)
    assume(report is not None)
    assert broken(report).reason


def broken(report: ChainReport | None) -> Break:
    assert report is not None
    assert report.broken is not None
    return report.broken


def test_the_first_broken_line_is_named(trail: Path) -> None:
    assert broken(report_after(trail, edited(5, 0.4, "é"))).sequence == 5


def test_whoever_seals_all_later_lines_anew_too_is_noticed_by_the_head(trail: Path) -> None:
    assert broken(report_after(trail, rewritten)).reason == "the chain's head does not fit the last line"


def test_whoever_rewrites_the_head_too_is_noticed_by_a_hash_that_was_noted(trail: Path) -> None:
    def change(connection: sqlite3.Connection) -> None:
        rewritten(connection)
        last = line(texts(connection)[LAST]).entry
        assert last is not None
        head_says(ChainHead(sequence=LAST, hash=last.hash, at=last.at).model_dump_json())(connection)

    stores = open_stores(trail, SettableClock())
    noted = asyncio.run(stores.audit.head())
    stores.close()
    fooled = report_after(trail, change)
    assert fooled is not None
    assert fooled.broken is None
    assert "noted" in broken(report_after(trail, change, noted)).reason


def rewritten(connection: sqlite3.Connection) -> None:
    """The fifth line is another, and all hashes from there on fit."""
    text = texts(connection)
    before = line(text[4]).entry
    assert before is not None
    head = ChainHead(sequence=4, hash=before.hash, at=before.at)
    for row in range(5, LAST + 1):
        document = json.loads(text[row]) | ({"actor": "somebody else"} if row == 5 else {})
        new = sealed(_told(document), head)
        write(connection, row, new.text)
        head = new.head


@pytest.mark.parametrize("change", [no_head, head_says("nonsense"), head_says('{"sequence":5,"hash":"a"}')])
async def test_a_store_whose_head_was_lost_goes_on_and_says_so_in_the_trail(
    trail: Path, tmp_path: Path, change: Change
) -> None:
    path = Path(shutil.copy(trail, tmp_path))
    connection = sqlite3.connect(path)
    change(connection)
    connection.commit()
    connection.close()
    stores = open_stores(path, SettableClock())
    await stores.audit.append(audit_entry(event="after"))
    assert [entry.event for entry in await stores.audit.read(limit=2)] == ["after", ANCHOR_LOST]
    report = await verify(stores.audit, START)
    stores.close()
    assert report.broken is None
    assert [entry.sequence for entry in report.anchors_lost] == [LAST + 1]


async def test_lines_that_are_missing_at_the_end_stay_missing_when_more_is_written(trail: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(trail, tmp_path))
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER audit_is_never_deleted")
    connection.execute("DELETE FROM audit WHERE id = ?", (LAST,))
    connection.commit()
    connection.close()
    stores = open_stores(path, SettableClock())
    await stores.audit.append(audit_entry(event="after"))
    report = await verify(stores.audit, START)
    stores.close()
    assert report.broken is not None
    assert (report.broken.sequence, report.broken.entry and report.broken.entry.event) == (LAST + 1, "after")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit SET body = '{}' WHERE id = 5",
        "DELETE FROM audit WHERE id = 5",
        "INSERT INTO audit (id, subject, body) VALUES (0, 'inc_1', '{}')",
        "REPLACE INTO audit (id, subject, body) VALUES (5, 'inc_1', '{}')",
    ],
)
def test_the_schema_itself_only_lets_it_grow(trail: Path, tmp_path: Path, sql: str) -> None:
    connection = sqlite3.connect(shutil.copy(trail, tmp_path))
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(sql)
    connection.close()
