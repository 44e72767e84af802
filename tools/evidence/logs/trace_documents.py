"""What X-Ray's documents say: the service graph in figures, and where in a trace it went wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

Document = dict[str, Any]
_BAD = ("fault", "throttle")


@dataclass(frozen=True)
class Figures:
    """How often something was asked, and what came of it. `seconds` is the sum of its response times."""

    total: int = 0
    faults: int = 0
    throttles: int = 0
    seconds: float = 0.0

    @property
    def bad(self) -> int:
        return self.faults + self.throttles

    @property
    def share(self) -> float:
        return self.bad / self.total if self.total else 0.0

    @property
    def mean(self) -> float:
        return self.seconds / self.total if self.total else 0.0


@dataclass(frozen=True)
class Node:
    """A node of the service graph; `calls` are its edges by the name of the other end."""

    name: str
    type: str
    figures: Figures
    calls: Mapping[str, Figures] = field(default_factory=dict[str, Figures])


@dataclass(frozen=True)
class Culprit:
    """The innermost part of a trace that failed, or that took the most time itself."""

    node: str
    caller: str = ""
    exception: str = ""
    message: str = ""
    status: int = 0
    seconds: float = 0.0


def graph_of(services: Sequence[Document]) -> dict[str, Node]:
    """The nodes that did something by name. Lambda's two nodes of one name are one, the function itself."""
    names = {service["ReferenceId"]: str(service.get("Name", "")) for service in services}
    graph: dict[str, Node] = {}
    for service in services:
        name, kind = names[service["ReferenceId"]], str(service.get("Type", ""))
        figures = _figures(service.get("SummaryStatistics", {}))
        if kind == "client" or not figures.total:
            continue
        calls = {
            names.get(edge["ReferenceId"], ""): _figures(edge.get("SummaryStatistics", {}))
            for edge in service.get("Edges", [])
        }
        calls.pop(name, None)
        known = graph.get(name)
        if known is None:
            graph[name] = Node(name, kind, figures, calls)
        else:
            worse = max(
                known, Node(name, kind, figures), key=lambda node: (node.type.endswith("Function"), node.figures.bad)
            )
            graph[name] = Node(name, worse.type, worse.figures, {**known.calls, **calls})
    return graph


def downstream(graph: Mapping[str, Node], start: Sequence[str]) -> list[str]:
    """These nodes and all that they call, directly or not."""
    found: dict[str, None] = {}
    ahead = list(start)
    while ahead:
        name = ahead.pop(0)
        if name in graph and name not in found:
            found[name] = None
            ahead += graph[name].calls
    return list(found)


def own_increase(now: Mapping[str, Node], before: Mapping[str, Node], name: str) -> float:
    """By how many seconds a request takes longer at a node than before, without what its calls explain."""
    node, then = now[name], before.get(name)
    if then is None:
        return 0.0
    explained = sum(
        _per_request(figures, node) - _per_request(then.calls.get(callee, Figures()), then)
        for callee, figures in node.calls.items()
    )
    return node.figures.mean - then.figures.mean - explained


def _per_request(figures: Figures, node: Node) -> float:
    return figures.seconds / node.figures.total if node.figures.total else 0.0


def _figures(statistics: Document) -> Figures:
    return Figures(
        total=int(statistics.get("TotalCount", 0)),
        faults=int(statistics.get("FaultStatistics", {}).get("TotalCount", 0)),
        throttles=int(statistics.get("ErrorStatistics", {}).get("ThrottleCount", 0)),
        seconds=float(statistics.get("TotalResponseTime", 0.0)),
    )


def failing_part(trace: Document) -> Culprit | None:
    """The innermost part of a trace that failed or was throttled; None when none did."""
    parts = _parts(trace)
    failing = [part for part in parts if part.bad and not any(child.bad for child in part.children(parts))]
    # A part that says why tells more than one that only failed.
    told = max(failing, key=lambda part: (bool(part.exception()[0]), part.depth), default=None)
    return told.culprit() if told else None


def slowest_part(trace: Document) -> Culprit | None:
    """The part of a trace that took the most time besides what it called."""
    parts = _parts(trace)
    slowest = max(parts, key=lambda part: part.own_seconds(parts), default=None)
    return slowest.culprit(slowest.own_seconds(parts)) if slowest else None


@dataclass(frozen=True, eq=False)
class _Part:
    document: Document
    parent: str
    owner: str
    """The service whose segment this is, or is in."""
    depth: int

    @property
    def id(self) -> str:
        return str(self.document.get("id", ""))

    @property
    def name(self) -> str:
        return str(self.document.get("name", ""))

    @property
    def bad(self) -> bool:
        return any(self.document.get(word) for word in _BAD)

    @property
    def seconds(self) -> float:
        return float(self.document.get("end_time") or 0) - float(self.document.get("start_time") or 0)

    def children(self, parts: Sequence[_Part]) -> list[_Part]:
        return [part for part in parts if part.parent == self.id]

    def own_seconds(self, parts: Sequence[_Part]) -> float:
        return max(self.seconds, 0.0) - sum(max(child.seconds, 0.0) for child in self.children(parts))

    def exception(self) -> tuple[str, str]:
        """(type, message) of the innermost exception; a cause that is only a reference to another part has none."""
        cause = self.document.get("cause")
        listed = cast("Document", cause).get("exceptions", []) if isinstance(cause, dict) else []
        last: Document = listed[-1] if listed else {}
        return str(last.get("type", "")), str(last.get("message", ""))

    def culprit(self, seconds: float = 0.0) -> Culprit:
        kind, message = self.exception()
        status = self.document.get("http", {}).get("response", {}).get("status", 0)
        caller = self.owner if self.owner != self.name else ""
        return Culprit(self.name, caller, kind, message, int(status or 0), seconds)


def _parts(trace: Document) -> list[_Part]:
    """Segments and subsegments of a trace; one that cannot be read is left out."""
    found: list[_Part] = []
    for segment in trace.get("Segments", []):
        try:
            document = cast("Document", json.loads(segment["Document"]))
        except ValueError:
            continue
        found += _within(document, str(document.get("parent_id", "")), str(document.get("name", "")), 0)
    return found


def _within(document: Document, parent: str, owner: str, depth: int) -> Iterator[_Part]:
    yield _Part(document, parent, owner, depth)
    for child in document.get("subsegments", []):
        yield from _within(child, str(document.get("id", "")), owner, depth + 1)
