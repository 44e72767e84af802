"""Functions that feed themselves: what triggers them is what they write to, directly or through others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote

from langchain_core.tools import BaseTool

from agent.figures import count
from agent.models import Finding
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.infra.others import notifications
from tools.evidence.names import bare_name, matches
from tools.evidence.partial import gather

MAX_BUCKETS = 60
MAX_ROLES = 40
MAX_HOPS = 4
_WRITES = re.compile(
    r"^(s3:(\*|Put\w*|Copy\w*)|sqs:(\*|Send\w*)|sns:(\*|Publish)|dynamodb:(\*|Put\w*|Update\w*)|\*)$", re.I
)


@dataclass(frozen=True)
class Edge:
    """`source` starts `target` (a trigger), or `source` writes to `target`; `sure` from 0 to 1; `why` in words."""

    source: str
    target: str
    sure: float
    why: str


@evidence_tool("Does a function write to what triggers it?", hours=3)
def trigger_loops(look: Look, resource: str = "") -> Found:
    """Find recursive triggers: a function whose output bucket, queue, topic or table also invokes it.

    Joins S3 notifications, event source mappings and SNS subscriptions with environment variables and role policies.

    Args:
        resource: only loops through this function, bucket, queue or topic
    """
    functions = look.pages("lambda", "list_functions", "Functions")
    triggers, caveat = _triggers(look)
    triggered = {edge.target for edge in triggers}
    sources = sorted({edge.source for edge in triggers})
    writers = [f for f in functions if f["FunctionName"] in triggered]
    writes = [edge for function in writers for edge in _by_environment(function, sources)]
    granted = gather({f["FunctionName"]: partial(_by_role, look, f, sources) for f in writers[:MAX_ROLES]})
    writes += [edge for edges in granted.results.values() for edge in edges]
    findings = [_finding(loop) for loop in _loops(triggers, writes) if not resource or _touches(loop, resource)]
    caveat += granted.caveat
    if not findings:
        about = f" through {resource}" if resource else ""
        looked = f"{count(len(functions), 'function')} and {count(len(triggers), 'trigger')} were compared"
        return Found(f"No function writes to what triggers it{about}; {looked}.{caveat}", no_data=True)
    summary = " ".join(finding.statement for finding in findings[:3])
    return Found(summary[:800] + caveat, findings, console.lambda_function(look.aws, findings[0].resource))


def _triggers(look: Look) -> tuple[list[Edge], str]:
    """Everything that starts a function, a bucket reached through a topic or queue included."""
    reads: dict[str, Callable[[], list[Edge]]] = {
        "event sources": lambda: _event_sources(look),
        "subscriptions": lambda: _subscriptions(look),
        "buckets": lambda: _notified(look),
    }
    read = gather(reads)
    return [edge for edges in read.results.values() for edge in edges], read.caveat


def _event_sources(look: Look) -> list[Edge]:
    mappings = look.pages("lambda", "list_event_source_mappings", "EventSourceMappings")
    return [
        Edge(
            bare_name(m["EventSourceArn"]),
            bare_name(m["FunctionArn"]),
            1.0,
            f"{bare_name(m['EventSourceArn'])} invokes it",
        )
        for m in mappings
        if m.get("EventSourceArn") and m.get("State", "Enabled") != "Disabled"
    ]


def _subscriptions(look: Look) -> list[Edge]:
    subscriptions = look.pages("sns", "list_subscriptions", "Subscriptions")
    return [
        Edge(
            bare_name(s["TopicArn"]), bare_name(s["Endpoint"]), 1.0, f"topic {bare_name(s['TopicArn'])} delivers to it"
        )
        for s in subscriptions
        if s["Protocol"] in ("lambda", "sqs")
    ]


def _notified(look: Look) -> list[Edge]:
    buckets = [bucket["Name"] for bucket in look.pages("s3", "list_buckets", "Buckets")][:MAX_BUCKETS]
    read = gather({bucket: partial(notifications, look, bucket) for bucket in buckets}) if buckets else None
    return [
        Edge(
            bucket, bare_name(arn), 1.0, f"{event} in bucket {bucket}{f' under {prefix}' if prefix else ''} invokes it"
        )
        for bucket, notified in (read.results.items() if read else ())
        for arn, prefix, event in notified
    ]


def _by_environment(function: dict[str, Any], sources: Sequence[str]) -> Iterator[Edge]:
    """Writes that the environment variables of a function suggest: an output is surer than just a name."""
    name = function["FunctionName"]
    for key, value in function.get("Environment", {}).get("Variables", {}).items():
        for source in sources:
            if bare_name(value) != source and source not in re.split(r"[/,;: ]", value):
                continue
            if re.search(r"IN(PUT)?_|SOURCE|_FROM", key.upper()):
                continue
            output = re.search(r"OUT|DEST|TARGET|RESULT|WRITE|PUBLISH", key.upper()) is not None
            yield Edge(name, source, 0.9 if output else 0.6, f"its {key} names {source}")


def _by_role(look: Look, function: dict[str, Any], sources: Sequence[str]) -> list[Edge]:
    """Writes that the role of a function allows on exactly one of the sources."""
    role = bare_name(function.get("Role", ""))
    names = look.pages("iam", "list_role_policies", "PolicyNames", RoleName=role)
    documents = [look.call("iam", "get_role_policy", RoleName=role, PolicyName=n)["PolicyDocument"] for n in names]
    edges: list[Edge] = []
    for document in documents:
        for action, resource in _allowed(document):
            target = bare_name(resource)
            if _WRITES.match(action) and target in sources:
                edges.append(Edge(function["FunctionName"], target, 0.6, f"its role may {action} there"))
    return edges


def _allowed(document: Any) -> Iterator[tuple[str, str]]:
    parsed = json.loads(unquote(document)) if isinstance(document, str) else document
    for statement in _many(parsed.get("Statement")):
        if statement.get("Effect") == "Allow":
            for action in _many(statement.get("Action")):
                for resource in _many(statement.get("Resource")):
                    yield action, resource


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _loops(triggers: Sequence[Edge], writes: Sequence[Edge]) -> list[list[Edge]]:
    """Cycles of at most MAX_HOPS edges, each once, the surest first."""
    following: dict[str, list[Edge]] = {}
    for edge in [*triggers, *writes]:
        following.setdefault(edge.source, []).append(edge)
    found: dict[frozenset[str], list[Edge]] = {}

    def walk(path: list[Edge]) -> None:
        for edge in following.get(path[-1].target, []):
            if edge.target == path[0].source:
                loop = [*path, edge]
                key = frozenset(e.source for e in loop)
                if _sureness(loop) > (_sureness(found[key]) if key in found else 0):
                    found[key] = loop
            elif len(path) < MAX_HOPS - 1 and edge.target not in {e.source for e in path}:
                walk([*path, edge])

    for edge in writes:
        walk([edge])
    return sorted(found.values(), key=lambda loop: -_sureness(loop))


def _sureness(loop: Sequence[Edge]) -> float:
    product = 1.0
    for edge in loop:
        product *= edge.sure
    return product


def _touches(loop: Sequence[Edge], resource: str) -> bool:
    return any(matches(edge.source, resource) for edge in loop)


def _finding(loop: Sequence[Edge]) -> Finding:
    first = loop[0]
    way = " -> ".join([*(edge.source for edge in loop), first.source])
    return Finding(
        kind="trigger_loop",
        statement=f"{first.source} feeds itself ({way}): {'; '.join(edge.why for edge in loop)}.",
        strength=round(min(0.5 + 0.5 * _sureness(loop), 0.95), 3),
        resource=first.source,
        attributes={"function": first.source, "source": loop[-1].source, "path": way, "service": "lambda"},
    )


TOOLS: tuple[BaseTool, ...] = (trigger_loops,)
