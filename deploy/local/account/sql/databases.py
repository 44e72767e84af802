"""The databases of all scenarios in the account, opened on first use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deploy.local.account.schema.sql import Database
from deploy.local.account.sql.ports import SqlEngine
from deploy.local.account.state import Account, Loaded


@dataclass(frozen=True)
class _Open:
    engine: SqlEngine
    state: tuple[object, ...]
    """What it was opened with: when, which sessions, which settings. A change of any of them opens it anew."""


class Databases:
    """Kept in the account's memory. A scenario loaded anew gets fresh tables."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[tuple[str, int], _Open] = {}

    def find(self, account: Account, region: str, wanted: Callable[[Database], bool]) -> SqlEngine | None:
        """The first database in the region that is wanted."""
        for loaded in account.loaded(region):
            for number, database in enumerate(loaded.scenario.sql):
                if wanted(database):
                    return self._opened(account, loaded, number)
        return None

    def _opened(self, account: Account, loaded: Loaded, number: int) -> SqlEngine:
        key, now = (loaded.scenario.name, number), account.now()
        declared = loaded.scenario.sql[number]
        settings = _settings(loaded, declared)
        left = tuple(each for each in declared.running_queries if each.ended is None or loaded.at(each.ended) > now)
        state = (loaded.now, tuple(each.pid for each in left), tuple(sorted(settings.items())))
        with self._lock:
            known = self._open.get(key)
            if known is None or known.state != state:
                if known is not None:
                    known.engine.close()
                database = declared.model_copy(update={"running_queries": left})
                known = _Open(account.sql_engine(database, loaded.now, account.now, settings), state)
                self._open[key] = known
            return known.engine


def _settings(loaded: Loaded, database: Database) -> Mapping[str, str]:
    """The parameters of the RDS instance, or of the cluster's instance, that the database's ARN names."""
    name = (database.resource_arn or "").rpartition(":")[2]
    for instance in loaded.scenario.resources.rds_instances:
        if name in (instance.name, instance.cluster):
            return {**instance.parameters, **instance.in_effect}
    return {}
