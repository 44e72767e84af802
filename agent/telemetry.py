"""What is counted, and the id that ties the lines, spans and answers of one run together. Adapters count elsewhere.

with running("job_1a2b3c"):
    log.info("…")      # the line carries job_1a2b3c, also in threads and tasks that begin here
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, Protocol

Outcome = Literal["ok", "degraded", "timeout", "stopped", "failed"]

_RUN_ID: ContextVar[str] = ContextVar("run_id", default="")


def current_run() -> str:
    """The id of the run that this code works for; "" outside of any."""
    return _RUN_ID.get()


def short_id(run_id: str) -> str:
    """The part of a run's id that people see: `job_1a2b3c` of `C1:1732.5:job_1a2b3c`."""
    return run_id.rpartition(":")[2]


@contextmanager
def running(run_id: str) -> Generator[None]:
    """What happens inside belongs to this run."""
    token = _RUN_ID.set(short_id(run_id))
    try:
        yield
    finally:
        _RUN_ID.reset(token)


class Metrics(Protocol):
    """Counts what happens. Every method is cheap, thread-safe and never raises."""

    def run_ended(self, kind: str, outcome: Outcome, seconds: float) -> None:
        """`kind` is the graph's name: `conversation` or `alert_analysis`."""
        ...

    def model_called(self, role: str, model: str, outcome: str, seconds: float) -> None: ...
    def tokens_used(self, role: str, model: str, read: int, written: int, usd: float) -> None: ...
    def degraded(self, role: str) -> None:
        """A lesser model stood in."""
        ...

    def tool_called(self, tool: str, status: str, seconds: float) -> None:
        """`status` is the evidence's: `ok`, `no_data`, `denied`, `timeout` or `error`."""
        ...

    def request_refused(self, reason: str) -> None: ...
    def feedback_given(self, good: bool) -> None: ...


class NoMetrics:
    """Counts nothing."""

    def run_ended(self, kind: str, outcome: Outcome, seconds: float) -> None: ...
    def model_called(self, role: str, model: str, outcome: str, seconds: float) -> None: ...
    def tokens_used(self, role: str, model: str, read: int, written: int, usd: float) -> None: ...
    def degraded(self, role: str) -> None: ...
    def tool_called(self, tool: str, status: str, seconds: float) -> None: ...
    def request_refused(self, reason: str) -> None: ...
    def feedback_given(self, good: bool) -> None: ...


NO_METRICS = NoMetrics()
