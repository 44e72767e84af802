"""The series that a watch list means, and their new points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from agent.baseline import Series
from agent.detection.watchlist import MAX_METRICS, WatchedMetric
from agent.errors import WatchkeeperError
from agent.models import digest
from tools.evidence.failures import EXPECTED
from tools.evidence.look import Look
from tools.evidence.metrics.catalog import KeyMetric, custom_metric, key_metric
from tools.evidence.metrics.reader import Line, find_lines
from tools.evidence.names import bare_name, service_of_arn

MAX_TAGGED = 100


@dataclass(frozen=True)
class Watched:
    """A series, and the expression that it is one of the results of, if it is read by one."""

    line: Line
    expression: str = ""

    @property
    def id(self) -> str:
        metric = self.line.metric
        return digest(
            metric.namespace, metric.name, metric.statistic, sorted(self.line.dimensions.items()), self.expression
        )


def lines_of(look: Look, entry: WatchedMetric) -> list[Watched]:
    """The series of an entry that names them; for a search or a query its results have to be read."""
    if entry.tag:
        found = [line for arn in _tagged(look, entry.tag) for line in _of_arn(look, arn)]
    elif entry.namespace:
        found = [Line(_metric(entry), dict(entry.dimensions))]
    else:
        found = find_lines(look, entry.service, entry.resource, entry.metric)
    return [Watched(adjusted(line, entry)) for line in found][:MAX_METRICS]


def adjusted(line: Line, entry: WatchedMetric) -> Line:
    """The line as the entry wants it read."""
    wanted: dict[str, Any] = {"statistic": entry.statistic or line.metric.statistic}
    wanted["watch"] = entry.watch or line.metric.watch
    return replace(line, metric=replace(line.metric, **wanted))


def _metric(entry: WatchedMetric) -> KeyMetric:
    names = tuple(entry.dimensions)
    return key_metric(entry.namespace, entry.metric, frozenset(names)) or custom_metric(
        entry.namespace, entry.metric, names
    )


def _tagged(look: Look, tag: str) -> list[str]:
    key, _, value = tag.partition("=")
    chosen = {"Key": key, **({"Values": [value]} if value else {})}
    found = look.pages(
        "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", limit=MAX_TAGGED, TagFilters=[chosen]
    )
    return [str(entry["ResourceARN"]) for entry in found]


def _of_arn(look: Look, arn: str) -> list[Line]:
    """The key metrics of a tagged resource; none for kinds of which there are none."""
    service = service_of_arn(arn)
    return list(find_lines(look, service, bare_name(arn))) if service else []


@dataclass(frozen=True)
class Result:
    watched: Watched
    points: Series


def read_expression(look: Look, entry: WatchedMetric, start: datetime, end: datetime, step: timedelta) -> list[Result]:
    """The series of a search or a Metrics Insights query with their points. WatchkeeperError when it is refused."""
    statistic = entry.statistic or "Average"
    seconds = int(step.total_seconds())
    wanted = entry.search.replace("'", "")
    expression = entry.query or f"SEARCH('{wanted}', '{statistic}', {seconds})"
    query = {"Id": "e0", "Expression": expression, "Period": seconds}
    series: dict[str, list[tuple[datetime, float]]] = {}
    token: dict[str, str] = {}
    while True:
        reply = look.call(
            "cloudwatch",
            "get_metric_data",
            StartTime=start,
            EndTime=end,
            ScanBy="TimestampAscending",
            MetricDataQueries=[query],
            **token,
        )
        for result in reply["MetricDataResults"][:MAX_METRICS]:
            points = zip(result["Timestamps"], result["Values"], strict=True)
            series.setdefault(str(result.get("Label") or "result"), []).extend(points)
        if not reply.get("NextToken"):
            break
        token = {"NextToken": reply["NextToken"]}
    named = entry.metric or (expression[:60] if entry.query else _searched(wanted))
    made = KeyMetric("cloudwatch", entry.namespace, ("Label",), named, statistic, "None", entry.watch or "both", 0.85)
    return [
        Result(Watched(Line(made, {"Label": label}), expression), points) for label, points in series.items() if points
    ]


def _searched(text: str) -> str:
    """What a search is about, for people: the metric's name where it names one."""
    _, found, rest = text.partition("MetricName=")
    return rest.strip().strip('"').split('"')[0] if found else text[:60]


def readable(look: Look, entries: Sequence[WatchedMetric]) -> tuple[list[Watched], list[tuple[str, Exception]]]:
    """The series of all entries that name theirs, each once, and the entries that could not be listed."""
    found: dict[str, Watched] = {}
    failed: list[tuple[str, Exception]] = []
    for entry in entries:
        if entry.search or entry.query:
            continue
        try:
            found |= {each.id: each for each in lines_of(look, entry)}
        except (*EXPECTED, WatchkeeperError) as error:
            failed.append((f"metrics of {entry.tag or entry.service or entry.namespace}", error))
    return list(found.values())[:MAX_METRICS], failed
