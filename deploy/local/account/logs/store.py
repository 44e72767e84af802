"""The log groups of the account: each may be written to by several scenarios. Times are epoch milliseconds."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

from deploy.local.account.logs.generator import DAY, HOUR, GroupLog, LogEvent
from deploy.local.account.request import AwsError
from deploy.local.account.schema.logs import LogGroup
from deploy.local.account.state import Account, Loaded

_OVERHEAD_BYTES = 26
"""What CloudWatch Logs adds to every event when it counts bytes."""
_ARN = re.compile(r"arn:aws[\w-]*:logs:[\w-]*:\d*:log-group:([^:]+)(?::\*)?")
_ORDER = attrgetter("timestamp", "event_id")


@dataclass(frozen=True)
class Group:
    """A log group as one moment sees it: nothing after `now` exists yet, nothing beyond the retention is left."""

    name: str
    region: str
    account_id: str
    schemas: tuple[LogGroup, ...]
    logs: tuple[GroupLog, ...]
    now: int

    @property
    def arn(self) -> str:
        """Without the :* that some replies put behind it."""
        return f"arn:aws:logs:{self.region}:{self.account_id}:log-group:{self.name}"

    @property
    def retention_days(self) -> int | None:
        return next((schema.retention_days for schema in self.schemas if schema.retention_days is not None), None)

    @property
    def index_fields(self) -> frozenset[str]:
        return frozenset(field for schema in self.schemas for field in schema.index_fields)

    @property
    def query_seconds(self) -> float:
        return max(schema.query_takes.total_seconds() for schema in self.schemas)

    @property
    def tags(self) -> dict[str, str]:
        return {key: value for schema in self.schemas for key, value in schema.tags.items()}

    @property
    def log_class(self) -> str:
        return self.schemas[0].log_class

    @property
    def created(self) -> int:
        return min(log.earliest for log in self.logs)

    @property
    def earliest(self) -> int:
        """The oldest time that an event can have."""
        days = self.retention_days
        return self.created if days is None else max(self.created, self.now - days * DAY)

    def events(self, start: int, end: int) -> list[LogEvent]:
        """Events with start <= timestamp < end, oldest first."""
        start, end = max(start, self.earliest), min(end, self.now + 1)
        if start >= end:
            return []
        if len(self.logs) == 1:
            return self.logs[0].events(start, end)
        return sorted((event for log in self.logs for event in log.events(start, end)), key=_ORDER)

    def walk(self, start: int, end: int, *, backwards: bool = False) -> Iterator[LogEvent]:
        """The same events one by one, read an hour at a time."""
        start, end = max(start, self.earliest), min(end, self.now + 1)
        hours = range(start // HOUR, (end - 1) // HOUR + 1)
        for hour in reversed(hours) if backwards else hours:
            events = self.events(max(start, hour * HOUR), min(end, (hour + 1) * HOUR))
            yield from reversed(events) if backwards else events

    def stream_spans(self) -> dict[str, tuple[int, int]]:
        """First and last event's time in each stream."""
        spans: dict[str, tuple[int, int]] = {}
        for log in self.logs:
            for stream, (first, last) in log.stream_spans(self.now + 1).items():
                known = spans.get(stream, (first, last))
                spans[stream] = (min(first, known[0]), max(last, known[1]))
        oldest = self.earliest
        return {stream: (max(first, oldest), last) for stream, (first, last) in spans.items() if last >= oldest}

    def stored_bytes(self) -> int:
        """An estimate from the last hour, as the service's own is one, unless the scenario says it."""
        told = [schema.stored_gb for schema in self.schemas if schema.stored_gb is not None]
        if told:
            return int(sum(told) * 1024**3)
        hours = (self.now - self.earliest) // HOUR
        return size_of(self.events(self.now - HOUR, self.now)) * max(hours, 1)


class LogStore:
    """Keeps the generators, and with them the events they have made, as long as their scenario stays loaded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generators: dict[str, tuple[Loaded, dict[str, GroupLog]]] = {}

    def groups(self, account: Account, region: str) -> dict[str, Group]:
        """By name, in alphabetical order."""
        found: dict[str, list[tuple[LogGroup, GroupLog, str]]] = {}
        for loaded in account.loaded(region):
            generators = self._of(loaded)
            for schema in loaded.scenario.logs:
                part = (schema, generators[schema.group], loaded.scenario.account_id)
                found.setdefault(schema.group, []).append(part)
        now = round(account.now().timestamp() * 1000)
        return {
            name: Group(
                name=name,
                region=region,
                account_id=parts[0][2],
                schemas=tuple(schema for schema, _, _ in parts),
                logs=tuple(log for _, log, _ in parts),
                now=now,
            )
            for name, parts in sorted(found.items())
        }

    def _of(self, loaded: Loaded) -> dict[str, GroupLog]:
        with self._lock:
            scenario = loaded.scenario
            known = self._generators.get(scenario.name)
            if known is None or known[0] is not loaded:
                names = {"region": scenario.region, "account_id": scenario.account_id}
                made = {log.group: GroupLog(log, loaded.now, scenario.name, names) for log in scenario.logs}
                known = self._generators[scenario.name] = (loaded, made)
            return known[1]


def groups_of(account: Account, region: str) -> dict[str, Group]:
    """The region's log groups by name."""
    return account.memory(LogStore).groups(account, region)


def find_group(account: Account, region: str, identifier: str) -> Group:
    """By name or ARN. Raises ResourceNotFoundException."""
    arn = _ARN.fullmatch(identifier)
    group = groups_of(account, region).get(arn[1] if arn else identifier)
    if group is None:
        raise AwsError("ResourceNotFoundException", f"The specified log group does not exist: {identifier}")
    return group


def size_of(events: list[LogEvent]) -> int:
    """Bytes as CloudWatch Logs counts them."""
    return sum(len(event.message.encode()) + _OVERHEAD_BYTES for event in events)
