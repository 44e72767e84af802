"""What changed before trouble began: CloudTrail's write calls and everything that was rolled out, ranked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.changes import FRESH_MINUTES, Change, RankedChange, nearness, rank, unique
from agent.errors import RetryLater
from agent.figures import count, duration
from agent.models import Finding, Table, TimeRange
from agent.times import clock_time, parse_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.infra import rollouts
from tools.evidence.infra.change_groups import grouped, in_words
from tools.evidence.infra.differences import changed_by
from tools.evidence.infra.trail import Trail, calls_on, write_calls
from tools.evidence.metrics.reader import find_lines
from tools.evidence.metrics.series import compare, onset_of, refine
from tools.evidence.names import bare_name, service_key, service_of_id
from tools.evidence.partial import gather

DAY = timedelta(days=1)
FRESH = timedelta(minutes=FRESH_MINUTES)
LOOK_BACK = timedelta(hours=24)
AFTER_ONSET = timedelta(minutes=15)
NOTABLE = 0.15
NEAR_ENOUGH = 0.6
MAX_SHOWN = 8
ALL_CALLS = "write calls"
PERIOD = timedelta(minutes=5)


@evidence_tool("What changed[ on {resource}][ before {onset}]?", hours=24)
def recent_changes(look: Look, resource: str = "", service: str = "", onset: str = "") -> Found:
    """Write calls (CloudTrail) and rollouts (Lambda, ECS, CodeDeploy, stacks, API stages), the likeliest cause first.

    Ranking: how shortly before the onset, how near to the resource, what kind of change; routine calls rank low.

    Args:
        resource: name or ARN of what is in trouble; empty for the whole account
        service: such as lambda, ecs or rds
        onset: ISO time when the trouble began; taken from the resource's metrics when empty
    """
    name = bare_name(resource)
    service = service_key(service) or service_of_id(name) or service
    began, fresh = _began(look, name, service, onset)
    if began is None:  # what changed in a range: none of it is staler than the rest
        fresh = look.window.end - look.window.start
    start, end = _span(look, began, fresh)
    read = gather(_reads(look, resource, service_key(service), start, end))
    found = [change for trail in read.results.values() for change in trail.changes]
    changes = list({_key(c): c for c in found if start <= c.at <= end}.values())
    place = {"account": look.aws.account, "region": look.aws.region}
    ranked = unique(rank(changes, began, name, service, look.now, fresh / timedelta(minutes=1), **place))
    notable = [r for r in grouped(ranked) if r.score >= NOTABLE][:MAX_SHOWN]
    if ALL_CALLS in read.errors and not notable:
        raise read.errors[ALL_CALLS]  # nothing was seen, but then nobody looked: a gap
    link = console.cloudtrail(look.aws, name, look.window)
    untouched = bool(name) and not any(nearness(r.change, name, "") >= NEAR_ENOUGH for r in notable)
    quiet = [_no_change(look, name, start, end)] if untouched or not notable else []
    if ALL_CALLS not in read.results:
        quiet = []
    findings = [*(_finding(look, r, by_day=began is not None and fresh == DAY) for r in notable), *quiet]
    when = f" before the onset at {clock_time(began, look.now)}" if began and fresh == FRESH else ""
    first = (
        quiet[0].statement if quiet else f"Likeliest{when}: {findings[0].statement}" if findings else "None matters."
    )
    span = f"between {clock_time(start, look.now)} and {clock_time(end, look.now)}"
    caveat = read.caveat + "".join(dict.fromkeys(trail.caveat for trail in read.results.values()))
    told = f"{count(len(changes), 'change')} {span}. {first}"[:800] + caveat
    return Found(told, findings, link, tables=_table(notable, look.now))


def _table(notable: list[RankedChange], now: datetime) -> list[Table]:
    """When, who, what, on what; the likeliest cause first. Of one change a sentence says it all."""
    rows = tuple(
        (
            clock_time(r.change.at, now),
            r.change.principal.split(" (role ")[0] or "not known",
            _what(r.change),
            (r.change.resources or (r.change.service,))[0],
        )
        for r in notable
    )
    columns = ("When", "Who", "What", "On what")
    return [Table(title="Changes, the likeliest first", columns=columns, rows=rows)] if len(rows) > 1 else []


def _what(change: Change) -> str:
    """`Version 4 (UpdateFunctionCode, PublishVersion, …)`, or the calls."""
    events = change.event.split(", ")
    calls = ", ".join(events[:2]) + (", …" if len(events) > 2 else "")
    if not change.deployment:
        return calls
    version = f"Version {change.version}" if change.version.isdigit() else change.version
    return f"{version} ({calls})" if calls else version


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
        onset = onset_of(refine(own, compare(own, lines[:20], PERIOD)[:3], PERIOD))
        look.api_calls = own.api_calls  # what the other window took counts too
    except (ClientError, RetryLater):
        return None
    return onset


def _span(look: Look, onset: datetime | None, fresh: timedelta) -> tuple[datetime, datetime]:
    """The range to read: a day and more up to shortly after the onset, or the window when no onset is known."""
    if onset is None:
        return look.window.start, look.window.end
    return min(look.window.start, onset - LOOK_BACK - fresh), min(onset + AFTER_ONSET, look.window.end)


def _reads(look: Look, resource: str, service: str, start: datetime, end: datetime) -> dict[str, Callable[[], Trail]]:
    """Calls on the resource first, so that no busy account hides them; then all calls, and what was rolled out."""
    name = bare_name(resource)
    reads: dict[str, Callable[[], Trail]] = {}
    if name:
        reads["calls on the resource"] = partial(calls_on, look, start, end, name)
    if name and resource != name and resource.startswith("arn:"):
        reads["calls on its ARN"] = partial(calls_on, look, start, end, resource)
    reads[ALL_CALLS] = partial(write_calls, look, start, end)
    reads |= rollouts.readers(look, rollouts.Wanted(name, service, start, end))
    return reads


def _key(change: Change) -> tuple[object, ...]:
    return change.at, change.event, change.principal, change.resources, change.version


def _finding(look: Look, ranked: RankedChange, by_day: bool) -> Finding:
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
        "cluster": change.cluster,
        "minutes_before_onset": "" if minutes is None or by_day else f"{minutes:.0f}",
        "detail": change.detail,
        "changed": changed,
        "error": change.error,
    }
    if change.deployment:
        version = f"Version {change.version} of {what}" if change.version.isdigit() else f"{change.version} for {what}"
        by = f" by {change.principal}" if change.principal else ""
        statement = f"{version} was rolled out{by} {when}" + (f" ({change.detail})" if change.detail else "")
    else:
        failed = f", which failed with {change.error}" if change.error else ""
        statement = f"{change.principal} called {in_words(change.event)} on {what} {when}{failed}"
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


def _when(ranked: RankedChange, now: datetime, by_day: bool) -> str:
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
