"""API Gateway's REST and HTTP APIs: stages, recent deployments, throttling settings, errors and latency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from agent.changes import Change
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Look
from tools.evidence.infra.inventory import Item
from tools.evidence.infra.state import Described, has_failed, recent_strength, state_finding
from tools.evidence.metrics.limits import near_limit
from tools.evidence.metrics.reader import find_lines
from tools.evidence.metrics.series import Seen, compare, finding_of, refine
from tools.evidence.partial import gather

PERIOD = timedelta(minutes=5)
NOTABLE = 0.3
MAX_METRICS = 4


def describe(look: Look, item: Item) -> Described:
    rest = item.type == "rest-api"
    reads: dict[str, Callable[[], Any]] = {
        "stages": lambda: _rest_stages(look, item) if rest else _http_stages(look, item),
        "deployments": lambda: deployments(look, item),
        "metrics": lambda: _metrics(look, item),
    }
    read = gather(reads)
    stages: list[dict[str, Any]] = read.results.get("stages", [])
    seen: list[Seen] = read.results.get("metrics", [])
    facts = {
        "id": item.handle,
        "stages": [stage["name"] for stage in stages],
        "throttling": [f"{s['name']} {_limits(s)}" for s in stages if s["rate"] or s["burst"]] or "the account's",
        "created": item.raw.get("createdDate") or item.raw.get("CreatedDate"),
    }
    findings = [state_finding(item, facts)]
    findings += [_deployment(look, item, change) for change in read.results.get("deployments", [])[-2:]]
    findings += [finding_of(s, look.now) for s in seen if s.score >= NOTABLE][:MAX_METRICS]
    findings += _at_rate_limit(look, stages, seen)
    link = console.rest_api(look.aws, item.handle) if rest else console.http_api(look.aws, item.handle)
    return Described(findings, link, read.caveat)


def deployments(look: Look, item: Item) -> list[Change]:
    """The deployments of an API that it still knows, oldest first."""
    if item.type == "rest-api":
        listed = look.pages("apigateway", "get_deployments", "items", restApiId=item.handle)
        known = [(d["createdDate"], d["id"], d.get("description", ""), "") for d in listed]
    else:
        listed = look.pages("apigatewayv2", "get_deployments", "Items", ApiId=item.handle)
        known = [(d["CreatedDate"], d["DeploymentId"], d.get("Description", ""), _failed(d)) for d in listed]
    changes: list[Change] = []
    previous = ""
    for at, identity, description, failed in sorted(known, key=lambda each: each[0]):
        detail = "; ".join(part for part in (description, failed) if part)
        changes.append(_change(item, at, identity, previous, detail))
        previous = identity
    return changes


def _change(item: Item, at: datetime, identity: str, previous: str, detail: str) -> Change:
    return Change(
        at=at,
        event="CreateDeployment",
        service="apigateway",
        principal="",
        resources=(item.name,),
        detail=detail,
        deployment=True,
        version=identity,
        previous=previous,
    )


def _failed(deployment: dict[str, Any]) -> str:
    if deployment.get("DeploymentStatus") != "FAILED":
        return ""
    return f"failed: {deployment.get('DeploymentStatusMessage') or 'no reason given'}"


def _rest_stages(look: Look, item: Item) -> list[dict[str, Any]]:
    stages = look.call("apigateway", "get_stages", restApiId=item.handle)["item"]
    return [
        {
            "name": stage["stageName"],
            "rate": stage.get("methodSettings", {}).get("*/*", {}).get("throttlingRateLimit"),
            "burst": stage.get("methodSettings", {}).get("*/*", {}).get("throttlingBurstLimit"),
        }
        for stage in stages
    ]


def _http_stages(look: Look, item: Item) -> list[dict[str, Any]]:
    stages = look.pages("apigatewayv2", "get_stages", "Items", ApiId=item.handle)
    return [
        {
            "name": stage["StageName"],
            "rate": stage.get("DefaultRouteSettings", {}).get("ThrottlingRateLimit"),
            "burst": stage.get("DefaultRouteSettings", {}).get("ThrottlingBurstLimit"),
        }
        for stage in stages
    ]


def _limits(stage: dict[str, Any]) -> str:
    return f"{stage['rate'] or '?'}/s, burst {stage['burst'] or '?'}"


def _metrics(look: Look, item: Item) -> list[Seen]:
    """REST APIs are measured by name, HTTP APIs by id."""
    name = item.name if item.type == "rest-api" else item.handle
    lines = [line for line in find_lines(look, "apigateway", name) if line.resource == name]
    return refine(look, compare(look, lines, PERIOD), PERIOD)


def _at_rate_limit(look: Look, stages: Sequence[dict[str, Any]], seen: Sequence[Seen]) -> list[Finding]:
    """Requests a second near the lowest limit of a stage; what is above it is refused with 429, a client error."""
    rates = [(float(stage["rate"]), stage["name"]) for stage in stages if stage["rate"]]
    requests = next((s for s in seen if s.line.metric.name == "Count"), None)
    if not rates or requests is None:
        return []
    limit, name = min(rates)
    found = near_limit(requests, requests.shift.peak / 60, limit, f"requests a second of stage {name}", look)
    return [found] if found else []


def _deployment(look: Look, item: Item, change: Change) -> Finding:
    failed = has_failed(change)
    what = f" ({change.detail})" if change.detail else ""
    details = {"service": "apigateway", "version": change.version, "previous": change.previous}
    if failed:
        details |= {"application": item.name, "error": change.detail[:160]}
    return Finding(
        kind="deployment_failed" if failed else "deployment",
        statement=f"Deployment {change.version} of {item.name} was made at {clock_time(change.at, look.now)}{what}.",
        strength=0.75 if failed else recent_strength(change.at, look.now),
        at=change.at,
        resource=item.name,
        attributes={key: text for key, text in details.items() if text},
    )
