"""The databases of all scenarios in the account, opened on first use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime

from deploy.local.account.schema.sql import Database
from deploy.local.account.sql.ports import SqlEngine
from deploy.local.account.state import Account, Loaded


class Databases:
    """Kept in the account's memory. A scenario loaded anew gets fresh tables."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[tuple[str, datetime, int], SqlEngine] = {}

    def find(self, account: Account, region: str, wanted: Callable[[Database], bool]) -> SqlEngine | None:
        """The first database in the region that is wanted."""
        for loaded in account.loaded(region):
            for number, database in enumerate(loaded.scenario.sql):
                if wanted(database):
                    return self._opened(account, loaded, number)
        return None

    def _opened(self, account: Account, loaded: Loaded, number: int) -> SqlEngine:
        key = (loaded.scenario.name, loaded.now, number)
        with self._lock:
            if key not in self._open:
                for old in [each for each in self._open if each[0] == key[0] and each[1] != key[1]]:
                    self._open.pop(old).close()
                database = loaded.scenario.sql[number]
                self._open[key] = account.sql_engine(database, loaded.now, account.now, _settings(loaded, database))
            return self._open[key]


def _settings(loaded: Loaded, database: Database) -> Mapping[str, str]:
    """The parameters of the RDS instance, or of the cluster's instance, that the database's ARN names."""
    name = (database.resource_arn or "").rpartition(":")[2]
    for instance in loaded.scenario.resources.rds_instances:
        if name in (instance.name, instance.cluster):
            return instance.parameters
    return {}
