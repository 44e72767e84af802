"""What the logs say by themselves: errors by pattern, and what is new since an onset."""

from __future__ import annotations

import contextvars
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError
from langchain_core.tools import BaseTool

from agent.errors import BudgetExceeded
from agent.log_lines import LogLine
from agent.log_patterns import NO_CHANCE, WORTH_SHOWING, Change, LogPattern, burst, compare, patterns, vanished
from agent.models import Finding, TimeRange
from agent.times import clock_time, parse_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.drawing import counted
from tools.evidence.logs.findings import (
    error_findings,
    group_of,
    pattern_attributes,
    pattern_table,
    resource_of,
    shortened,
)
from tools.evidence.logs.insights import MAX_GROUPS, error_counts_query, group_of_log, run_query
from tools.evidence.logs.reader import (
    ERROR_PATTERN,
    MAX_GROUPS_READ,
    Reading,
    names_of,
    no_groups,
    read,
)
from tools.evidence.logs.sources import search
from tools.evidence.partial import explain

DAY = timedelta(days=1)
DAILY_SHARE = 0.5
DAILY_WEIGHT = 0.4
"""What came at least that share as often at the same time yesterday happens every day, and counts for so much less."""
MAX_PATTERNS = 8
MAX_GROUPS_SCANNED = 200
MAX_GROUPS_COMPARED = 2
MAX_LINKED = 5
HARDLY = 0.05
"""Times a minute: three an hour."""
READ_BEFORE = timedelta(hours=3)
READ_AFTER = timedelta(hours=6)
"""How much is read around an onset, at most: a busy function writes a million lines in two days."""


@evidence_tool("Which errors are in the logs[ of {resource}]?", hours=3)
def log_errors(look: Look, resource: str = "", service: str = "", log_group: str = "", onset: str = "") -> Found:
    """Error patterns in CloudWatch Logs, each with its count, onset and a sample: exceptions, timeouts, refusals.

    Without a resource it scans the account's log groups (of the service, if given) for where errors rose.

    Args:
        resource: a name, part of a name, or an ARN of a function, container service, database, API, ...
        service: the AWS service in lower case, such as lambda, ecs, rds, apigateway
        log_group: a log group, or part of its name
        onset: when trouble began, if known; the range then starts an hour earlier at the latest
    """
    span = _from_before(look, onset)
    found = search(look, resource, service, log_group)
    groups = list(found.groups)
    if not groups:
        return no_groups(look, log_group or resource or service, found)
    groups, note = _narrowed(look, groups, span, MAX_GROUPS_READ)
    now_lines = read(look, groups, span, ERROR_PATTERN, slices=6 if len(groups) < 3 else 3)
    note += found.note
    now_lines.failed()
    day_before = read(look, groups, TimeRange(start=span.start - DAY, end=span.end - DAY), ERROR_PATTERN, slices=1)
    findings, shown = _findings_by_group(now_lines, day_before, span, look.now)
    if not findings:
        return _quiet(look, groups, span, f"{now_lines.caveat}{note}")
    summary = (
        f"{len(now_lines.lines):,} lines that may tell of trouble in {names_of(groups)}. Worst: {findings[0].statement}"
    )
    link = _linked(look, findings, groups[0], span)
    charts = counted("Errors in the logs", {shortened(p): p.times for p in shown}, span)
    told = f"{summary}{now_lines.caveat}{note}"
    return Found(told, findings, link, charts=charts, tables=pattern_table(shown, look.now))


@evidence_tool("What is new in the logs[ of {resource}][ since {onset}]?", hours=3)
def log_changes(look: Look, resource: str = "", service: str = "", log_group: str = "", onset: str = "") -> Found:
    """Log patterns that are new, far more frequent, or gone since the onset, against the time before it and yesterday.

    Args:
        resource: a name, part of a name, or an ARN of a function, container service, database, ...
        service: the AWS service in lower case
        log_group: a log group, or part of its name
        onset: when trouble began; by default when errors rose, or else the last third of the range
    """
    found = search(look, resource, service, log_group)
    groups = list(found.groups)
    if not groups:
        return no_groups(look, log_group or resource or service, found)
    groups, note = _narrowed(look, groups, look.window, MAX_GROUPS_COMPARED)
    began = parse_time(onset, look.now) if onset else _onset_of_errors(look, groups)
    late = TimeRange(start=began, end=min(max(look.window.end, began + timedelta(minutes=10)), began + READ_AFTER))
    early = TimeRange(start=max(min(look.window.start, began - timedelta(hours=1)), began - READ_BEFORE), end=began)
    look.window = TimeRange(start=early.start, end=late.end)
    after, before = read(look, groups, late), read(look, groups, early)
    yesterday = read(look, groups, TimeRange(start=late.start - DAY, end=late.end - DAY), slices=3)
    note += found.note
    after.failed()
    every = patterns([*before.lines, *yesterday.lines, *after.lines])
    new = compare(every, began, before.minutes + yesterday.minutes, after.minutes)[:MAX_PATTERNS]
    usual = Usual.of(every, early, before, yesterday)
    lately = [recent for pattern in every if (recent := pattern.since(early.start))]
    # Where lines were left out, that a pattern is not among the rest says nothing.
    gone = [] if after.cut else vanished(lately, began, before.minutes, after.minutes)[:2]
    findings = [_change_finding(change, usual, look.now) for change in new]
    findings.sort(key=lambda finding: -finding.strength)
    findings += [_gone_finding(change, look.now) for change in gone]
    link = console.log_events(look.aws, groups[0], "", late)
    if not findings:
        text = f"No pattern in {names_of(groups)} is new or more frequent since {clock_time(began, look.now)}"
        quiet = Finding(kind="log_quiet", statement=f"{text}.", strength=0.35, resource=resource_of(groups[0])[1])
        return Found(f"{text} ({len(after.lines):,} lines read).{after.caveat}{note}", [quiet], link)
    summary = f"New or more frequent patterns since {clock_time(began, look.now)}: {len(new)}; stopped: {len(gone)}. "
    shown = [change.pattern for change in new]
    charts = counted("Log lines", {shortened(p): p.times for p in shown}, look.window)
    told = f"{summary}{findings[0].statement}{after.caveat}{note}"
    return Found(told, findings, link, charts=charts, tables=pattern_table(shown, look.now))


def _linked(look: Look, findings: Sequence[Finding], group: str, span: TimeRange) -> str:
    """The lines in the console: of the one group in which something was found, or of the first few together."""
    told = list(dict.fromkeys(f.attributes.get("log_group", group) for f in findings))
    if len(told) < 2:
        return console.log_events(look.aws, told[0] if told else group, ERROR_PATTERN, span)
    pattern = ERROR_PATTERN.strip("%")
    query = f"fields @timestamp, @log, @message | filter @message like /{pattern}/ | sort @timestamp desc"
    return console.logs_insights(look.aws, query, told[:MAX_LINKED], span)


def _from_before(look: Look, onset: str) -> TimeRange:
    """The range to read, with the onset in it. When trouble began days ago, its first hours tell enough."""
    if not onset:
        return look.window
    began = parse_time(onset, look.now)
    start = max(min(look.window.start, began - timedelta(hours=1)), began - READ_BEFORE)
    look.window = TimeRange(start=start, end=min(max(look.window.end, began), began + READ_AFTER))
    return look.window


def _narrowed(look: Look, groups: Sequence[str], span: TimeRange, most: int) -> tuple[list[str], str]:
    """At most so many groups, those whose errors rose if there are more; and a note when some were not looked at."""
    if len(groups) <= most:
        return list(groups), ""
    scanned = groups[:MAX_GROUPS_SCANNED]
    scanning = f"Only {len(scanned)} of {len(groups)}" if len(groups) > len(scanned) else f"All {len(groups)}"
    note = f" {scanning} log groups were scanned for where errors rose."
    try:
        return _where_errors_rose(look, scanned, span)[:most] or list(groups[:most]), note
    except (ClientError, BotoCoreError, BudgetExceeded, ValueError, TimeoutError) as error:
        reason = explain(error) if isinstance(error, (ClientError, BotoCoreError)) else str(error)
        return list(groups[:most]), f" Only {most} of {len(groups)} log groups were read ({reason})."


def _onset_of_errors(look: Look, groups: Sequence[str]) -> datetime:
    span = look.window
    trouble = [p for p in patterns(read(look, groups, span, ERROR_PATTERN).lines) if p.severity >= WORTH_SHOWING]
    bursts = [found for p in trouble if (found := burst(p.times, span.start, span.end)) and found.gain > NO_CHANCE]
    clearest = max(bursts, key=lambda found: found.gain, default=None)
    return clearest.at if clearest else span.start + (span.end - span.start) * 2 / 3


def _where_errors_rose(look: Look, groups: Sequence[str], span: TimeRange) -> list[str]:
    """The groups by how clearly their error rate changed within the range; all that have errors."""
    minutes = max(1, round(span.seconds / 60 / 36))
    query = error_counts_query(minutes)
    parts = [groups[i : i + MAX_GROUPS] for i in range(0, len(groups), MAX_GROUPS)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = [
            pool.submit(contextvars.copy_context().run, run_query, look, query, part, span, 5000) for part in parts
        ]
    rows = [row for answer in answers for row in answer.result().rows]
    times: dict[str, list[datetime]] = defaultdict(list)
    for row in rows:
        at = datetime.fromisoformat(row["at"]).replace(tzinfo=span.start.tzinfo) + timedelta(minutes=minutes / 2)
        times[group_of_log(row["@log"])] += [at] * min(int(float(row["errors"])), 1000)

    def departure(group: str) -> float:
        found = burst(sorted(times[group]), span.start, span.end)
        return found.gain if found else 0.0

    return sorted(times, key=lambda group: (-departure(group), -len(times[group])))


def _findings_by_group(
    reading: Reading, day_before: Reading, span: TimeRange, now: datetime
) -> tuple[list[Finding], list[LogPattern]]:
    """The findings, the strongest first, and the patterns that they are about."""
    by_group: dict[str, list[LogLine]] = defaultdict(list)
    for line in (*day_before.lines, *reading.lines):
        by_group[line.source.split("\t")[0]].append(line)
    findings: list[Finding] = []
    known_as: dict[tuple[str, str], LogPattern] = {}
    for group, members in by_group.items():
        own: list[Finding] = []
        for pattern in patterns(members):
            recent = pattern.since(span.start)
            if recent and pattern.severity >= WORTH_SHOWING:
                known = None if group in day_before.unread else pattern.first < span.start
                known_as[group, shortened(recent)] = recent
                own += error_findings(recent, group, span, known_before=known, now=now)
        # One talkative group must not crowd out the others.
        findings += sorted(own, key=lambda f: -f.strength)[: max(3, MAX_PATTERNS // len(by_group))]
    findings = sorted(findings, key=lambda f: -f.strength)[: MAX_PATTERNS + 2]
    told = (known_as.get((f.attributes.get("log_group", ""), f.attributes.get("pattern", ""))) for f in findings)
    return findings, [pattern for pattern in told if pattern]


def _quiet(look: Look, groups: Sequence[str], span: TimeRange, note: str) -> Found:
    text = (
        f"No errors in {names_of(groups)} from {clock_time(span.start, look.now)} to {clock_time(span.end, look.now)}"
    )
    quiet = Finding(kind="log_quiet", statement=f"{text}.", strength=0.4, resource=resource_of(groups[0])[1])
    return Found(f"{text}.{note}", [quiet], console.log_events(look.aws, groups[0], ERROR_PATTERN, span))


@dataclass(frozen=True)
class Usual:
    """How often each pattern came a minute just before the onset, and in the same hours of the day before.

    `yesterday_known` is whether there is a line of yesterday at all: of a log that is not kept, nothing can be said.
    """

    before: Mapping[tuple[str, str], float]
    yesterday: Mapping[tuple[str, str], float]
    yesterday_known: bool

    @classmethod
    def of(cls, every: Sequence[LogPattern], early: TimeRange, before: Reading, yesterday: Reading) -> Usual:
        rates: tuple[dict[tuple[str, str], float], dict[tuple[str, str], float]] = ({}, {})
        for pattern in every:
            counts = (
                sum(early.start <= at < early.end for at in pattern.times),
                sum(at < early.start for at in pattern.times),
            )
            for rate, count, reading in zip(rates, counts, (before, yesterday), strict=True):
                rate[pattern.template, pattern.exception] = count / max(reading.minutes, 1)
        return cls(*rates, yesterday_known=bool(yesterday.lines))


def _change_finding(change: Change, usual: Usual, now: datetime) -> Finding:
    pattern = change.pattern
    group, key = group_of(pattern), (pattern.template, pattern.exception)
    before, yesterday = usual.before.get(key, 0.0), usual.yesterday.get(key, 0.0)
    daily = usual.yesterday_known and yesterday > change.after * DAILY_SHARE
    how = (
        "is new"
        if change.is_new
        else f"comes {change.after:.2g} times a minute, {_rate_words(before)} before the onset"
    )
    same_time = f", {_rate_words(yesterday) if yesterday else 'not'} at the same time yesterday"
    compared = same_time if usual.yesterday_known else ""
    strength = max(pattern.severity, 0.3) * (1.0 if change.is_new else min(0.4 + change.factor / 25, 0.9))
    return Finding(
        kind="log_new_pattern",
        statement=f"{group}: “{shortened(pattern)}” {how}{compared}, {pattern.count} times since "
        f"{clock_time(pattern.first, now)}.",
        strength=round(min(strength, 0.97) * (DAILY_WEIGHT if daily else 1.0), 2),
        at=pattern.first,
        resource=resource_of(group)[1],
        attributes=pattern_attributes(pattern, group)
        | {"before": f"{before:.3g}", "yesterday": f"{yesterday:.3g}", "rate": f"{change.after:.3g}"},
    )


def _rate_words(rate: float) -> str:
    """Of times a minute: nobody reads 0.0073."""
    return f"{rate:.2g}" if rate >= HARDLY else "hardly any" if rate else "none"


def _gone_finding(change: Change, now: datetime) -> Finding:
    pattern = change.pattern
    group = group_of(pattern)
    return Finding(
        kind="log_pattern_gone",
        statement=f"{group}: “{shortened(pattern)}” came {change.before:.2g} times a minute and stopped at "
        f"{clock_time(pattern.last, now)}.",
        strength=0.55,
        at=pattern.last,
        resource=resource_of(group)[1],
        attributes=pattern_attributes(pattern, group) | {"count": "0"},
    )


TOOLS: tuple[BaseTool, ...] = (log_errors, log_changes)
