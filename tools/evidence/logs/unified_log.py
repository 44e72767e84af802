"""A log table in RDS that many services write to: which errors are in it, and which of them are new."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

from langchain_core.tools import BaseTool

from agent.log_lines import LogLine
from agent.log_patterns import WORTH_SHOWING, LogPattern, patterns
from agent.log_summary import template_ids
from agent.models import Finding, TimeRange
from agent.times import clock_time, parse_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.logs.findings import error_findings, shortened
from tools.evidence.logs.unified_log_table import MAX_ROWS, Count, Entry, LogTable, error_levels
from tools.evidence.names import bare_name, matches
from tools.evidence.partial import Gathered, gather

SLICES = 4
"""The range is read in so many parts: where one holds too many rows, the others still show theirs."""
NOT_CONFIGURED = (
    "No unified log table is configured: set WATCHKEEPER_UNIFIED_LOG_ARN and WATCHKEEPER_UNIFIED_LOG_SECRET_ARN."
)
MAX_PATTERNS = 8
MAX_METADATA_SHOWN = 4
LEAST_ALIKE = 3
_TELLING = ("exception", "error_type", "errorType", "exc_type", "error", "cause", "reason", "stack_trace")
"""Keys of metadata that say what went wrong; they are read together with the message."""


@evidence_tool("Which errors[ of {resource}] are in the unified log table?", hours=3)
def unified_log_errors(look: Look, resource: str = "", pattern: str = "", onset: str = "") -> Found:
    """Error patterns of the services that log into one table of an RDS database, against the time before: counts,
    onset, a sample and what its metadata say. With `pattern`, a search of all levels for a text.

    Args:
        resource: a service, or part of its name; all by default
        pattern: plain text to search messages for, in any case
        onset: when trouble began, if known; the time before it is what the rest is compared with
    """
    if not (look.settings.unified_log_arn and look.settings.unified_log_secret_arn):
        return Found(NOT_CONFIGURED, no_data=True)
    table = LogTable(look, look.settings)
    before, now = _ranges(look, onset)
    link = console.rds_query_editor(look.aws.at(region=table.region))
    counted = table.counts(before, now)
    services = _services(counted, resource)
    if resource and not services:
        known = ", ".join(list(dict.fromkeys(count.service for count in counted))[:8]) or "no service at all"
        text = f"No service like {bare_name(resource)} wrote to {table.name} in this range; {known} did."
        return Found(text, console_url=link, no_data=True)
    wanted = services if resource else []
    read = _read(table, before, now, wanted, pattern)
    entries = [entry for part in read.results.values() for entry in part]
    late = [entry for entry in entries if entry.at >= now.start]
    note = read.caveat + _cut(read)
    head = _headline(table, counted, services, pattern, len(late))
    if not late:
        quiet = Finding(kind="log_quiet", statement=head, strength=0.4, resource=services[0] if resource else "")
        return Found(f"{head}{note}", [quiet], link, no_data=not any(count.now for count in counted))
    findings = _findings(look, table, entries, now)
    return Found(f"{head} Worst: {findings[0].statement}{note}" if findings else f"{head}{note}", findings, link)


def _ranges(look: Look, onset: str) -> tuple[TimeRange, TimeRange]:
    """The time before, and the range itself; as long as each other, but at least an hour before."""
    start = parse_time(onset, look.now) if onset else look.window.start
    end = min(max(look.window.end, start + timedelta(minutes=10)), look.now)
    look.window = TimeRange(start=start, end=end)
    return TimeRange(start=start - max(end - start, timedelta(hours=1)), end=start), look.window


def _services(counted: Sequence[Count], resource: str) -> list[str]:
    """Those whose name is the best match; all when none is asked for. The one with the most rows first."""
    rows = Counter[str]()
    for count in counted:
        rows[count.service] += count.now + count.before
    scores = {name: matches(name, resource) if resource else 1 for name, _ in rows.most_common()}
    best = max(scores.values(), default=0)
    return [name for name, score in scores.items() if score and score == best]


def _read(
    table: LogTable, before: TimeRange, now: TimeRange, services: Sequence[str], pattern: str
) -> Gathered[list[Entry]]:
    levels = [] if pattern else error_levels()
    step = (now.end - now.start) / SLICES
    spans = [TimeRange(start=now.start + step * i, end=now.start + step * (i + 1)) for i in range(SLICES)]

    def reader(span: TimeRange) -> Callable[[], list[Entry]]:
        return lambda: table.entries(span, services, levels, pattern)

    return gather({f"rows from {span.start:%H:%M}": reader(span) for span in (before, *spans)})


def _cut(read: Gathered[list[Entry]]) -> str:
    full = sum(len(part) >= MAX_ROWS for part in read.results.values())
    if not full:
        return ""
    return f" Of {full} of {len(read.results)} parts of the range only the newest {MAX_ROWS} rows were read."


def _headline(table: LogTable, counted: Sequence[Count], services: Sequence[str], pattern: str, found: int) -> str:
    own = [count for count in counted if count.service in services]
    total = sum(count.now for count in own)
    errors = sum(count.now for count in own if count.is_error)
    earlier = sum(count.before for count in own if count.is_error)
    who = services[0] if len(services) == 1 else f"{len(services)} services"
    counts = f"{errors:,} of {total:,} rows of {who} in {table.name} are errors, {earlier:,} in the time before."
    return f"{found:,} rows hold “{pattern}”; {counts}" if pattern else counts


def _findings(look: Look, table: LogTable, entries: Sequence[Entry], now: TimeRange) -> list[Finding]:
    """One finding a pattern, within each service by itself."""
    by_service: dict[str, list[Entry]] = {}
    for entry in entries:
        by_service.setdefault(entry.service, []).append(entry)
    findings: list[Finding] = []
    for members in by_service.values():
        by_source = {_source(entry): entry for entry in members}
        alike = _alike(members)
        for pattern in patterns([_line(entry) for entry in members])[: MAX_PATTERNS * 2]:
            if recent := pattern.since(now.start):
                sample = by_source[pattern.source]
                findings += _told(look, table, pattern, recent, sample, alike[sample.id])
    return sorted(findings, key=lambda finding: -finding.strength)[: MAX_PATTERNS + 2]


def _told(
    look: Look, table: LogTable, pattern: LogPattern, recent: LogPattern, sample: Entry, alike: Sequence[Entry]
) -> list[Finding]:
    known = pattern.first < look.window.start
    label = f"{table.name}/{sample.service}"
    facts = _facts(sample, alike)
    shown = f" Metadata: {', '.join(f'{key}={value}' for key, value in facts.items())}." if facts else ""
    told = (
        list(error_findings(recent, label, look.window, known_before=known, now=look.now))
        if pattern.severity >= WORTH_SHOWING
        else [_match(recent, label, look)]
    )
    earlier = pattern.count - recent.count
    compared = f" {earlier} times in the time before." if earlier else ""
    return [
        finding.model_copy(
            update={
                "statement": f"{finding.statement}{compared}{shown}",
                "resource": sample.service,
                "attributes": _attributes(finding, table, facts),
            }
        )
        for finding in told
    ]


def _match(pattern: LogPattern, label: str, look: Look) -> Finding:
    return Finding(
        kind="log_match",
        statement=f"{label} logged “{shortened(pattern)}” {pattern.count} times, first at "
        f"{clock_time(pattern.first, look.now)}.",
        strength=0.2,
        at=pattern.first,
        attributes={"pattern": shortened(pattern), "count": str(pattern.count)},
    )


def _attributes(finding: Finding, table: LogTable, facts: dict[str, str]) -> dict[str, str]:
    """There is no log group to look further in; there are a table and what the metadata say."""
    own = {key: value for key, value in finding.attributes.items() if key not in ("log_group", "service")}
    return {**{f"metadata.{key}": value for key, value in facts.items()}, **own, "table": own.get("table", table.name)}


def _alike(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """By the id of each row, the rows that say the same."""
    templates = template_ids([entry.message for entry in entries])
    groups: dict[str, list[Entry]] = {}
    for template, entry in zip(templates, entries, strict=True):
        groups.setdefault(template, []).append(entry)
    return {entry.id: groups[template] for template, entry in zip(templates, entries, strict=True)}


def _facts(sample: Entry, alike: Sequence[Entry]) -> dict[str, str]:
    """What the metadata of all rows that say the same have in common; of a few rows, what the sample's say."""
    own = {key: str(value)[:80] for key, value in sample.metadata.items() if isinstance(value, (str, int, float, bool))}
    if len(alike) >= LEAST_ALIKE:
        own = {
            key: value for key, value in own.items() if all(str(each.metadata.get(key))[:80] == value for each in alike)
        }
    elif sample.note:
        own = {"text": sample.note[:80]}
    return dict(list(own.items())[:MAX_METADATA_SHOWN])


def _line(entry: Entry) -> LogLine:
    """A row as a structured log line, which the summary knows how to read."""
    telling = {key: str(entry.metadata[key])[:300] for key in _TELLING if entry.metadata.get(key)}
    record = {**telling, "level": entry.level, "message": entry.message}
    return LogLine(entry.at, json.dumps(record, ensure_ascii=False), _source(entry))


def _source(entry: Entry) -> str:
    return f"{entry.service}\t{entry.id}"


TOOLS: tuple[BaseTool, ...] = (unified_log_errors,)
