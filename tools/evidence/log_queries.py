"""What somebody asks of the logs: a search, a query, and which groups there are."""

from __future__ import annotations

import re

from langchain_core.tools import BaseTool

from agent.log_summary import WORTH_SHOWING, LogPattern, summarise
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.insights import run_query
from tools.evidence.log_findings import conditions, group_of, pattern_attributes, resource_of, shortened
from tools.evidence.log_reader import MAX_GROUPS_READ, find_groups, names_of, no_groups, read

MAX_PATTERNS = 8
MAX_GROUPS_QUERIED = 50
MAX_ROWS_SHOWN = 12


@evidence_tool("Where do the logs of {resource} say “{pattern}”?", hours=6)
def log_search(look: Look, pattern: str, resource: str = "", service: str = "", log_group: str = "") -> Found:
    """Search log lines for a text or a CloudWatch filter pattern; counts, first and last occurrence, and samples.

    Args:
        pattern: plain text, or a filter pattern such as `?timeout ?refused`, `{ $.status = 500 }`, `%regex%`
        resource: a name, part of a name, or an ARN
        service: the AWS service in lower case
        log_group: a log group, or part of its name
    """
    groups = find_groups(look, resource, service, log_group)[:MAX_GROUPS_READ]
    if not groups:
        return no_groups(look, log_group or resource or service)
    wanted = filter_pattern(pattern)
    reading = read(look, groups, look.window, wanted)
    reading.failed()
    link = console.log_events(look.aws, groups[0], wanted, look.window)
    if not reading.lines:
        text = f"No line in {names_of(groups)} matches {wanted}."
        quiet = Finding(kind="log_quiet", statement=text, strength=0.3, resource=resource_of(groups[0])[1])
        return Found(f"{text}{reading.caveat}", [quiet], link, no_data=True)
    findings = [_match_finding(p, look) for p in summarise(reading.lines)[:MAX_PATTERNS]]
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
    groups = find_groups(look, resource, service, log_group)[:MAX_GROUPS_QUERIED]
    if not groups:
        return no_groups(look, log_group or resource or service)
    rows = run_query(look, query, groups, look.window)
    link = console.logs_insights(look.aws, query, groups, look.window)
    if not rows:
        return Found(f"The query matched nothing in {names_of(groups)}.", console_url=link, no_data=True)
    shown = [", ".join(f"{k}={v}" for k, v in row.items())[:300] for row in rows[:MAX_ROWS_SHOWN]]
    findings = [
        Finding(kind="log_match", statement=text, strength=0.4, resource=resource_of(groups[0])[1]) for text in shown
    ]
    return Found(f"{len(rows)} rows from {names_of(groups)}; the first {len(shown)} follow.", findings, link)


@evidence_tool("Which log groups are there for {resource}?", hours=3)
def log_groups(look: Look, resource: str = "", service: str = "", log_group: str = "") -> Found:
    """Log groups by resource or by part of their name, with stored size and retention.

    Args:
        resource: a name, part of a name, or an ARN
        service: the AWS service in lower case
        log_group: part of a log group's name
    """
    names = find_groups(look, resource, service, log_group)
    if not names:
        return no_groups(look, log_group or resource or service)
    known = {g["logGroupName"]: g for g in look.pages("logs", "describe_log_groups", "logGroups", 500)}
    sized = sorted(((known.get(name, {}).get("storedBytes", 0), name) for name in names), reverse=True)
    findings: list[Finding] = []
    for size, name in sized[:MAX_PATTERNS]:
        days = known.get(name, {}).get("retentionInDays")
        kept = f"kept {days} days" if days else "kept for ever"
        findings.append(
            Finding(
                kind="resource_state",
                statement=f"Log group {name} holds {size / 1e6:,.1f} MB, {kept}.",
                strength=0.1,
                resource=resource_of(name)[1],
                attributes={
                    "service": "logs",
                    "type": "log_group",
                    "log_group": name,
                    "retention_days": str(days or ""),
                },
            )
        )
    return Found(
        f"{len(names)} log groups: {names_of(names)}.", findings, console.log_groups(look.aws, log_group or resource)
    )


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
