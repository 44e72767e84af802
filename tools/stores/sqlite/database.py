"""One SQLite file shared by threads and processes: WAL, short transactions, errors as one clear sentence."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from agent.errors import StoreUnavailable
from tools.stores.sqlite.together import Together, Work

Result = TypeVar("Result")
Statement = tuple[str, tuple[object, ...]]
"""SQL and its values."""

_ADVICE = {
    "SQLITE_FULL": "the disk that holds it is full; free some space and try again",
    "SQLITE_BUSY": "another process held it for too long; stop that process or try again",
    "SQLITE_LOCKED": "another process holds it; stop that process or try again",
    "SQLITE_CORRUPT": "it is damaged; move it away (or restore a copy) and start again",
    "SQLITE_NOTADB": "it is not a database; move it away and start again",
    "SQLITE_CANTOPEN": "it cannot be opened; check that its folder exists and may be written to",
    "SQLITE_READONLY": "it may not be written to; check the permissions of the file and its folder",
    "SQLITE_IOERR": "the disk reported an error; check that it is still there and working",
}


class Database:
    """A file and its schema.

    `write` and `read` run a function of the connection in one transaction, in the calling thread; `awrite` and `aread`
    do so in this database's own thread, so that a slow disk never stops an event loop and never waits for a slow model
    call in the loop's shared pool. What waits there together is done together (`tools.stores.sqlite.together`), so a
    write may be run a second time, after the first was undone. A transaction of several statements comes back to Python
    between them, and keeps the file locked while a busy interpreter lets it wait: what other processes must not wait
    for is a `statement`, which is over before that. All of them raise StoreUnavailable, and nothing else, for whatever
    SQLite reports.

    `synchronous="FULL"` survives a power cut; `"NORMAL"` survives the death of the process, costs no disk flush a
    commit, and may forget the last moments before a power cut. `busy_seconds` is how long a transaction waits for
    another process.
    """

    def __init__(
        self,
        path: Path,
        migrations: Sequence[str],
        synchronous: Literal["FULL", "NORMAL"] = "FULL",
        busy_seconds: float = 5,
    ) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._connection = self._open(synchronous, busy_seconds)
        self._file = _identity(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"sqlite-{path.stem}")
        self._together = Together(self.read, self.write, self._thread)
        try:
            self.write(lambda connection: _migrate(connection, migrations, path))
        except StoreUnavailable:
            self.close()
            raise

    def write(self, work: Work[Result]) -> Result:
        """Run `work` holding the file's only write lock: what it reads cannot change before it commits."""
        return self._transact("BEGIN IMMEDIATE", work)

    def read(self, work: Work[Result]) -> Result:
        return self._transact("BEGIN", work)

    def statement(self, sql: str, values: tuple[object, ...]) -> int:
        """How many rows one statement changed, as a transaction of its own. It must not return rows."""
        return self._guarded(lambda: self._connection.execute(sql, values).rowcount)

    async def astatements(self, statements: Sequence[Statement]) -> list[int]:
        """How many rows each changed, in order; each a transaction of its own."""
        run = partial(_each, self.statement, statements)
        try:
            done = self._thread.submit(run)
        except RuntimeError as error:
            raise _closed(self.path) from error
        return await asyncio.wrap_future(done)

    async def awrite(self, work: Work[Result]) -> Result:
        return await self._waited_for(work, writes=True)

    async def aread(self, work: Work[Result]) -> Result:
        return await self._waited_for(work, writes=False)

    def close(self) -> None:
        """Finish what is running, then close. Closing twice is fine."""
        self._thread.shutdown(wait=True)
        with self._lock:
            self._connection.close()

    async def _waited_for(self, work: Work[Result], *, writes: bool) -> Result:
        try:
            done = self._together.add(work, writes)
        except RuntimeError as error:
            raise _closed(self.path) from error
        return await done

    def _transact(self, begin: str, work: Work[Result]) -> Result:
        return self._guarded(lambda: self._in_transaction(begin, work))

    def _guarded(self, work: Callable[[], Result]) -> Result:
        with self._lock:
            if _identity(self.path) != self._file:  # what is written into a file without a name is lost
                raise StoreUnavailable(f"{self.path} cannot be used: it was moved away; put it back, or start again.")
            try:
                return work()
            except sqlite3.Error as error:
                raise _unavailable(self.path, error) from error

    def _in_transaction(self, begin: str, work: Work[Result]) -> Result:
        self._connection.execute(begin)
        try:
            result = work(self._connection)
            self._connection.execute("COMMIT")
        finally:
            # After a full disk SQLite has rolled back by itself, and a second rollback would hide why.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        return result

    def _open(self, synchronous: str, busy_seconds: float) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch(mode=0o600)  # conversations are nobody else's business
            connection = sqlite3.connect(self.path, busy_seconds, isolation_level=None, check_same_thread=False)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StoreUnavailable(f"{self.path} cannot be used: {reason.lower()}; check its folder.") from error
        except sqlite3.Error as error:
            raise _unavailable(self.path, error) from error
        try:
            connection.row_factory = sqlite3.Row
            _use_wal(connection, busy_seconds)
            connection.execute(f"PRAGMA synchronous = {synchronous}")
        except sqlite3.Error as error:
            connection.close()
            raise _unavailable(self.path, error) from error
        return connection


def unusable(path: Path, busy_seconds: float = 1) -> str:
    """Why a file cannot be written to just now; "" when it can, or is not there yet. Nothing in it is changed."""
    if not path.exists():
        return ""
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", busy_seconds, isolation_level=None, uri=True
        )
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except sqlite3.Error as error:
        return str(_unavailable(path, error))
    return ""


def _each(run: Callable[[str, tuple[object, ...]], int], statements: Sequence[Statement]) -> list[int]:
    return [run(*statement) for statement in statements]


def _closed(path: Path) -> StoreUnavailable:
    return StoreUnavailable(f"{path} cannot be used: it was closed.")


def _identity(path: Path) -> tuple[int, int] | None:
    """Of the file that has this name now."""
    try:
        there = path.stat()
    except OSError:
        return None
    return there.st_dev, there.st_ino


def _use_wal(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Switch to the write-ahead log. The switch ignores the busy timeout, so processes that start together retry it."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if _code(error) != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _migrate(connection: sqlite3.Connection, migrations: Sequence[str], path: Path) -> None:
    """Bring the schema from its `user_version` to the newest; migration n makes version n + 1."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(migrations):
        raise StoreUnavailable(
            f"{path} was written by a newer Watchkeeper; upgrade this one or give it another folder."
        )
    for migration in migrations[version:]:
        for statement in _statements(migration):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(migrations)}")


def _statements(script: str) -> list[str]:
    """Split a script where SQLite says that a statement is complete, so that a trigger's body stays whole."""
    statements: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements


def _code(error: sqlite3.Error) -> str:
    """The primary result code by name: the extended `SQLITE_IOERR_WRITE` gives `SQLITE_IOERR`."""
    name = getattr(error, "sqlite_errorname", "SQLITE_ERROR")
    return "_".join(name.split("_")[:2])


def _unavailable(path: Path, error: sqlite3.Error) -> StoreUnavailable:
    code = _code(error)
    return StoreUnavailable(f"{path} cannot be used: {_ADVICE.get(code, f'SQLite reports {error}')}.")
