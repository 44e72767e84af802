"""Requests that a service refuses for capacity or rate, as its metrics count them."""

from __future__ import annotations

from datetime import timedelta

from agent.figures import number
from agent.models import Finding
from agent.times import clock_time
from tools.evidence.base import Look
from tools.evidence.infra.inventory import Item
from tools.evidence.metrics.reader import find_lines
from tools.evidence.metrics.series import Seen, compare

METRICS = {
    "dynamodb": ("WriteThrottleEvents", "ReadThrottleEvents", "ThrottledRequests"),
    "lambda": ("Throttles",),
    "kinesis": ("WriteProvisionedThroughputExceeded",),
    "stepfunctions": ("ExecutionThrottled",),
}
PERIOD = timedelta(minutes=5)
NOTABLE = 0.3
MAX_SHOWN = 3


def throttles(look: Look, item: Item) -> list[Finding]:
    """A `throttled` finding for each throttling metric of the resource that has risen."""
    names = METRICS.get(item.service, ())
    lines = [x for x in find_lines(look, item.service, item.name) if x.metric.name in names and x.resource == item.name]
    seen = [s for s in compare(look, lines, PERIOD) if s.shift.direction == "rise" and s.score >= NOTABLE]
    return [_finding(look, item, s) for s in seen[:MAX_SHOWN]]


def _finding(look: Look, item: Item, seen: Seen) -> Finding:
    operation = seen.line.dimensions.get("Operation") or _operation(seen.line.metric.name)
    since = f" since {clock_time(seen.shift.onset, look.now)}" if seen.shift.onset else ""
    details = {"service": item.service, "operation": operation, "metric": seen.line.metric.name}
    return Finding(
        kind="throttled",
        statement=f"{number(seen.shift.level)} {operation} a minute are throttled on {item.type} {item.name}{since}.",
        strength=seen.score,
        at=seen.shift.onset,
        resource=item.name,
        attributes=details | ({"table": item.name} if item.service == "dynamodb" else {}),
    )


def _operation(metric: str) -> str:
    words = {"Write": "writes", "Read": "reads", "Execution": "executions", "Throttles": "invocations"}
    return next((word for start, word in words.items() if metric.startswith(start)), "requests")
