"""What changed before trouble began: CloudTrail's write calls, Lambda versions and ECS deployments, ranked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.changes import FRESH_MINUTES, Change, Ranked, nearness, rank, unique
from agent.figures import count, duration
from agent.models import Finding, TimeRange
from agent.times import clock_time, parse_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.infra import containers, functions
from tools.evidence.infra.differences import changed_by
from tools.evidence.infra.inventory import Item, inventory
from tools.evidence.metric_reader import find_lines
from tools.evidence.names import bare_name, matches, service_key, service_of_id
from tools.evidence.partial import gather
from tools.evidence.series import compare, onset_of, refine
from tools.evidence.trail import write_calls

DAY = timedelta(days=1)
FRESH = timedelta(minutes=FRESH_MINUTES)
LOOK_BACK = timedelta(hours=24)
AFTER_ONSET = timedelta(minutes=15)
NOTABLE = 0.15
NEAR_ENOUGH = 0.6
MAX_SHOWN = 8
MAX_FUNCTIONS = 12
MAX_SERVICES = 50
PERIOD = timedelta(minutes=5)


@evidence_tool("What changed on {resource} before the trouble began?", hours=24)
def recent_changes(look: Look, resource: str = "", service: str = "", onset: str = "") -> Found:
    """Write calls (CloudTrail), Lambda versions and ECS deployments, ranked by how well they explain the trouble.

    Ranking: how shortly before the onset, how near to the resource, what kind of change; routine calls rank low.

    Args:
        resource: name or ARN of what is in trouble; empty for the whole account
        service: such as lambda, ecs or rds
        onset: ISO time when the trouble began; taken from the resource's metrics when empty
    """
    name = bare_name(resource)
    service = service_key(service) or service_of_id(name) or service
    began, fresh = _began(look, name, service, onset)
    start, end = _span(look, began, fresh)
    reads: dict[str, Callable[[], list[Change]]] = {
        "write calls": partial(write_calls, look, start, end, {"AttributeKey": "ReadOnly", "AttributeValue": "false"}),
        "Lambda versions": partial(_lambda_versions, look, name, service, start),
        "ECS deployments": partial(_ecs_deployments, look, name, service, start),
    }
    if name:
        about = {"AttributeKey": "ResourceName", "AttributeValue": name}
        reads["calls on the resource"] = partial(write_calls, look, start, end, about)
    read = gather(reads)
    changes = list({_key(c): c for found in read.results.values() for c in found if start <= c.at <= end}.values())
    ranked = unique(rank(changes, began, name, service, look.now, fresh / timedelta(minutes=1)))
    notable = [r for r in ranked if r.score >= NOTABLE][:MAX_SHOWN]
    link = console.cloudtrail(look.aws, name, look.window)
    untouched = bool(name) and not any(nearness(r.change, name, "") >= NEAR_ENOUGH for r in notable)
    quiet = [_no_change(look, name, start, end)] if untouched or not notable else []
    if "write calls" in read.caveat:
        quiet = []
    findings = [*(_finding(look, r, by_day=fresh == DAY) for r in notable), *quiet]
    when = f" before the onset at {clock_time(began, look.now)}" if began and fresh == FRESH else ""
    first = (
        quiet[0].statement if quiet else f"Likeliest{when}: {findings[0].statement}" if findings else "None matters."
    )
    span = f"between {clock_time(start, look.now)} and {clock_time(end, look.now)}"
    return Found(f"{count(len(changes), 'change')} {span}. {first}"[:800] + read.caveat, findings, link)


def _began(look: Look, name: str, service: str, onset: str) -> tuple[datetime | None, timedelta]:
    """When trouble began, and how far back a change is fresh. Costs know only the day, so metrics may say it better."""
    given = parse_time(onset, look.now) if onset else None
    if given and given.time() != time():
        return given, FRESH
    measured = _onset_from_metrics(look, name, service, given or look.window.start)
    if given is None or (measured and given <= measured < given + DAY):
        return measured, FRESH
    return min(given + DAY, look.now), DAY


def _onset_from_metrics(look: Look, name: str, service: str, since: datetime) -> datetime | None:
    """When the resource's own metrics began to depart; None without a resource, metrics or departure."""
    if not name:
        return None
    try:
        lines = find_lines(look, service, name) or find_lines(look, "", name)
        own = replace(look, window=TimeRange(start=min(since, look.window.start), end=look.window.end))
        return onset_of(refine(own, compare(own, lines[:20], PERIOD)[:3], PERIOD))
    except ClientError:
        return None


def _span(look: Look, onset: datetime | None, fresh: timedelta) -> tuple[datetime, datetime]:
    """The range to read: a day and more up to shortly after the onset, or the window when no onset is known."""
    if onset is None:
        return look.window.start, look.window.end
    return min(look.window.start, onset - LOOK_BACK - fresh), min(onset + AFTER_ONSET, look.window.end)


def _key(change: Change) -> tuple[object, ...]:
    return change.at, change.event, change.principal, change.resources, change.version


def _lambda_versions(look: Look, name: str, service: str, start: datetime) -> list[Change]:
    if service and service_key(service) != "lambda":
        return []
    items = look.pages("lambda", "list_functions", "Functions")
    chosen = [f for f in items if name and matches(f["FunctionName"], name)]
    if not name:
        modified = [(functions.modified(f), f) for f in items]
        chosen = [f for at, f in modified if at and at >= start]
    found: list[Change] = []
    for function in chosen[:MAX_FUNCTIONS]:
        found += [change for change in functions.versions(look, function["FunctionName"]) if change.at >= start]
    return found


def _ecs_deployments(look: Look, name: str, service: str, start: datetime) -> list[Change]:
    if service and service_key(service) != "ecs":
        return []
    items = inventory(look, "ecs").results.get("ecs", [])
    chosen = [item for item in items if not name or matches(item.name, name)][:MAX_SERVICES]
    by_cluster: dict[str, list[Item]] = {}
    for item in chosen:
        by_cluster.setdefault(item.parent, []).append(item)
    found: list[Change] = []
    for cluster, members in by_cluster.items():
        for batch in (members[i : i + 10] for i in range(0, len(members), 10)):
            reply = look.call("ecs", "describe_services", cluster=cluster, services=[m.name for m in batch])
            found += [change for described in reply["services"] for change in containers.deployments(described)]
    return [change for change in found if change.at >= start]


def _finding(look: Look, ranked: Ranked, by_day: bool) -> Finding:
    change, minutes = ranked.change, ranked.minutes_before
    what = ", ".join(change.resources[:2]) or change.service
    when = _when(ranked, look.now, by_day)
    changed = changed_by(look, change)
    details = {
        "event": change.event,
        "principal": change.principal,
        "service": change.service,
        "version": change.version,
        "previous": change.previous,
        "minutes_before_onset": "" if minutes is None or by_day else f"{minutes:.0f}",
        "detail": change.detail,
        "changed": changed,
        "error": change.error,
    }
    if change.deployment:
        version = f"Version {change.version} of {what}" if change.version.isdigit() else f"{change.version} for {what}"
        statement = f"{version} was rolled out {when}" + (f" ({change.detail})" if change.detail else "")
    else:
        failed = f", which failed with {change.error}" if change.error else ""
        statement = f"{change.principal} called {change.event} on {what} {when}{failed}"
    before = f" over {change.previous}" if change.previous else ""
    statement += f"; it changed{before}: {changed}." if changed else "."
    return Finding(
        kind="deployment" if change.deployment else "change_before_onset",
        statement=statement,
        strength=ranked.score,
        at=change.at,
        resource=change.resources[0] if change.resources else "",
        attributes={key: value for key, value in details.items() if value},
    )


def _when(ranked: Ranked, now: datetime, by_day: bool) -> str:
    at, minutes = clock_time(ranked.change.at, now), ranked.minutes_before
    if by_day:
        return f"at {at}, about the day on which it began"
    if minutes is None:
        return f"at {at}"
    return f"at {at}, {duration(abs(minutes) * 60)} {'before' if minutes >= 0 else 'after'} the onset"


def _no_change(look: Look, name: str, start: datetime, end: datetime) -> Finding:
    about = f" on {name}" if name else " that matters"
    span = f"between {clock_time(start, look.now)} and {clock_time(end, look.now)}"
    return Finding(
        kind="no_change",
        statement=f"There was no write call or deployment{about} {span}.",
        strength=0.45,
        resource=name,
    )


TOOLS: tuple[BaseTool, ...] = (recent_changes,)
