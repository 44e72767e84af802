"""The state of the simulated account: which scenarios are loaded, since when, and what operations remember."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from deploy.local.account.faults import Faults
from deploy.local.account.moto_app import MotoApp
from deploy.local.account.reactions.weave import Happened, woven
from deploy.local.account.scenario import Scenario
from deploy.local.account.sql import OpenEngine, SqlDatabase

T = TypeVar("T")


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, eq=False)
class Loaded:
    """A scenario in the account. `now` is the moment that its relative times refer to; it does not move.

    Calls that change the account make another `Loaded` of it (see `Account.amend`): `told` is the scenario with what
    calls have changed in it, `happened` are the reactions that they brought about, `scenario` is what comes of both.
    """

    scenario: Scenario
    now: datetime
    told: Scenario | None = None
    happened: tuple[Happened, ...] = ()

    def at(self, offset: timedelta) -> datetime:
        """The moment that an offset of the scenario stands for."""
        return self.now + offset

    def amended(self, change: Callable[[Scenario], Scenario]) -> Loaded:
        told = change(self.told or self.scenario)
        return replace(self, told=told, scenario=woven(told, self.happened))

    def reacting(self, happened: Happened) -> Loaded:
        told, all_of_them = self.told or self.scenario, (*self.happened, happened)
        return replace(self, told=told, happened=all_of_them, scenario=woven(told, all_of_them))


class Account:
    """Shared by all operations and by all threads of the server.

    An operation keeps what it must remember (queries started, commands sent) in an object of its own class that
    `account.memory(ThatClass)` makes on first use; it does its own locking. `reset` forgets them all, and a scenario
    loaded anew forgets nothing that belongs to others: key what you remember by scenario or by request.
    """

    def __init__(
        self,
        moto: MotoApp,
        clock: Callable[[], datetime] = utc_now,
        sql_engine: OpenEngine = SqlDatabase,
        pace: float = 1.0,
    ) -> None:
        self.moto = moto
        self.pace = pace
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

    def amend(self, name: str, change: Callable[[Scenario], Scenario]) -> None:
        """Let what a call has changed be part of a scenario, as long as that stays loaded; it survives a reload of
        others. What `change` returns is not validated."""
        with self._lock:
            self._loaded[name] = self._loaded[name].amended(change)

    def react(self, name: str, happened: Happened) -> None:
        """Let a reaction of a scenario take its course."""
        with self._lock:
            self._loaded[name] = self._loaded[name].reacting(happened)

    def seconds(self, seconds: float) -> timedelta:
        """How long something takes in this account that takes so long in AWS: `pace` shortens it for tests."""
        return timedelta(seconds=seconds * self.pace)

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
