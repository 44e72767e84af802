"""A row of a query: one log event with the fields that Insights discovers in it, or a result of `stats`."""

import json
import re
from collections.abc import Iterator
from typing import Any

from deploy.local.account.logs.generator import LogEvent
from deploy.local.account.logs.insights.values import Instant, Value

_REQUEST_ID = re.compile(r"(?:RequestId: |^\S+\t)([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
_TYPE = re.compile(r"^(START|END|REPORT|EXTENSION|INIT_START|XRAY)\b")
# What Insights reads from a REPORT line; memory is in bytes there, with a thousand thousand of them to a megabyte.
_REPORT = {
    "@duration": (re.compile(r"\tDuration: ([\d.]+) ms"), 1.0),
    "@billedDuration": (re.compile(r"Billed Duration: ([\d.]+) ms"), 1.0),
    "@initDuration": (re.compile(r"Init Duration: ([\d.]+) ms"), 1.0),
    "@memorySize": (re.compile(r"Memory Size: (\d+) MB"), 1e6),
    "@maxMemoryUsed": (re.compile(r"Max Memory Used: (\d+) MB"), 1e6),
}
_FLOW_FIELDS = (
    *("version", "accountId", "interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol"),
    *("packets", "bytes", "start", "end", "action", "logStatus"),
)
_FLOW = re.compile(r"^\d+ \d{12} eni-\S+( \S+){11}$")
_SYSTEM = ("@timestamp", "@message", "@logStream", "@log", "@ingestionTime")
_MISSING = object()


class Row:
    """One row. `values` holds what the query's own commands made; anything else is looked up in the event."""

    __slots__ = ("_discovered", "_json", "event", "group", "values")

    def __init__(self, event: LogEvent | None, group: str, values: dict[str, Value] | None = None) -> None:
        self.event, self.group = event, group
        self.values: dict[str, Value] = {} if values is None else values
        self._json: Any = _MISSING
        self._discovered: dict[str, Value] | None = None

    @property
    def time(self) -> int:
        """Of the event; 0 in a row of statistics."""
        return 0 if self.event is None else self.event.timestamp

    def get(self, name: str) -> Value:
        """The value of a field, None where the row has no such field."""
        if name in self.values:
            return self.values[name]
        event = self.event
        if event is None:
            return None
        if name in _SYSTEM:
            return _system_field(name, event, self.group)
        if self._discovered is None:
            self._discovered = _discover(event.message, self.group)
        if name in self._discovered:
            return self._discovered[name]
        if self._json is _MISSING:
            self._json = embedded_json(event.message, self.group)
        return _at_path(self._json, name)

    def field_names(self) -> Iterator[str]:
        """Every field of the event."""
        if self.event is None:
            return
        yield from _SYSTEM
        yield from _discover(self.event.message, self.group)
        yield from _paths(embedded_json(self.event.message, self.group), "")


def _system_field(name: str, event: LogEvent, group: str) -> Value:
    match name:
        case "@timestamp":
            return Instant(event.timestamp)
        case "@ingestionTime":
            return Instant(event.ingestion_time)
        case "@logStream":
            return event.stream
        case "@log":
            return group
        case _:
            return event.message


def _is_lambda(group: str) -> bool:
    return "/aws/lambda/" in group


def _discover(message: str, group: str) -> dict[str, Value]:
    """Fields of the log types that Insights knows: Lambda's and VPC flow logs."""
    if not _is_lambda(group):
        return dict(zip(_FLOW_FIELDS, message.split(), strict=True)) if _FLOW.match(message) else {}
    found: dict[str, Value] = {}
    if request := _REQUEST_ID.search(message):
        found["@requestId"] = request[1]
    if kind := _TYPE.match(message):
        found["@type"] = kind[1]
        if kind[1] == "REPORT":
            for name, (pattern, unit) in _REPORT.items():
                if value := pattern.search(message):
                    found[name] = float(value[1]) * unit
    return found


def embedded_json(message: str, group: str) -> Any:
    """The message as a JSON object; in Lambda's logs also the first object within it. None where there is none."""
    start = message.find("{") if _is_lambda(group) else 0
    if start < 0 or not message.startswith("{", start):
        return None
    try:
        return json.JSONDecoder().raw_decode(message, start)[0]
    except ValueError:
        return None


def _at_path(value: Any, path: str) -> Value:
    """`a.b.0.c`; a key that itself holds dots is found too."""
    if isinstance(value, dict):
        if path in value:
            return value[path]
        parts = path.split(".")
        for length in range(1, len(parts)):
            key = ".".join(parts[:length])
            if key in value:
                return _at_path(value[key], ".".join(parts[length:]))
    if isinstance(value, list):
        index, _, rest = path.partition(".")
        if index.isdigit() and int(index) < len(value):
            return _at_path(value[int(index)], rest) if rest else value[int(index)]
    return None


def _paths(value: Any, prefix: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _paths(child, f"{prefix}{key}.")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _paths(child, f"{prefix}{index}.")
    elif prefix:
        yield prefix[:-1]
