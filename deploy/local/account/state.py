"""The state of the simulated account: which scenarios are loaded, since when, and what operations remember."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from deploy.local.account.faults import Faults
from deploy.local.account.moto_app import MotoApp
from deploy.local.account.scenario import Scenario
from deploy.local.account.sql import OpenEngine, SqlDatabase

T = TypeVar("T")


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, eq=False)
class Loaded:
    """A scenario in the account. `now` is the moment that its relative times refer to; it does not move."""

    scenario: Scenario
    now: datetime

    def at(self, offset: timedelta) -> datetime:
        """The moment that an offset of the scenario stands for."""
        return self.now + offset


class Account:
    """Shared by all operations and by all threads of the server.

    An operation keeps what it must remember (queries started, commands sent) in an object of its own class that
    `account.memory(ThatClass)` makes on first use; it does its own locking. `reset` forgets them all, and a scenario
    loaded anew forgets nothing that belongs to others: key what you remember by scenario or by request.
    """

    def __init__(
        self, moto: MotoApp, clock: Callable[[], datetime] = utc_now, sql_engine: OpenEngine = SqlDatabase
    ) -> None:
        self.moto = moto
        self.sql_engine = sql_engine
        self.faults = Faults()
        self._clock = clock
        self._lock = threading.RLock()
        self._loaded: dict[str, Loaded] = {}
        self._memories: dict[type, object] = {}

    def now(self) -> datetime:
        """The present moment, aware UTC. It goes on after a scenario is loaded."""
        return self._clock()

    def loaded(self, region: str | None = None) -> list[Loaded]:
        """The scenarios in the account, or only those of a region, in the order they were first loaded."""
        with self._lock:
            return [each for each in self._loaded.values() if region is None or each.scenario.region == region]

    def put(self, loaded: Loaded) -> None:
        with self._lock:
            self._loaded[loaded.scenario.name] = loaded

    def remove(self, name: str) -> None:
        with self._lock:
            self._loaded.pop(name, None)

    def clear(self) -> None:
        with self._lock:
            self._loaded.clear()
            self._memories.clear()

    def memory(self, kind: type[T]) -> T:
        """The account's one object of this class (its constructor takes nothing)."""
        with self._lock:
            found = self._memories.get(kind)
            if not isinstance(found, kind):
                found = self._memories[kind] = kind()
            return found
