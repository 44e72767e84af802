"""The limits a metric can run into, read from the resource's own configuration, and how near the metric came."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from agent.figures import number, quantity
from agent.models import Finding
from agent.times import clock_time
from tools.evidence.base import Look
from tools.evidence.metrics.reader import fetch
from tools.evidence.metrics.series import Seen
from tools.evidence.partial import Gathered, gather

NEAR = 0.9
DEFAULT_CONNECTIONS_CAP = 5000
BYTES_A_CONNECTION = {"postgres": 9_531_392, "mysql": 12_582_880, "mariadb": 12_582_880}
"""Memory of the class divided by this is an engine's default max_connections (Amazon RDS User Guide, Quotas)."""
GIB_OF_LARGE = {"r": 16, "x": 32, "m": 8, "t": 8, "c": 4}
SMALLER = {"micro": 1 / 8, "small": 1 / 4, "medium": 1 / 2, "large": 1, "xlarge": 2}


def limits_of(look: Look, seen: Sequence[Seen]) -> Gathered[list[Finding]]:
    """Findings for each series that reached, or nearly reached, a limit of its resource."""
    reads: dict[str, Callable[[], list[Finding]]] = {"percentages": lambda: _percentages(seen, look)}
    readers = {"rds": _rds, "lambda": _lambda, "dynamodb": _dynamodb}
    for service, resource in dict.fromkeys((s.line.metric.service, s.line.resource) for s in seen):
        own = [s for s in seen if s.line.resource == resource and s.line.metric.service == service]
        if reader := readers.get(service):
            reads[f"limits of {resource}"] = lambda reader=reader, own=own: reader(look, own)
    return gather(reads)


def near_limit(seen: Seen, value: float, limit: float, name: str, look: Look, unit: str = "") -> Finding | None:
    """A metric_at_limit finding when `value` is at least 90% of `limit`; both in `unit`."""
    if limit <= 0 or value < NEAR * limit:
        return None
    share = value / limit
    usual = seen.shift.direction == "steady"
    since = f" since {clock_time(seen.shift.onset, look.now)}" if seen.shift.onset else ""
    words = "reached" if share >= 0.995 else f"is at {share * 100:.0f}% of"
    return Finding(
        kind="metric_at_limit",
        statement=(
            f"{seen.line.label} of {seen.line.resource} {words} its limit{since}: {quantity(value, unit)} of "
            f"{quantity(limit, unit)} ({name})" + (", as it usually does." if usual else ".")
        ),
        strength=round(min(0.6 + 3.7 * (share - NEAR), 0.97) * (0.5 if usual else 1), 3),
        at=seen.shift.onset,
        resource=seen.line.resource,
        attributes={
            "metric": seen.line.metric.name,
            "namespace": seen.line.metric.namespace,
            "limit": f"{limit:.6g}",
            "limit_name": name,
            "value": f"{value:.6g}",
            "service": seen.line.metric.service,
        },
    )


def _percentages(seen: Sequence[Seen], look: Look) -> list[Finding]:
    found = [
        near_limit(s, min(s.shift.peak, 100), 100, "all there is", look, "Percent")
        for s in seen
        if s.line.unit == "Percent" and s.line.metric.watch == "rise"
    ]
    return [finding for finding in found if finding]


def _rds(look: Look, seen: Sequence[Seen]) -> list[Finding]:
    connections = next((s for s in seen if s.line.metric.name == "DatabaseConnections"), None)
    if connections is None:
        return []
    instance = look.call("rds", "describe_db_instances", DBInstanceIdentifier=connections.line.resource)
    limit, name = max_connections(look, instance["DBInstances"][0])
    finding = near_limit(connections, connections.shift.peak, limit, name, look)
    return [finding] if finding else []


def max_connections(look: Look, instance: dict[str, object]) -> tuple[float, str]:
    """The most connections that an RDS instance takes, and where that figure comes from; 0 when unknown."""
    groups = instance.get("DBParameterGroups")
    group = groups[0]["DBParameterGroupName"] if isinstance(groups, list) and groups else ""
    value = ""
    if group:
        parameters = look.pages("rds", "describe_db_parameters", "Parameters", DBParameterGroupName=group)
        value = next((p.get("ParameterValue", "") for p in parameters if p["ParameterName"] == "max_connections"), "")
    if value.isdigit():
        return float(value), f"max_connections in {group}"
    per_connection = next(
        (size for engine, size in BYTES_A_CONNECTION.items() if engine in str(instance.get("Engine", ""))), 0
    )
    memory = memory_gib(str(instance.get("DBInstanceClass", "")))
    if not per_connection or not memory:
        return 0.0, "unknown"
    default = min(int(memory * 2**30 / per_connection), DEFAULT_CONNECTIONS_CAP)
    return float(default), f"default for {number(memory)} GiB of memory"


def memory_gib(instance_class: str) -> float:
    """Memory of an RDS class in GiB, from its family and size; 0 when unknown. `db.r6g.xlarge` has 32."""
    match = re.match(r"^db\.([a-z])\w*\.(\d*)([a-z]+)$", instance_class)
    if not match or match[1] not in GIB_OF_LARGE or match[3] not in SMALLER:
        return 0.0
    return GIB_OF_LARGE[match[1]] * SMALLER[match[3]] * int(match[2] or 1)


def _lambda(look: Look, seen: Sequence[Seen]) -> list[Finding]:
    found: list[Finding | None] = []
    for s in seen:
        if s.line.metric.name == "Duration":
            settings = look.call("lambda", "get_function_configuration", FunctionName=s.line.resource)
            longest = replace(s.line, metric=replace(s.line.metric, statistic="Maximum"))
            points = fetch(look, [longest], look.window.start, look.window.end, timedelta(minutes=5))[0]
            peak = max((value for _, value in points), default=0.0)
            found.append(
                near_limit(s, peak, settings["Timeout"] * 1000, "the function's timeout", look, "Milliseconds")
            )
        if s.line.metric.name == "ConcurrentExecutions":
            limit, name = _concurrency(look, s.line.resource)
            found.append(near_limit(s, s.shift.peak, limit, name, look))
    return [finding for finding in found if finding]


def _concurrency(look: Look, function: str) -> tuple[float, str]:
    """How many instances of a function may run at a time: its own reserve, or what the account has left for all."""
    reserved = look.call("lambda", "get_function_concurrency", FunctionName=function)
    if "ReservedConcurrentExecutions" in reserved:
        return float(reserved["ReservedConcurrentExecutions"]), "reserved concurrency"
    account = look.call("lambda", "get_account_settings")["AccountLimit"]
    return float(account["UnreservedConcurrentExecutions"]), "unreserved concurrency of the account"


def _dynamodb(look: Look, seen: Sequence[Seen]) -> list[Finding]:
    consumed = {"ConsumedWriteCapacityUnits": "WriteCapacityUnits", "ConsumedReadCapacityUnits": "ReadCapacityUnits"}
    own = [s for s in seen if s.line.metric.name in consumed]
    if not own:
        return []
    table = look.call("dynamodb", "describe_table", TableName=own[0].line.resource)["Table"]
    found: list[Finding | None] = []
    for s in own:
        unit = consumed[s.line.metric.name]
        limit = float(table.get("ProvisionedThroughput", {}).get(unit, 0))
        found.append(near_limit(s, s.shift.peak / 60, limit, f"provisioned {unit} a second", look))
    return [finding for finding in found if finding]
