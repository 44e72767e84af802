"""What the metrics say: which resources depart from normal, and everything about one of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from langchain_core.tools import BaseTool

from agent.figures import count
from agent.models import Finding, Table
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.metrics.bands import band_findings, key_of
from tools.evidence.metrics.limits import limits_of
from tools.evidence.metrics.reader import Line, find_lines
from tools.evidence.metrics.series import Seen, compare, drawn, finding_of, onset_of, refine, scan

COARSE = timedelta(minutes=15)
NOTABLE = 0.3
MAX_LINES = 1000
MAX_RESOURCES = 8
MAX_SERIES = 40
MAX_ROWS = 20
MAX_DRAWN = 3
MAX_LINKED = 5
"""Series of the console's graph: an address has only so much room."""


@evidence_tool("Which resources[ of {service}] depart from normal?", hours=3)
def unhealthy_resources(look: Look, service: str = "", resource: str = "") -> Found:
    """Scan the key CloudWatch metrics of one service, or of the whole account, and rank what departs from normal.

    Start here when no resource is named. Each metric is compared with the same hours of the week before.

    Args:
        service: lambda, rds, ecs, sqs, dynamodb, elb, nat, mwaa, redshift, ...; empty for all
        resource: a fragment of names to narrow the scan to
    """
    lines = find_lines(look, service, resource)
    if not lines:
        return Found(f"CloudWatch has no metrics of {_subject(service, resource)} that this tool knows.", no_data=True)
    seen, gap = scan(look, lines[:MAX_LINES], COARSE)
    by_band, unread = band_findings(look, seen)
    notable = [s for s in seen if s.score >= NOTABLE and key_of(s.line) not in by_band]
    ranked = rank_resources(refine(look, notable[:MAX_SERIES], COARSE))
    departed = [finding for finding in by_band.values() if finding.kind != "metric_steady"]
    cut = (
        f" Only {MAX_LINES:,} of {len(lines):,} series were scanned; name a service." if len(lines) > MAX_LINES else ""
    )
    cut += gap + lines.caveat + unread
    resources = len({s.line.resource for s in seen})
    checked = f"{len(seen)} series of {count(resources, 'resource')} were compared with the last week"
    if not ranked and not departed:
        steady = _all_steady(service, resource, seen)
        return Found(f"Nothing departs from normal: {checked}.{cut}", [steady], _graph(look, seen[:1]))
    findings = [*departed, *(finding_of(s, look.now) for _, group in ranked[:MAX_RESOURCES] for s in group[:2])]
    by_detector = [f"{finding.resource} ({finding.attributes['metric']}, by its detector)" for finding in departed[:3]]
    names = ", ".join(
        [*by_detector, *(f"{name} ({', '.join(s.line.label for s in group[:3])})" for name, group in ranked[:5])]
    )
    share = f"{len({f.resource for f in departed} | {name for name, _ in ranked})} of {count(resources, 'resource')}"
    return Found(
        f"Departing from normal, {share}: {names}. {len(seen)} series were read.{cut}",
        findings,
        _graph(look, [group[0] for _, group in ranked] or seen[:1]),
        charts=[chart for s in _telling(ranked) for chart in drawn(look, s)],
        tables=_table(ranked, look.now),
    )


@evidence_tool("How do the metrics of {resource} compare with normal?", hours=3)
def resource_metrics(look: Look, resource: str = "", service: str = "", metric: str = "") -> Found:
    """All key metrics of one resource against its own past and its known limits: rises, drops, what is at a limit.

    Limits: RDS max_connections, Lambda timeout and concurrency, DynamoDB capacity, percentages. Where CloudWatch has an
    anomaly detector on a metric, its band is what is normal.

    Args:
        resource: name, fragment or ARN; when empty, the resource that departs most is taken
        service: narrows the search, such as lambda or rds
        metric: one CloudWatch metric name, also of a custom namespace
    """
    lines = find_lines(look, service, resource, metric)
    if not lines and (service or metric) and resource:
        lines = find_lines(look, "", resource)
    if not lines:
        asked = f"{metric} of " if metric else ""
        return Found(f"CloudWatch has no metrics of {asked}{_subject(service, resource)}.", no_data=True)
    cut = lines.caveat
    if not resource and not metric:
        lines, gap = _most_unusual(look, lines)
        cut += gap
    cut += f" Only {MAX_SERIES} of {len(lines):,} series were read." if len(lines) > MAX_SERIES else ""
    period = timedelta(minutes=5) if look.window.seconds <= 6 * 3600 else COARSE
    seen = refine(look, compare(look, lines[:MAX_SERIES], period), period)
    if not seen:
        return Found(f"The metrics of {_subject(service, resource)} have no points in the last week.", no_data=True)
    by_band, unread = band_findings(look, seen)
    limits = limits_of(look, seen)
    at_limit = [finding for found in limits.results.values() for finding in found]
    findings = [*at_limit, *(by_band.get(key_of(s.line)) or finding_of(s, look.now) for s in seen)]
    caveat = limits.caveat + unread + cut
    bands = "".join(f" {f.statement}" for f in by_band.values() if f.kind != "metric_steady")
    told = _summary(look, seen, at_limit) + bands[:300] + caveat
    shown = _shown(seen, findings)
    return Found(told, findings, _graph(look, [shown]), charts=drawn(look, shown))


def rank_resources(seen: Iterable[Seen]) -> list[tuple[str, list[Seen]]]:
    """Resources by their strongest departure, and more of them; each with its own departures, strongest first."""
    groups: dict[str, list[Seen]] = defaultdict(list)
    for s in sorted(seen, key=lambda s: -s.score):
        groups[s.line.resource].append(s)
    return sorted(groups.items(), key=lambda item: -(item[1][0].score + 0.05 * len(item[1])))


def _telling(ranked: Sequence[tuple[str, list[Seen]]]) -> list[Seen]:
    """The two strongest departures of each of the first resources: an answer may speak of any of them."""
    return [s for _, group in ranked[:MAX_DRAWN] for s in group[:2]]


def _shown(seen: Sequence[Seen], findings: Sequence[Finding]) -> Seen:
    """The series that the strongest finding is about."""
    first = max(findings, key=lambda f: f.strength)
    fits = (
        s for s in seen if (s.line.resource, s.line.metric.name) == (first.resource, first.attributes.get("metric"))
    )
    return next(fits, seen[0])


def _table(ranked: Sequence[tuple[str, list[Seen]]], now: datetime) -> list[Table]:
    """The resources that depart, each with its strongest departure."""
    rows = tuple(
        (
            name,
            group[0].line.label,
            group[0].line.amount(group[0].shift.baseline),
            group[0].line.amount(group[0].shift.level),
            clock_time(group[0].shift.onset, now) if group[0].shift.onset else "",
        )
        for name, group in ranked[:MAX_ROWS]
    )
    columns = ("Resource", "Metric", "Usual", "Now", "Since")
    return [Table(title="What departs from normal", columns=columns, rows=rows)] if rows else []


def _most_unusual(look: Look, lines: Sequence[Line]) -> tuple[list[Line], str]:
    """The series of the resource that departs most, and a caveat where not all could be read."""
    seen, gap = scan(look, lines[:MAX_LINES], COARSE)
    ranked = rank_resources(seen)
    return ([s.line for s in ranked[0][1]] if ranked else []), gap


def _summary(look: Look, seen: Sequence[Seen], at_limit: Sequence[Finding]) -> str:
    names = ", ".join(dict.fromkeys(s.line.resource for s in seen[:6]))
    moved = [s for s in seen if s.score >= NOTABLE]
    steady = [s.line.label for s in seen if s.shift.direction == "steady"]
    parts = [f"{names}: {count(len(seen), 'metric')} read."]
    if at_limit:
        parts.append("At a limit: " + ", ".join(dict.fromkeys(f.attributes["metric"] for f in at_limit)) + ".")
    if moved:
        onset = onset_of(moved)
        since = f" since {clock_time(onset, look.now)}" if onset else ""
        parts.append(f"Unusual{since}: " + ", ".join(_moved(s) for s in moved[:6]) + ".")
    if steady:
        parts.append(f"As usual: {', '.join(dict.fromkeys(steady[:6]))}.")
    return " ".join(parts)


def _moved(seen: Seen) -> str:
    way = "up" if seen.shift.direction == "rise" else "down"
    return f"{seen.line.label} {way} to {seen.line.amount(seen.shift.level)}"


def _all_steady(service: str, resource: str, seen: Sequence[Seen]) -> Finding:
    return Finding(
        kind="metric_steady",
        statement=f"All {len(seen)} key metrics of {_subject(service, resource)} are as they were in the last week.",
        strength=0.4,
        resource=resource,
        attributes={"service": service, "series": str(len(seen))},
    )


def _subject(service: str, resource: str) -> str:
    return resource or service or "the account"


def _graph(look: Look, seen: Sequence[Seen]) -> str:
    """The console's graph of some series."""
    if not seen:
        return ""
    line = seen[0].line
    others = [(s.line.metric.namespace, s.line.metric.name, s.line.dimensions, s.line.metric.statistic) for s in seen]
    return console.metric_graph(
        look.aws,
        line.metric.namespace,
        line.metric.name,
        line.dimensions,
        look.window,
        line.metric.statistic,
        beside=others[1:MAX_LINKED],
    )


TOOLS: tuple[BaseTool, ...] = (unhealthy_resources, resource_metrics)
