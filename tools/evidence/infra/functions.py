"""Lambda functions: configuration, versions and aliases, what triggers them, where failures go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from agent.changes import Change
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Look
from tools.evidence.infra.differences import changed_by
from tools.evidence.infra.inventory import Item
from tools.evidence.infra.state import Described, recent_strength, state_finding
from tools.evidence.infra.throttling import throttles
from tools.evidence.names import bare_name
from tools.evidence.partial import gather


def describe(look: Look, item: Item) -> Described:
    name = item.name
    reads: dict[str, Callable[[], Any]] = {
        "configuration": lambda: look.call("lambda", "get_function_configuration", FunctionName=name),
        "concurrency": lambda: look.call("lambda", "get_function_concurrency", FunctionName=name),
        "aliases": lambda: look.pages("lambda", "list_aliases", "Aliases", FunctionName=name),
        "sources": lambda: look.pages("lambda", "list_event_source_mappings", "EventSourceMappings", FunctionName=name),
        "versions": lambda: versions(look, name),
        "throttles": lambda: throttles(look, item),
    }
    read = gather(reads)
    got = read.results
    settings: dict[str, Any] = got.get("configuration", item.raw)
    facts = {
        "runtime": settings.get("Runtime"),
        "memory_mb": settings.get("MemorySize"),
        "timeout_s": settings.get("Timeout"),
        "last_modified": modified(settings),
        "aliases": {a["Name"]: a["FunctionVersion"] for a in got.get("aliases", [])},
        "reserved_concurrency": got.get("concurrency", {}).get("ReservedConcurrentExecutions"),
        "dead_letter": bare_name(settings.get("DeadLetterConfig", {}).get("TargetArn", "")),
        "triggered_by": [_source(mapping) for mapping in got.get("sources", [])],
        "environment": sorted(settings.get("Environment", {}).get("Variables", {})),
        "role": bare_name(settings.get("Role", "")),
    }
    findings = [state_finding(item, facts, modified(settings))]
    findings += [_deployment(look, name, change) for change in got.get("versions", [])[-1:]]
    findings += got.get("throttles", [])
    return Described(findings, console.lambda_function(look.aws, name), read.caveat)


def versions(look: Look, name: str) -> list[Change]:
    """Published versions, oldest first, each as a deployment."""
    listed = look.pages("lambda", "list_versions_by_function", "Versions", limit=500, FunctionName=name)
    published = [v for v in listed if v["Version"] != "$LATEST"]
    published.sort(key=lambda v: int(v["Version"]))
    changes: list[Change] = []
    previous = ""
    for version in published:
        at = modified(version)
        if at:
            changes.append(
                Change(
                    at=at,
                    event="PublishVersion",
                    service="lambda",
                    principal="",
                    resources=(name,),
                    detail=version.get("Description", ""),
                    deployment=True,
                    version=version["Version"],
                    previous=previous,
                )
            )
        previous = version["Version"]
    return changes


def modified(settings: dict[str, Any]) -> datetime | None:
    """`LastModified` of a function, which comes as 2026-11-18T14:17:03.000+0000."""
    text = settings.get("LastModified", "")
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except ValueError:
        return None


def _deployment(look: Look, name: str, change: Change) -> Finding:
    changed = changed_by(look, change)
    details = "; ".join(part for part in (change.detail, f"changed {changed}" if changed else "") if part)
    what = f" ({details})" if details else ""
    before = f", after version {change.previous}" if change.previous else ""
    when = clock_time(change.at, look.now)
    facts = {"version": change.version, "previous": change.previous, "service": "lambda", "changed": changed}
    return Finding(
        kind="deployment",
        statement=f"Version {change.version} of {name}{what} was published at {when}{before}.",
        strength=recent_strength(change.at, look.now),
        at=change.at,
        resource=name,
        attributes={key: text for key, text in facts.items() if text},
    )


def _source(mapping: dict[str, Any]) -> str:
    state = mapping.get("State", "")
    return f"{bare_name(mapping.get('EventSourceArn', ''))} (batch {mapping.get('BatchSize')}, {state.lower()})"
