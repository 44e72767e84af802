"""Reading CloudWatch metrics: which series there are, and their points.

lines = find_lines(look, service="lambda", resource="checkout")
for line, points in zip(lines, fetch(look, lines, start, end, timedelta(minutes=5))): ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

from agent.baseline import Series
from agent.errors import RetryLater
from agent.figures import quantity
from tools.evidence.base import Look
from tools.evidence.metrics.catalog import CATALOG, KeyMetric, custom_metric, key_metric
from tools.evidence.names import BY_KEY, bare_name, matches, service_key
from tools.evidence.partial import explain, gather

MAX_METRICS_LISTED = 25_000
"""Of one namespace, or of the account when no service is named; `Lines.caveat` says when it was reached."""
MAX_POINTS = 100_800
"""A GetMetricData reply holds at most so many points."""
MAX_QUERIES = 500
MINUTES_KEPT = timedelta(days=15)
"""How long CloudWatch keeps points of a minute."""
RETRY_SECONDS = 60.0
"""After so long CloudWatch may have what it could not give."""
MIN_COVERAGE = 0.4
"""A last, unfinished Sum is scaled up when at least so much of its period has passed, and else left out."""


@dataclass(frozen=True)
class Line:
    """One series: how to read it, and its dimensions."""

    metric: KeyMetric
    dimensions: dict[str, str]

    @property
    def resource(self) -> str:
        names = [self.dimensions.get(name, "") for name in self.metric.dimensions]
        name = names[-1] if names else ""
        if self.metric.dimensions[-1:] in (("Operation",), ("FilterId",), ("Function",)):
            name = names[0]
        if self.metric.dimensions[:1] == ("TargetGroup",):
            name = names[0].split("/")[1] if "/" in names[0] else names[0]
        return name.split("/")[1] if name.startswith(("app/", "net/")) else bare_name(name)

    @property
    def label(self) -> str:
        operation = self.dimensions.get("Operation", "")
        return f"{self.metric.name}{f' ({operation})' if operation else ''}"

    @property
    def unit(self) -> str:
        return self.metric.unit

    def amount(self, value: float) -> str:
        """A value in words; counts are rates a minute."""
        return quantity(value, self.unit) + (" a minute" if self.metric.counts else "")


class Lines(list[Line]):
    """Series, and a sentence for a summary where not all could be listed."""

    caveat: str = ""


def find_lines(look: Look, service: str = "", resource: str = "", metric: str = "") -> Lines:
    """The series that exist for a service, a resource (name, fragment or ARN) and a metric name, any of them empty.

    Only key metrics, unless a resource or a metric is named and none of those fits: then all that carry the name.
    """
    listed = _list_metrics(look, service, metric)
    lines = [line for entry in listed if (line := _line(entry, known_only=not (resource or metric)))]
    if metric:
        lines = [line for line in lines if line.metric.name.lower() == metric.lower()]
    if resource:
        lines = _of_resource(lines, resource)
    known = [line for line in lines if _is_key(line)]
    found = Lines(known if known and not metric else lines)
    if len(listed) >= MAX_METRICS_LISTED:
        found.caveat = f" Only the first {len(listed):,} metrics were listed; name a service."
    return found


def _list_metrics(look: Look, service: str, metric: str) -> list[dict[str, Any]]:
    names = {"MetricName": metric} if metric else {}
    known = BY_KEY.get(service_key(service)) if service else None
    if known is None or not known.namespaces:
        return look.pages("cloudwatch", "list_metrics", "Metrics", limit=MAX_METRICS_LISTED, **names)
    reads: dict[str, Callable[[], list[dict[str, Any]]]] = {
        f"metrics of {space}": partial(
            look.pages, "cloudwatch", "list_metrics", "Metrics", limit=MAX_METRICS_LISTED, Namespace=space, **names
        )
        for space in known.namespaces
    }
    return [entry for entries in gather(reads).results.values() for entry in entries]


def _line(entry: dict[str, Any], known_only: bool) -> Line | None:
    dimensions = {d["Name"]: d["Value"] for d in entry.get("Dimensions", [])}
    metric = key_metric(entry["Namespace"], entry["MetricName"], frozenset(dimensions))
    if metric is None and not known_only:
        metric = custom_metric(entry["Namespace"], entry["MetricName"], tuple(dimensions))
    return Line(metric, dimensions) if metric else None


def _is_key(line: Line) -> bool:
    return line.metric in CATALOG


def _of_resource(lines: list[Line], resource: str) -> list[Line]:
    """The lines whose name fits best: an exact name leaves fragments out."""
    scored = [
        (max((matches(value, resource) for value in line.dimensions.values()), default=0), line) for line in lines
    ]
    scored = [(max(score, matches(line.resource, resource)), line) for score, line in scored]
    best = max((score for score, _ in scored), default=0)
    return [line for score, line in scored if score == best and best > 0]


@dataclass(frozen=True)
class Fetched:
    """One series a line, oldest first; None for one that could not be read, and the first failure that kept it."""

    series: list[Series | None]
    error: Exception | None = None

    @property
    def caveat(self) -> str:
        """For a summary: how many series are missing, or nothing."""
        missing = sum(points is None for points in self.series)
        why = f" ({explain(self.error)})" if self.error else ""
        return f" {missing} of {len(self.series):,} series could not be read{why}." if missing else ""


def fetch(look: Look, lines: Sequence[Line], start: datetime, end: datetime, period: timedelta) -> list[Series]:
    """One series a line, oldest first, counts as rates a minute. Raises when any of them could not be read in full:
    a series without points says that nothing happened."""
    fetched = fetch_readable(look, lines, start, end, period)
    if fetched.error:
        raise fetched.error
    return [points or [] for points in fetched.series]


def fetch_readable(look: Look, lines: Sequence[Line], start: datetime, end: datetime, period: timedelta) -> Fetched:
    """As `fetch`, but what could not be read is marked as such. Raises when nothing could be read."""
    step = period.total_seconds()
    start = datetime.fromtimestamp(start.timestamp() // step * step, tz=start.tzinfo)
    size = max(min(MAX_QUERIES, int(MAX_POINTS // max((end - start) / period, 1))), 1)
    batches = [lines[i : i + size] for i in range(0, len(lines), size)]
    errors: list[Exception] = []
    reads: dict[str, Callable[[], list[Series]]] = {
        f"metrics {n}": partial(_noting, errors, partial(_fetch_batch, look, batch, start, end, int(step)))
        for n, batch in enumerate(batches)
    }
    read = gather(reads).results if reads else {}
    found = chain.from_iterable(read.get(name, [None] * len(batch)) for name, batch in zip(reads, batches, strict=True))
    series = [
        None if points is None else _rates(line, points, start, end, period)
        for line, points in zip(lines, found, strict=True)
    ]
    if len(read) == len(reads):
        return Fetched(series)
    look.failed_calls += 1
    return Fetched(series, next(iter(errors), TimeoutError("CloudWatch did not give all metrics in time")))


def _noting(errors: list[Exception], read: Callable[[], list[Series]]) -> list[Series]:
    try:
        return read()
    except Exception as error:
        errors.append(error)
        raise


def _fetch_batch(look: Look, lines: Sequence[Line], start: datetime, end: datetime, period: int) -> list[Series]:
    queries = [_query(f"m{index}", line, period) for index, line in enumerate(lines)]
    points: dict[str, list[tuple[datetime, float]]] = {}
    status: dict[str, str] = {}
    token: dict[str, str] = {}
    while True:
        reply = look.call(
            "cloudwatch",
            "get_metric_data",
            StartTime=start,
            EndTime=end,
            ScanBy="TimestampAscending",
            MetricDataQueries=queries,
            **token,
        )
        for result in reply["MetricDataResults"]:
            points.setdefault(result["Id"], []).extend(zip(result["Timestamps"], result["Values"], strict=True))
            status[result["Id"]] = result.get("StatusCode", "Complete")
        if not reply.get("NextToken"):
            break
        token = {"NextToken": reply["NextToken"]}
    return [_whole(points, status, f"m{index}") for index in range(len(lines))]


def _whole(points: Mapping[str, Series], status: Mapping[str, str], query_id: str) -> Series:
    """The points of a query that CloudWatch answered to the end; RetryLater else, as for InternalError."""
    if status.get(query_id) != "Complete":
        told = status.get(query_id, "no answer")
        raise RetryLater(f"CloudWatch did not give all points of a metric ({told})", RETRY_SECONDS)
    return points[query_id]


def _query(query_id: str, line: Line, period: int) -> dict[str, Any]:
    metric = {
        "Namespace": line.metric.namespace,
        "MetricName": line.metric.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in line.dimensions.items()],
    }
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": period, "Stat": line.metric.statistic}}


def _rates(line: Line, points: Series, start: datetime, end: datetime, period: timedelta) -> Series:
    if not line.metric.counts or not points:
        return points
    minutes = period / timedelta(minutes=1)
    values = {at.timestamp(): value / minutes for at, value in points}
    rates: list[tuple[datetime, float]] = []
    at = start
    while at < end:
        coverage = min((end - at) / period, 1.0)
        if coverage >= MIN_COVERAGE:
            rates.append((at, values.get(at.timestamp(), 0.0) / coverage))
        at += period
    return rates
