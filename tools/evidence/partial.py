"""Several reads side by side, of which any may fail: what was read is used, what was not is named."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from agent.errors import WatchkeeperError
from tools.evidence import deadline
from tools.evidence.failures import explain

__all__ = ["Gathered", "explain", "gather"]

T = TypeVar("T")
MAX_WORKERS = 6


@dataclass
class Gathered(Generic[T]):
    """Results by name, and one sentence for each read that failed."""

    results: dict[str, T] = field(default_factory=dict[str, T])
    failures: list[str] = field(default_factory=list[str])

    @property
    def caveat(self) -> str:
        """Ends a summary: ` Could not read: ...`, or nothing."""
        return f" Could not read: {'; '.join(self.failures[:3])}." if self.failures else ""


def gather(reads: Mapping[str, Callable[[], T]]) -> Gathered[T]:
    """Run all reads in a few threads, until the tool's deadline. When every one failed, the first failure is raised."""
    gathered = Gathered[T]()
    first: Exception | None = None
    pool = ThreadPoolExecutor(max_workers=min(MAX_WORKERS, max(len(reads), 1)), thread_name_prefix="read")
    futures = {name: pool.submit(contextvars.copy_context().run, read) for name, read in reads.items()}
    pool.shutdown(wait=False)
    for name, future in futures.items():
        try:
            gathered.results[name] = _result(future)
        except (ClientError, BotoCoreError, WatchkeeperError, TimeoutError) as error:
            first = first or error
            gathered.failures.append(f"{name} ({explain(error)})")
    if first and not gathered.results:
        raise first
    return gathered


def _result(future: Future[T]) -> T:
    """A read that hangs is left behind at the deadline; its thread ends with its connection's own."""
    left = deadline.seconds_left()
    return future.result(timeout=None if left > 1e9 else left)
