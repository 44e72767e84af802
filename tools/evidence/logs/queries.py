"""What somebody asks of the logs: a search, a query, and which groups there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from langchain_core.tools import BaseTool

from agent.errors import BudgetExceeded
from agent.log_patterns import WORTH_SHOWING, LogPattern, patterns
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.logs.by_query import MAX_LINES, equality, index_command, lines_by_query, with_index
from tools.evidence.logs.findings import conditions, group_of, pattern_attributes, resource_of, shortened
from tools.evidence.logs.insights import MAX_GROUPS, run_query
from tools.evidence.logs.reader import MAX_GROUPS_READ, Reading, names_of, no_groups, read
from tools.evidence.logs.sources import INFREQUENT, Search, search
from tools.evidence.logs.volume import describe_groups

MAX_PATTERNS = 8
MAX_ROWS_SHOWN = 12


@evidence_tool("Where do the logs[ of {resource}] say “{pattern}”?", hours=6)
def log_search(look: Look, pattern: str, resource: str = "", service: str = "", log_group: str = "") -> Found:
    """Search log lines for a text or a CloudWatch filter pattern; counts, first and last occurrence, and samples.

    Args:
        pattern: plain text, or a filter pattern such as `?timeout ?refused`, `{ $.status = 500 }`, `%regex%`
        resource: a name, part of a name, or an ARN
        service: the AWS service in lower case
        log_group: a log group, or part of its name
    """
    found = search(look, resource, service, log_group)
    groups = list(found.groups)[:MAX_GROUPS_READ]
    if not groups:
        return no_groups(look, log_group or resource or service, found)
    wanted = filter_pattern(pattern)
    reading = _by_index(look, groups, pattern) or read(look, groups, look.window, wanted)
    reading.note += found.note + _left_out(found, groups)
    reading.failed()
    link = console.log_events(look.aws, groups[0], wanted, look.window)
    if not reading.lines:
        text = f"No line in {names_of(groups)} matches {wanted}."
        quiet = Finding(kind="log_quiet", statement=text, strength=0.3, resource=resource_of(groups[0])[1])
        return Found(f"{text}{reading.caveat}", [quiet], link, no_data=True)
    findings = [_match_finding(p, look) for p in patterns(reading.lines)[:MAX_PATTERNS]]
    first, last = clock_time(reading.lines[0].at, look.now), clock_time(reading.lines[-1].at, look.now)
    summary = f"{len(reading.lines):,} lines in {names_of(groups)} match {wanted}, from {first} to {last}."
    return Found(f"{summary}{reading.caveat}", findings, link)


@evidence_tool("Logs Insights: {query}", hours=3)
def logs_insights(look: Look, query: str, resource: str = "", service: str = "", log_group: str = "") -> Found:
    """Run a CloudWatch Logs Insights query: fields, filter, parse, stats, sort, limit. Errors come back as text.

    Args:
        query: such as `filter @message like /ERROR/ | stats count(*) as n by bin(5m) | sort n desc`
        resource: whose logs; or name the group
        service: the AWS service in lower case
        log_group: a log group, or part of its name
    """
    found = search(look, resource, service, log_group)
    groups = list(found.groups)[:MAX_GROUPS]
    if not groups:
        return no_groups(look, log_group or resource or service, found)
    query = with_index(look, query, groups, look.window)
    answer = run_query(look, query, groups, look.window)
    look.window, rows = answer.span, answer.rows
    link = console.logs_insights(look.aws, query, groups, look.window)
    note = f"{answer.note}{found.note}{_left_out(found, groups)}"
    if not rows:
        return Found(f"The query matched nothing in {names_of(groups)}.{note}", console_url=link, no_data=True)
    shown = [", ".join(f"{k}={v}" for k, v in row.items())[:300] for row in rows[:MAX_ROWS_SHOWN]]
    findings = [
        Finding(kind="log_match", statement=text, strength=0.4, resource=resource_of(groups[0])[1]) for text in shown
    ]
    return Found(f"{len(rows)} rows from {names_of(groups)}; the first {len(shown)} follow.{note}", findings, link)


@evidence_tool("Which log groups are there[ for {resource}]?", hours=3)
def log_groups(look: Look, resource: str = "", service: str = "", log_group: str = "") -> Found:
    """Log groups by resource or by part of their name, with stored size and retention.

    Args:
        resource: a name, part of a name, or an ARN
        service: the AWS service in lower case
        log_group: part of a log group's name
    """
    found = search(look, resource, service, log_group)
    names = list(found.groups)
    if not names:
        return no_groups(look, log_group or resource or service, found)
    known = describe_groups(look, names[:MAX_GROUPS])
    sized = sorted(known.values(), key=lambda group: -group.get("storedBytes", 0))
    findings = [_group_finding(group, found.groups.get(group["logGroupName"], "")) for group in sized[:MAX_PATTERNS]]
    link = console.log_groups(look.aws, log_group or resource)
    return Found(f"{len(names)} log groups: {names_of(names)}.{found.note}", findings, link)


def _group_finding(group: dict[str, Any], what: str) -> Finding:
    name, days = group["logGroupName"], group.get("retentionInDays")
    kept = f"kept {days} days" if days else "kept for ever"
    infrequent = ", of the Infrequent Access class" if group.get("logGroupClass") == INFREQUENT else ""
    purpose = f" ({what})" if what else ""
    attributes = {"service": "logs", "type": "log_group", "log_group": name, "retention_days": str(days or "")}
    return Finding(
        kind="resource_state",
        statement=f"Log group {name}{purpose} holds {group.get('storedBytes', 0) / 1e6:,.1f} MB, {kept}{infrequent}.",
        strength=0.1,
        resource=resource_of(name)[1],
        attributes=attributes,
    )


def _by_index(look: Look, groups: Sequence[str], pattern: str) -> Reading | None:
    """Lines whose field has a value, when all groups have an index on the field: nothing else is scanned then."""
    asked = equality(pattern)
    command = index_command(look, groups, look.window, *asked) if asked else ""
    if not asked or not command:
        return None
    try:
        lines, look.window, note = lines_by_query(look, groups, look.window, command)
    except (ClientError, BotoCoreError, BudgetExceeded, TimeoutError, ValueError):
        return None  # then without the index
    minutes = look.window.seconds / 60
    return Reading(lines, minutes, cut=len(lines) >= MAX_LINES, note=f" Found by the index on {asked[0]}.{note}")


def _left_out(found: Search, groups: Sequence[str]) -> str:
    more = len(found.groups) - len(groups)
    return f" {more} more log groups were not looked at." if more else ""


def filter_pattern(text: str) -> str:
    """A filter pattern as it is; plain text in quotes, so that its spaces and signs are taken literally."""
    text = text.strip()
    if text[:1] in ("{", "[", "%", '"', "?", "-") or re.fullmatch(r"\w+", text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _match_finding(pattern: LogPattern, look: Look) -> Finding:
    group = group_of(pattern)
    service, name = resource_of(group)
    special = next(conditions(pattern, service, name, pattern.severity, pattern.first), None)
    kind = special.kind if special else "log_error_pattern" if pattern.severity >= WORTH_SHOWING else "log_match"
    return Finding(
        kind=kind,
        statement=f"“{shortened(pattern)}” {pattern.count} times, from {clock_time(pattern.first, look.now)} to "
        f"{clock_time(pattern.last, look.now)}.",
        strength=round(max(pattern.severity * 0.7, 0.15), 2),
        at=pattern.first,
        resource=name,
        attributes=pattern_attributes(pattern, group),
    )


TOOLS: tuple[BaseTool, ...] = (log_search, logs_insights, log_groups)
