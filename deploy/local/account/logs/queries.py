"""Logs Insights queries as the service runs them: started, then asked for, and done a little later."""

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from deploy.local.account.logs.generator import LogEvent
from deploy.local.account.logs.insights import Outcome, Query, Row, run_query
from deploy.local.account.logs.store import Group, size_of
from deploy.local.account.request import AwsError

SCHEDULED_SECONDS = 0.05
SHORTEST_SECONDS = 0.15
"""However small a query is, it is Scheduled and then Running for a moment, as in the service."""
MAX_CONCURRENT = 30
_KEPT = 500


@dataclass(slots=True)
class Report:
    """A finished query's outcome, and what it read."""

    outcome: Outcome
    records: int
    bytes: int


@dataclass(slots=True)
class RunningQuery:
    """A query that was started; `created` is epoch milliseconds by the account's clock."""

    query: Query
    group_names: tuple[str, ...]
    created: int
    work: Future[Report]
    seconds: float
    """How long it runs, at least."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: float = field(default_factory=time.monotonic)
    stopped: bool = False

    @property
    def status(self) -> str:
        if self.stopped:
            return "Cancelled"
        age = time.monotonic() - self.started
        if age < SCHEDULED_SECONDS:
            return "Scheduled"
        if age < self.seconds or not self.work.done():
            return "Running"
        return "Failed" if self.work.exception() else "Complete"

    @property
    def report(self) -> Report | None:
        """What has been found, also while the query still runs and after it was stopped; None before."""
        if self.status == "Scheduled" or not self.work.done() or self.work.exception():
            return None
        return self.work.result()


class Queries:
    """Every query started since the account was last emptied; the oldest are forgotten in the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queries: dict[str, RunningQuery] = {}
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="logs-insights")

    def start(self, query: Query, groups: list[Group], created: int, run: Callable[[], Report]) -> RunningQuery:
        with self._lock:
            if sum(each.status in ("Scheduled", "Running") for each in self._queries.values()) >= MAX_CONCURRENT:
                raise AwsError("LimitExceededException", "Account maximum query concurrency limit reached.")
            names, seconds = tuple(group.name for group in groups), max(group.query_seconds for group in groups)
            running = RunningQuery(query, names, created, self._pool.submit(run), max(seconds, SHORTEST_SECONDS))
            self._queries[running.id] = running
            while len(self._queries) > _KEPT:
                del self._queries[next(iter(self._queries))]
            return running

    def find(self, query_id: str) -> RunningQuery:
        """Raises ResourceNotFoundException."""
        with self._lock:
            running = self._queries.get(query_id)
        if running is None:
            raise AwsError("ResourceNotFoundException", f"Query does not exist: {query_id}")
        return running

    def newest_first(self) -> list[RunningQuery]:
        with self._lock:
            return list(reversed(self._queries.values()))


def execute(query: Query, groups: list[Group], start: int, end: int, limit: int | None) -> Report:
    """Evaluate a query over the events with start <= timestamp < end, newest first."""
    found: list[tuple[LogEvent, Group]] = []
    scanned = 0
    for group in groups:
        events = group.events(start, end)
        scanned += size_of(events)
        found.extend((event, group) for event in events)
    found.sort(key=lambda pair: pair[0].timestamp, reverse=True)
    indexes = {log_name(group): group.index_fields for group in groups}
    rows = [Row(event, log_name(group)) for event, group in found]
    outcome = run_query(query, rows, lambda log, name: name in indexes[log])
    if limit is not None:
        outcome.results, outcome.rows = outcome.results[:limit], outcome.rows[:limit]
    return Report(outcome, len(found), scanned)


def log_name(group: Group) -> str:
    """The value of @log."""
    return f"{group.account_id}:{group.name}"
