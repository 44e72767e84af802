"""A transaction on the SQLite engine, which knows only one connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deploy.local.account.sql.ports import Parameter, Result

if TYPE_CHECKING:
    from deploy.local.account.sql.engine import SqlDatabase


class CopyTransaction:
    """Works on a copy; its writes are repeated on the database itself when it is committed."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database
        self._copy = database.snapshot()
        self._writes: list[tuple[str, Sequence[Parameter]]] = []

    def execute(self, text: str, parameters: Sequence[Parameter] = ()) -> Result:
        result = self._copy.execute(text, parameters)
        if not result.columns:
            self._writes.append((text, parameters))
        return result

    def commit(self) -> None:
        self._copy.close()
        for text, parameters in self._writes:
            self._database.execute(text, parameters)

    def rollback(self) -> None:
        self._copy.close()
