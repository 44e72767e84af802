"""Several reads side by side, of which any may fail: what was read is used, what was not is named."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tools.evidence import deadline
from tools.evidence.failures import EXPECTED, explain
from tools.evidence.threads import side_by_side

log = logging.getLogger(__name__)

__all__ = ["Gathered", "explain", "gather"]

T = TypeVar("T")
MAX_WORKERS = 6


@dataclass
class Gathered(Generic[T]):
    """Results by name, and one sentence for each read that failed."""

    results: dict[str, T] = field(default_factory=dict[str, T])
    failures: list[str] = field(default_factory=list[str])
    errors: dict[str, Exception] = field(default_factory=dict[str, Exception])
    """What each of them failed with, by name."""

    @property
    def caveat(self) -> str:
        """Ends a summary: ` Could not read: ...`, or nothing."""
        return f" Could not read: {'; '.join(self.failures[:3])}." if self.failures else ""


def gather(reads: Mapping[str, Callable[[], T]]) -> Gathered[T]:
    """Run all reads in a few threads, until the tool's deadline. When every one failed, the first failure is raised."""
    gathered = Gathered[T]()
    for name, future in side_by_side(reads, MAX_WORKERS).items():
        try:
            gathered.results[name] = _result(future)
        except Exception as error:  # one that failed, for whatever reason, spoils none of the others
            if not isinstance(error, EXPECTED):
                log.warning("reading %s failed", name, exc_info=True)
            gathered.errors[name] = error
            gathered.failures.append(f"{name} ({explain(error)})")
    if gathered.errors and not gathered.results:
        raise next(iter(gathered.errors.values()))
    return gathered


def _result(future: Future[T]) -> T:
    """A read that hangs is left behind at the deadline; its thread ends with its connection's own."""
    left = deadline.seconds_left()
    return future.result(timeout=None if math.isinf(left) else left)
