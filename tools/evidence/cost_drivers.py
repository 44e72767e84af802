"""Which resource's usage explains a cost: Lambda GB-seconds, NAT bytes, DynamoDB capacity, log bytes, requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from statistics import mean

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.anomaly import level_shift, refine_onset
from agent.baseline import Series
from agent.figures import quantity, times
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.cost_movers import Bill, Mover, movers, read_bill, strongest
from tools.evidence.metric_catalog import CATALOG
from tools.evidence.metric_reader import Line, fetch, find_lines
from tools.evidence.names import service_key
from tools.evidence.partial import explain, gather

HOUR = timedelta(hours=1)
MAX_SERVICES = 3
MAX_LINES = 200
MAX_DRIVERS = 4
GROWN = 0.3
MINUTES_KEPT = timedelta(days=15)
"""So long CloudWatch keeps points by the minute."""
MINUTES_A_DAY = 1440


@dataclass(frozen=True)
class Usage:
    """What a service charges for: the metrics whose sums it is, their unit, and the words for a figure of it."""

    metrics: tuple[str, ...]
    unit: str
    words: str


USAGE: dict[str, Usage] = {
    "lambda": Usage(("Invocations", "Duration"), "Count", "GB-seconds"),
    "nat": Usage(("BytesInFromSource", "BytesInFromDestination"), "Bytes", "processed"),
    "dynamodb": Usage(("ConsumedWriteCapacityUnits", "ConsumedReadCapacityUnits"), "Count", "capacity units"),
    "cloudwatch": Usage(("IncomingBytes",), "Bytes", "of logs taken in"),
    "s3": Usage(("AllRequests",), "Count", "requests"),
    "sqs": Usage(("NumberOfMessagesSent", "NumberOfMessagesReceived"), "Count", "messages"),
    "sns": Usage(("NumberOfMessagesPublished",), "Count", "messages"),
    "apigateway": Usage(("Count",), "Count", "requests"),
    "stepfunctions": Usage(("ExecutionsStarted",), "Count", "executions"),
    "kinesis": Usage(("IncomingBytes",), "Bytes", "taken in"),
    "elb": Usage(("RequestCount",), "Count", "requests"),
    "ec2": Usage(("NetworkOut",), "Bytes", "sent"),
}


@dataclass(frozen=True)
class Driver:
    """One resource's usage a day, before and since it grew; `share` is its part of the growth over all resources."""

    service: str
    resource: str
    before: float
    since: float
    factor: float
    strength: float
    onset: datetime | None
    share: float = 0.0


@evidence_tool("Which resources drive the cost of {service}?", days=14)
def cost_drivers(look: Look, service: str = "", resource: str = "") -> Found:
    """For each service whose cost moved, the resources whose usage explains it, with factor, share and exact onset.

    Reads usage: Lambda GB-seconds and invocations, NAT gateway bytes, DynamoDB capacity, S3 requests, log bytes, ...

    Args:
        service: such as lambda or nat; empty for the services whose cost moved most
        resource: only resources with this in their name
    """
    moved, note = _moved(look, service)
    wanted = [service_key(service)] if service else list(dict.fromkeys(_service_of(m) for m in moved))
    if not wanted:
        text = "No service's cost moved, so there is nothing to explain."
        return Found(text, [Finding(kind="cost_steady", statement=text, strength=0.4)])
    readable = [key for key in wanted if key in USAGE]
    if not readable:
        names = ", ".join(m.service for m in moved) or service
        return Found(f"No usage metrics are known that would explain the cost of {names}.{note}", no_data=True)
    read = gather({key: partial(_drivers, look, key, resource, _since(moved, key)) for key in readable[:MAX_SERVICES]})
    found = [driver for drivers in read.results.values() for driver in drivers]
    if not found:
        return Found(f"The usage metrics of {', '.join(readable)} have no points.{note}{read.caveat}", no_data=True)
    findings = [_finding(driver, _cost_of(moved, driver.service), look.now) for driver in found]
    findings.sort(key=lambda finding: -finding.strength)
    summary = " ".join(finding.statement for finding in findings[:2])
    metric = USAGE[findings[0].attributes["service"]].metrics[0]
    link = console.metrics_search(look.aws, f"{findings[0].resource} {metric}")
    return Found(summary[:800] + note + read.caveat, findings, link)


def _moved(look: Look, service: str) -> tuple[list[Mover], str]:
    """The services whose cost moved; none, and why, when Cost Explorer cannot be read."""
    try:
        bill: Bill = read_bill(look, service)
    except ClientError as error:
        if not service:
            raise
        return [], f" Costs themselves could not be read ({explain(error)})."
    found = strongest(movers(bill), MAX_SERVICES)
    return found, "" if found or not service else f" The cost of {service} did not move."


def _service_of(mover: Mover) -> str:
    return service_key(mover.service)


def _cost_of(moved: Sequence[Mover], service: str) -> Mover | None:
    return next((mover for mover in moved if _service_of(mover) == service), None)


def _since(moved: Sequence[Mover], service: str) -> datetime | None:
    mover = _cost_of(moved, service)
    return mover.shift.onset if mover else None


def _drivers(look: Look, service: str, resource: str, since: datetime | None) -> list[Driver]:
    """Resources by how much their usage grew, the largest growth first."""
    known = USAGE[service]
    lines = [x for x in find_lines(look, service, resource) if x.metric.name in known.metrics and x.metric in CATALOG]
    lines = lines[:MAX_LINES]
    start = since or look.window.start
    origin = min(look.window.start, start - timedelta(days=7))
    series = list(zip(lines, fetch(look, lines, origin, look.window.end, HOUR), strict=True))
    usage = _gb_seconds(look, series) if service == "lambda" else _sums(series)
    drivers = [_driver(service, name, sorted(points.items()), start) for name, points in usage.items()]
    growth = sum(max(d.since - d.before, 0) for d in drivers)
    shared = [replace(d, share=max(d.since - d.before, 0) / growth if growth else 0.0) for d in drivers]
    ranked = sorted(shared, key=lambda d: (-(d.since - d.before), -d.since))[:MAX_DRIVERS]
    return [_dated(look, driver, series, start) if driver.onset else driver for driver in ranked]


def _dated(look: Look, driver: Driver, series: Sequence[tuple[Line, Series]], start: datetime) -> Driver:
    """The same with its onset to the minute, from the one of its metrics that moved."""
    own = [
        (line, level_shift(points, start, direction="rise"))
        for line, points in series
        if line.resource == driver.resource
    ]
    line, shift = max(own, key=lambda pair: pair[1].strength)
    if shift.onset is None:
        return driver
    step = timedelta(minutes=1 if look.now - shift.onset < MINUTES_KEPT else 5)
    fine = fetch(look, [line], shift.onset - HOUR, min(shift.onset + 2 * HOUR, look.window.end), step)[0]
    return replace(driver, onset=refine_onset(fine, shift, HOUR))


def _sums(series: Sequence[tuple[Line, Series]]) -> dict[str, dict[datetime, float]]:
    """The metrics of each resource added up."""
    total: dict[str, dict[datetime, float]] = defaultdict(lambda: defaultdict(float))
    for line, points in series:
        for at, value in points:
            total[line.resource][at] += value
    return total


def _gb_seconds(look: Look, series: Sequence[tuple[Line, Series]]) -> dict[str, dict[datetime, float]]:
    """Invocations times average duration (ms) times memory (MB), which is what Lambda charges for."""
    memory = {f["FunctionName"]: f["MemorySize"] for f in look.pages("lambda", "list_functions", "Functions")}
    durations = {line.resource: dict(points) for line, points in series if line.metric.name == "Duration"}
    total: dict[str, dict[datetime, float]] = {}
    for line, points in series:
        if line.metric.name == "Invocations":
            took, size = durations.get(line.resource, {}), memory.get(line.resource, 128)
            total[line.resource] = {at: value * took.get(at, 0.0) / 1000 * size / 1024 for at, value in points}
    return total


def _driver(service: str, resource: str, points: Series, start: datetime) -> Driver:
    shift = level_shift(points, start)
    began = shift.onset if shift.direction == "rise" and shift.onset else start
    before = mean([value for at, value in points if at < began] or [0.0]) * MINUTES_A_DAY
    since = mean([value for at, value in points if at >= began] or [0.0]) * MINUTES_A_DAY
    factor = since / before if before > 0 else 0.0
    strength = shift.strength if shift.direction == "rise" else 0.1
    return Driver(service, resource, before, since, factor, strength, shift.onset if strength > 0.1 else None)


def _finding(driver: Driver, cost: Mover | None, now: datetime) -> Finding:
    known = USAGE[driver.service]
    since, before = (f"{quantity(value, known.unit)} {known.words}" for value in (driver.since, driver.before))
    grown = driver.strength > GROWN
    if grown:
        how = f" ({times(driver.factor)})" if driver.factor else ""
        onset = f" since {clock_time(driver.onset, now)}" if driver.onset else ""
        statement = (
            f"{driver.resource}: {since} a day{onset} instead of {before}{how}, "
            f"which is {driver.share * 100:.0f}% of the growth of all {driver.service} usage."
        )
    else:
        statement = f"{driver.resource}: {since} a day, as before ({before})."
    return Finding(
        kind="usage_driver",
        statement=statement,
        strength=round(driver.strength * (0.4 + 0.6 * driver.share), 3) if grown else 0.2,
        at=driver.onset,
        resource=driver.resource,
        attributes={
            "service": driver.service,
            "metric": (" x " if driver.service == "lambda" else " + ").join(known.metrics),
            "factor": f"{driver.factor:.3g}",
            "previous": f"{driver.before:.4g}",
            "current": f"{driver.since:.4g}",
            "share": f"{driver.share:.2f}",
            "cost_service": cost.service if cost else "",
        },
    )


TOOLS: tuple[BaseTool, ...] = (cost_drivers,)
