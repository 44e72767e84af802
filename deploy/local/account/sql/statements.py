"""Statements that run in the background, as the Redshift Data API has it: submitted, picked up, started, finished."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from deploy.local.account.sql.errors import SqlError
from deploy.local.account.sql.ports import Parameter, Result, SqlEngine

State = Literal["SUBMITTED", "PICKED", "STARTED", "FINISHED", "FAILED", "ABORTED"]
ENDED: tuple[State, ...] = ("FINISHED", "FAILED", "ABORTED")
_PICKED_AFTER, _STARTED_AFTER, _RUNS_FOR = 0.02, 0.05, 0.1


@dataclass
class Outcome:
    """What one SQL text gave: a result or an error."""

    sql: str
    result: Result | None = None
    error: str | None = None


@dataclass
class Statement:
    """One submitted statement, or a batch. It runs on arrival; its outcome shows when its time has passed."""

    id: str
    database: SqlEngine
    name: str
    parameters: list[Parameter]
    outcomes: list[Outcome]
    is_batch: bool
    created: datetime
    submitted: float = field(default_factory=time.monotonic)
    aborted: datetime | None = None

    @property
    def state(self) -> State:
        if self.aborted is not None:
            return "ABORTED"
        age = time.monotonic() - self.submitted
        if age < _STARTED_AFTER:
            return "SUBMITTED" if age < _PICKED_AFTER else "PICKED"
        if age < self.seconds:
            return "STARTED"
        return "FAILED" if self.error else "FINISHED"

    @property
    def seconds(self) -> float:
        return _STARTED_AFTER + sum(_RUNS_FOR + self._extra(outcome.sql) for outcome in self.outcomes)

    def _extra(self, text: str) -> float:
        """What the scenario says that a statement takes longer."""
        told = self.database.database.slow_statements
        return sum(slow.seconds for slow in told if re.search(slow.pattern, text, re.IGNORECASE))

    @property
    def error(self) -> str | None:
        return next((outcome.error for outcome in self.outcomes if outcome.error), None)

    @property
    def updated(self) -> datetime:
        return self.aborted or self.created + timedelta(seconds=min(time.monotonic() - self.submitted, self.seconds))

    def wait(self, seconds: float) -> None:
        """Until it has ended, at most so many seconds."""
        deadline = time.monotonic() + seconds
        while self.state not in ENDED and time.monotonic() < deadline:
            time.sleep(0.02)


class Statements:
    """All statements of the account, newest last. Kept in the account's memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: dict[str, Statement] = {}
        self._tokens: dict[str, str] = {}

    def submit(
        self,
        database: SqlEngine,
        texts: Sequence[str],
        parameters: list[Parameter],
        now: Callable[[], datetime],
        name: str = "",
        is_batch: bool = False,
        token: str | None = None,
    ) -> Statement:
        """Run statements in turn until one fails. A token that is known gives what was submitted with it."""
        with self._lock:
            if token and token in self._tokens:
                return self._all[self._tokens[token]]
        outcomes: list[Outcome] = []
        for text in texts:
            outcomes.append(_outcome(database, text, parameters))
            if outcomes[-1].error:
                break
        statement = Statement(str(uuid.uuid4()), database, name, parameters, outcomes, is_batch, now())
        with self._lock:
            self._all[statement.id] = statement
            if token:
                self._tokens[token] = statement.id
        return statement

    def get(self, name: str) -> Statement | None:
        with self._lock:
            return self._all.get(name)

    def all(self) -> list[Statement]:
        with self._lock:
            return list(self._all.values())


def _outcome(database: SqlEngine, text: str, parameters: list[Parameter]) -> Outcome:
    try:
        return Outcome(text, result=database.execute(text, parameters))
    except SqlError as error:
        return Outcome(text, error=str(error))
