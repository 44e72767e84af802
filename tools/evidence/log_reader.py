"""Reading CloudWatch Logs: which groups belong to a resource, and their lines within bounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from agent.log_lines import LogLine
from agent.models import TimeRange
from tools.evidence import console
from tools.evidence.base import Found, Look
from tools.evidence.names import bare_name, service_key
from tools.evidence.partial import explain

MAX_GROUPS_READ = 6
MAX_GROUPS_LISTED = 500
SLICES = 6
"""A range is read in so many slices side by side: where one is cut off, the others still show the rest."""
PAGES_PER_SLICE = 3
EVENTS_PER_PAGE = 2500

ERROR_PATTERN = (
    "%[Ee]rror|ERROR|[Ee]xception|FATAL|[Ff]atal|CRITICAL|SEVERE|PANIC|[Pp]anic|[Tt]raceback|[Ff]ailed|[Ff]ailure|FAIL"
    "|[Tt]imed.out|[Tt]imeout|[Oo]ut.?[Oo]f.?[Mm]emory|OOM|[Kk]illed|[Dd]enied|[Rr]efused|[Rr]ejected|[Tt]hrottl"
    "|[Cc]ould.not|[Cc]annot|[Uu]nable.to|[Dd]eadlock|[Tt]oo.many|remaining.connection.slots|status.{1,4}5[0-9][0-9]%"
)
"""A filter pattern for lines that may tell of trouble; `agent.log_summary.severity` judges them."""


@dataclass
class Reading:
    """Lines of one or more groups. `minutes` of the range were really read; `cut` when some were not."""

    lines: list[LogLine] = field(default_factory=list[LogLine])
    minutes: float = 0.0
    cut: bool = False
    unread: dict[str, Exception] = field(default_factory=dict[str, Exception])
    """What could not be read, by group."""

    def failed(self) -> None:
        """Raise what prevented the reading when it prevented all of it."""
        if self.unread and not self.lines:
            raise next(iter(self.unread.values()))

    @property
    def caveat(self) -> str:
        """What a reader must know: what was denied, what was too much to read in full."""
        parts = [f"{group} could not be read ({explain(error)})" for group, error in self.unread.items()]
        if self.cut:
            parts.append("there were more lines than were read, so counts are lower bounds")
        return f" Note: {'; '.join(parts)}." if parts else ""


def find_groups(look: Look, resource: str = "", service: str = "", log_group: str = "") -> list[str]:
    """The log groups of a resource, the likeliest first; all groups (of a service) when no resource is named."""
    if log_group:
        return _matching(look, log_group)
    name = bare_name(resource)
    if not name:
        return [group for group in _listed(look) if belongs_to_service(group, service)]
    groups: dict[str, None] = {}
    for finder in _finders(service):
        groups.update(dict.fromkeys(_tolerant(finder, look, name)))
        if groups:
            break
    return list(groups) or _matching(look, name)


def no_groups(look: Look, wanted: str) -> Found:
    text = f"No log group belongs to {bare_name(wanted)}." if wanted else "This region has no log groups."
    return Found(text, console_url=console.log_groups(look.aws, bare_name(wanted)), no_data=True)


def names_of(groups: Sequence[str]) -> str:
    shown = ", ".join(groups[:3])
    return shown if len(groups) <= 3 else f"{shown} and {len(groups) - 3} more"


def belongs_to_service(group: str, service: str) -> bool:
    marks = _SERVICE_MARKS.get(service_key(service) or service.lower(), ())
    return not marks or any(mark in group.lower() for mark in marks)


_SERVICE_MARKS: dict[str, tuple[str, ...]] = {
    "lambda": ("/aws/lambda/",),
    "ecs": ("ecs", "fargate"),
    "rds": ("/aws/rds/",),
    "apigateway": ("api-gateway", "apigateway"),
    "mwaa": ("airflow",),
    "redshift": ("redshift",),
    "stepfunctions": ("/aws/vendedlogs/states", "states"),
    "codebuild": ("/aws/codebuild/",),
    "glue": ("/aws-glue/",),
    "dbt": ("dbt",),
}


def read(look: Look, groups: Sequence[str], span: TimeRange, pattern: str = "", slices: int = SLICES) -> Reading:
    """Lines that match a filter pattern (all lines without one), read side by side within bounds."""
    step = (span.end - span.start) / slices
    parts = [TimeRange(start=span.start + step * i, end=span.start + step * (i + 1)) for i in range(slices)]
    chosen = list(groups)[:MAX_GROUPS_READ]
    look.note("logs", "filter_log_events", _parameters(chosen[0] if chosen else "", span, pattern))
    total = Reading()
    with ThreadPoolExecutor(max_workers=8) as pool:
        jobs = [pool.submit(_read_slice, look, group, part, pattern) for group in chosen for part in parts]
        for one in (job.result() for job in jobs):
            total.lines += one.lines
            total.minutes += one.minutes / max(len(chosen), 1)
            total.cut |= one.cut
            total.unread.update(one.unread)
    total.lines.sort(key=lambda line: line.at)
    return total


def around(look: Look, group: str, stream: str, at: datetime, seconds: int = 5, limit: int = 60) -> list[LogLine]:
    """Lines of one stream right after a moment: the rest of a stack trace, say."""
    answer = look.call(
        "logs",
        "get_log_events",
        logGroupName=group,
        logStreamName=stream,
        startTime=millis(at),
        endTime=millis(at + timedelta(seconds=seconds)),
        startFromHead=True,
        limit=limit,
    )
    return [LogLine(from_millis(e["timestamp"]), e["message"].rstrip(), stream) for e in answer.get("events", [])]


def millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def from_millis(value: int) -> datetime:
    return datetime.fromtimestamp(value / 1000, UTC)


def _parameters(group: str, span: TimeRange, pattern: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "logGroupName": group,
        "startTime": millis(span.start),
        "endTime": millis(span.end) - 1,
        "limit": EVENTS_PER_PAGE,
    }
    return parameters | ({"filterPattern": pattern} if pattern else {})


def _read_slice(look: Look, group: str, span: TimeRange, pattern: str) -> Reading:
    client = look.aws.client("logs")
    parameters = _parameters(group, span, pattern)
    reading = Reading(minutes=span.seconds / 60)
    for _ in range(PAGES_PER_SLICE):
        try:
            page = client.filter_log_events(**parameters)
        except (ClientError, BotoCoreError) as error:
            return Reading(reading.lines, unread={group: error})
        look.api_calls += 1
        for event in page["events"]:
            text = event["message"].rstrip()
            look.bytes_scanned += len(text)
            reading.lines.append(
                LogLine(from_millis(event["timestamp"]), text, f"{group}\t{event.get('logStreamName', '')}")
            )
        if not page.get("nextToken"):
            return reading
        parameters["nextToken"] = page["nextToken"]
    reading.cut = True
    if reading.lines:
        reading.minutes = max((reading.lines[-1].at - span.start).total_seconds() / 60, 0.1)
    return reading


def _listed(look: Look) -> list[str]:
    return [g["logGroupName"] for g in look.pages("logs", "describe_log_groups", "logGroups", MAX_GROUPS_LISTED)]


def _matching(look: Look, fragment: str) -> list[str]:
    """Groups whose name holds the fragment in any case, the shortest first; failing that, all of its words."""
    names = _listed(look)
    wanted = fragment.lower().strip("*")
    hits = [name for name in names if wanted in name.lower()]
    if not hits:
        words = [word for word in re.split(r"[^a-z0-9]+", wanted) if len(word) > 2]
        hits = [name for name in names if words and all(word in name.lower() for word in words)]
    return sorted(hits, key=len)


_Finder = Callable[[Look, str], Iterable[str]]


def _finders(service: str) -> list[_Finder]:
    by_service: dict[str, _Finder] = {
        "lambda": _of_function,
        "rds": _of_database,
        "ecs": _of_ecs_service,
        "sqs": _of_consumers,
    }
    chosen = by_service.get(service_key(service))
    return [chosen, _by_name] if chosen else [_by_name, _of_function, _of_ecs_service, _of_consumers]


def _tolerant(finder: _Finder, look: Look, name: str) -> list[str]:
    try:
        return list(finder(look, name))
    except (ClientError, BotoCoreError):
        return []  # another finder may still know


def _by_name(look: Look, name: str) -> Iterable[str]:
    return _matching(look, name)


def _of_function(look: Look, name: str) -> Iterable[str]:
    function = look.call("lambda", "get_function_configuration", FunctionName=name)
    group = function.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{function['FunctionName']}"
    if group in _listed(look):  # a function that never ran has none
        yield group


def _of_consumers(look: Look, name: str) -> Iterable[str]:
    """The logs of the functions that a queue or a stream triggers: it keeps none of its own."""
    for mapping in look.pages("lambda", "list_event_source_mappings", "EventSourceMappings", 500):
        source = mapping.get("EventSourceArn", "")
        if source.endswith(f":{name}") or f"/{name}/" in source:
            yield from _of_function(look, mapping["FunctionArn"])


def _of_database(look: Look, name: str) -> Iterable[str]:
    for kind in ("instance", "cluster"):
        prefix = f"/aws/rds/{kind}/{name}"
        found = look.call("logs", "describe_log_groups", logGroupNamePrefix=prefix)
        yield from (g["logGroupName"] for g in found["logGroups"])


def _of_ecs_service(look: Look, name: str) -> Iterable[str]:
    """The awslogs groups of the task definition that a service (or a task definition of that name) runs."""
    for cluster in look.pages("ecs", "list_clusters", "clusterArns", 20):
        services = [s for s in look.pages("ecs", "list_services", "serviceArns", 200, cluster=cluster) if name in s]
        if not services:
            continue
        for service in look.call("ecs", "describe_services", cluster=cluster, services=services[:5])["services"]:
            definition = look.call("ecs", "describe_task_definition", taskDefinition=service["taskDefinition"])
            for container in definition["taskDefinition"]["containerDefinitions"]:
                if group := container.get("logConfiguration", {}).get("options", {}).get("awslogs-group"):
                    yield group
