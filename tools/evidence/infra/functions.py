"""Lambda functions: configuration, versions, aliases, concurrency, triggers, where failures go and how many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.changes import Change
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Look
from tools.evidence.infra import concurrency
from tools.evidence.infra.differences import changed_by
from tools.evidence.infra.inventory import Item
from tools.evidence.infra.state import Described, recent_strength, state_finding
from tools.evidence.infra.throttling import throttles
from tools.evidence.metrics.reader import find_lines
from tools.evidence.metrics.series import compare, finding_of
from tools.evidence.names import bare_name
from tools.evidence.partial import gather

LOST = frozenset({"AsyncEventsDropped", "DeadLetterErrors", "DestinationDeliveryFailures"})
PERIOD = timedelta(minutes=5)
NOTABLE = 0.3


def describe(look: Look, item: Item) -> Described:
    name = item.name
    reads: dict[str, Callable[[], Any]] = {
        "configuration": lambda: look.call("lambda", "get_function_configuration", FunctionName=name),
        "concurrency": lambda: look.call("lambda", "get_function_concurrency", FunctionName=name),
        "provisioned concurrency": lambda: concurrency.provisioned(look, name),
        "account limits": lambda: look.call("lambda", "get_account_settings")["AccountLimit"],
        "asynchronous invocation": lambda: asynchronous(look, name),
        "aliases": lambda: look.pages("lambda", "list_aliases", "Aliases", FunctionName=name),
        "sources": lambda: look.pages("lambda", "list_event_source_mappings", "EventSourceMappings", FunctionName=name),
        "versions": lambda: versions(look, name),
        "throttles": lambda: throttles(look, item),
        "lost events": lambda: lost_events(look, item),
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
        "provisioned_concurrency": [concurrency.in_words(p) for p in got.get("provisioned concurrency", [])],
        "unreserved_in_account": got.get("account limits", {}).get("UnreservedConcurrentExecutions"),
        "dead_letter": bare_name(settings.get("DeadLetterConfig", {}).get("TargetArn", "")),
        "failed_events_go_to": got.get("asynchronous invocation", ""),
        "triggered_by": [_source(mapping) for mapping in got.get("sources", [])],
        "environment": sorted(settings.get("Environment", {}).get("Variables", {})),
        "role": bare_name(settings.get("Role", "")),
    }
    findings = [state_finding(item, facts, modified(settings))]
    findings += [_deployment(look, name, change) for change in got.get("versions", [])[-1:]]
    findings += [*got.get("throttles", []), *got.get("lost events", [])]
    findings += [f for p in got.get("provisioned concurrency", []) if (f := concurrency.failed(item, p))]
    findings += [f for mapping in got.get("sources", []) if (f := _ailing_source(item, mapping))]
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


def asynchronous(look: Look, name: str) -> str:
    """Where events go whose asynchronous processing failed for good; empty when nowhere."""
    configured = look.pages(
        "lambda", "list_function_event_invoke_configs", "FunctionEventInvokeConfigs", FunctionName=name
    )
    places = [c.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "") for c in configured]
    return ", ".join(dict.fromkeys(bare_name(place) for place in places if place))


def lost_events(look: Look, item: Item) -> list[Finding]:
    """Asynchronous events that were dropped, or could not even be put where failures go."""
    lines = [x for x in find_lines(look, "lambda", item.name) if x.metric.name in LOST and x.resource == item.name]
    seen = [s for s in compare(look, lines, PERIOD) if s.shift.direction == "rise" and s.score >= NOTABLE]
    return [finding_of(s, look.now) for s in seen]


def _ailing_source(item: Item, mapping: dict[str, Any]) -> Finding | None:
    """An event source mapping that is off, or whose last batch went wrong."""
    state, result = mapping.get("State", ""), mapping.get("LastProcessingResult", "OK")
    source = bare_name(mapping.get("EventSourceArn", ""))
    reason = mapping.get("StateTransitionReason", "")
    if result.startswith(("OK", "No records")) and state in ("Enabled", "Enabling", "Creating", "Updating", ""):
        return None
    off = not state.startswith("Enabl")
    said = f" ({reason})" if reason else ""
    text = f"{source} no longer invokes {item.name}: its mapping is {state}{said}."
    if not off:
        text = f"The last batch from {source} to {item.name} went wrong: {result}."
    details = {"function": item.name, "source": source, "state": state, "result": result[:160], "service": "lambda"}
    return Finding(
        kind="trigger_failing", statement=text, strength=0.7 if off else 0.65, resource=item.name, attributes=details
    )


def _source(mapping: dict[str, Any]) -> str:
    state = mapping.get("State", "")
    return f"{bare_name(mapping.get('EventSourceArn', ''))} (batch {mapping.get('BatchSize')}, {state.lower()})"
