"""Traces of the requests that a scenario declares: the same ones each time somebody asks."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deploy.local.account.schema.xray import TracedCall, TraceFlow
from deploy.local.account.state import Account, Loaded

RETENTION = timedelta(days=30)


@dataclass(frozen=True)
class Part:
    """A call as it happened. Times are epoch seconds."""

    call: TracedCall
    id: str
    start: float
    end: float
    children: tuple[Part, ...]

    @property
    def seconds(self) -> float:
        return self.end - self.start

    @property
    def fault(self) -> bool:
        return self.call.status >= 500

    @property
    def error(self) -> bool:
        return 400 <= self.call.status < 500

    @property
    def throttle(self) -> bool:
        return self.call.status == 429

    @property
    def type(self) -> str:
        return self.call.type or ("remote" if self.call.kind == "remote" else "")

    def walk(self) -> Iterator[Part]:
        yield self
        for child in self.children:
            yield from child.walk()

    def edges(self) -> Iterator[tuple[Part, Part]]:
        """(caller, callee) of nodes; what a node calls from a local part, it calls itself."""
        for node in (part for part in self.walk() if part.call.kind != "local"):
            for callee in _nodes_below(node):
                yield node, callee


@dataclass(frozen=True)
class Trace:
    id: str
    root: Part
    url: str
    account_id: str

    @property
    def nodes(self) -> list[Part]:
        return [part for part in self.root.walk() if part.call.kind != "local"]


def traces(account: Account, region: str, start: datetime, end: datetime) -> Iterator[Trace]:
    """Traces that begin in [start, end), the oldest first within each flow."""
    for loaded in account.loaded(region):
        for number, flow in enumerate(loaded.scenario.traces):
            yield from _of_flow(loaded, number, flow, start, min(end, account.now()))


def _of_flow(loaded: Loaded, number: int, flow: TraceFlow, start: datetime, end: datetime) -> Iterator[Trace]:
    first = loaded.at(flow.start) if flow.start is not None else loaded.now - RETENTION
    last = loaded.at(flow.end) if flow.end is not None else end
    period = 60 / flow.per_minute
    count = math.ceil(max((start - first).total_seconds(), 0) / period)
    while (at := first + timedelta(seconds=count * period)) < min(end, last):
        yield _trace(loaded, f"{loaded.scenario.name}/{number}/{count}", flow, at)
        count += 1


def _trace(loaded: Loaded, seed: str, flow: TraceFlow, at: datetime) -> Trace:
    rng = random.Random(seed)
    digits = hashlib.sha256(seed.encode()).hexdigest()[:24]
    trace_id = f"1-{int(at.timestamp()):08x}-{digits}"
    return Trace(trace_id, _happened(flow.root, at.timestamp(), rng), flow.url, loaded.scenario.account_id)


def _happened(call: TracedCall, start: float, rng: random.Random) -> Part:
    own = call.ms / 1000 * rng.uniform(0.85, 1.15)
    part_id = f"{rng.getrandbits(64):016x}"
    position = start + own / 2
    children: list[Part] = []
    for each in call.calls:
        child = _happened(each, position, rng)
        children.append(child)
        position = child.end
    return Part(call, part_id, start, position + own / 2, tuple(children))


def _nodes_below(part: Part) -> Iterator[Part]:
    for child in part.children:
        if child.call.kind == "local":
            yield from _nodes_below(child)
        else:
            yield child


def segments(trace: Trace) -> list[dict[str, str]]:
    """A trace's documents: one of each service, with the rest of its work inside."""
    found: list[dict[str, Any]] = []
    _segment(trace, trace.root, "", found)
    return [{"Id": document["id"], "Document": json.dumps(document)} for document in found]


def _segment(trace: Trace, part: Part, parent: str, found: list[dict[str, Any]]) -> None:
    document = {**_outline(part), "trace_id": trace.id} | ({"origin": part.type} if part.type else {})
    if parent:
        document["parent_id"] = parent
    found.append(document)
    document["subsegments"] = [_subsegment(trace, child, found) for child in part.children]


def _subsegment(trace: Trace, part: Part, found: list[dict[str, Any]]) -> dict[str, Any]:
    """What a caller says of a call. A service that was called sends a segment too, whose parent this is."""
    if part.call.kind == "service":
        outline = {**_outline(part), "id": part.id[::-1], "namespace": "remote"}
        outline.pop("cause", None)  # only the service itself knows why
        _segment(trace, part, outline["id"], found)
        return outline
    outline = _outline(part)
    if part.call.kind == "remote":
        outline["namespace"] = "aws" if part.type.startswith("AWS::") else "remote"
    return outline | {"subsegments": [_subsegment(trace, child, found) for child in part.children]}


def _outline(part: Part) -> dict[str, Any]:
    outline: dict[str, Any] = {"id": part.id, "name": part.call.name, "start_time": part.start, "end_time": part.end}
    for name in ("fault", "error", "throttle"):
        if getattr(part, name):
            outline[name] = True
    if part.call.kind != "local":
        outline["http"] = {"response": {"status": part.call.status}}
    if part.call.exception:
        kind, _, message = part.call.exception.partition(": ")
        outline["cause"] = {"exceptions": [{"id": part.id, "type": kind, "message": message}]}
    return outline
