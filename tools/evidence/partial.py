"""Several reads side by side, of which any may fail: what was read is used, what was not is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from tools.evidence.base import DENIED_CODES

T = TypeVar("T")
MAX_WORKERS = 6
_ACTION = re.compile(r"perform:? ([\w-]+:\w+)")


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
    """Run all reads in a few threads. When every one of them failed, the first failure is raised."""
    gathered = Gathered[T]()
    first: Exception | None = None
    with ThreadPoolExecutor(max_workers=min(MAX_WORKERS, max(len(reads), 1))) as pool:
        futures = {name: pool.submit(read) for name, read in reads.items()}
    for name, future in futures.items():
        try:
            gathered.results[name] = future.result()
        except (ClientError, BotoCoreError) as error:
            first = first or error
            gathered.failures.append(f"{name} ({explain(error)})")
    if first and not gathered.results:
        raise first
    return gathered


def explain(error: Exception) -> str:
    """Why a read failed, in a few words, naming the IAM action that is missing."""
    if not isinstance(error, ClientError):
        return type(error).__name__
    code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
    if code not in DENIED_CODES:
        return f"{error.operation_name}: {code}"
    action = _ACTION.search(message)
    return f"denied: allow {action[1] if action else error.operation_name}"
