"""Performance Insights: the load of an RDS instance in average active sessions, by statement, wait, user or host."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.databases import LoadPart, RdsInstance
from deploy.local.account.services.rds import resource_id_of
from deploy.local.account.state import Account, Loaded

PERIODS = (1, 60, 300, 3600, 86400)
LOAD = ("db.load.avg", "db.sampledload.avg")
_INVALID = "InvalidArgumentException"
Dimensions = dict[str, str]


def _wait(part: LoadPart) -> Dimensions:
    kind, _, _name = part.wait.partition(":")
    return {"db.wait_event.name": part.wait, "db.wait_event.type": kind}


def _sql(part: LoadPart) -> Dimensions:
    digest = hashlib.sha256(part.sql.encode()).hexdigest()
    return {
        "db.sql_tokenized.id": digest[:32].upper(),
        "db.sql_tokenized.db_id": str(int(digest[:12], 16)),
        "db.sql_tokenized.statement": part.sql[:500],
    }


_GROUPS: dict[str, Callable[[LoadPart], Dimensions]] = {
    "db.sql_tokenized": _sql,
    "db.wait_event": _wait,
    "db.wait_event_type": lambda part: {"db.wait_event_type.name": part.wait.partition(":")[0]},
    "db.user": lambda part: {"db.user.name": part.user, "db.user.id": part.user},
    "db.host": lambda part: {"db.host.name": part.host, "db.host.id": part.host},
}


def describe_dimension_keys(account: Account, request: Request) -> dict[str, Any]:
    """The members of a group by their average load over the range, the heaviest first."""
    params = request.params
    loaded, instance = _instance(account, request)
    if params["Metric"] not in LOAD or params.get("AdditionalMetrics"):
        raise NotImplementedError
    start, end, step = _range(params)
    parts = _parts(instance, params.get("Filter", {}))
    keys = list(_grouped(loaded, parts, params["GroupBy"], start, end, step))
    if "PartitionBy" in params:
        raise NotImplementedError
    size = params.get("MaxResults") or 25
    shown, token = page(keys, params, params.get("NextToken"), size, _INVALID)
    return {
        "AlignedStartTime": start,
        "AlignedEndTime": end,
        "Keys": [{"Dimensions": dimensions, "Total": total} for dimensions, total in shown],
        **({"NextToken": token} if token else {}),
    }


def get_resource_metrics(account: Account, request: Request) -> dict[str, Any]:
    """Load over time, whole or by a group. A page holds MaxResults series."""
    params = request.params
    loaded, instance = _instance(account, request)
    start, end, step = _range(params)
    moments = [start + number * step for number in range(int((end - start) / step))]
    series: list[dict[str, Any]] = []
    for query in params["MetricQueries"]:
        if query["Metric"] not in LOAD:
            raise NotImplementedError
        parts = _parts(instance, query.get("Filter", {}))
        series.append(_series(loaded, parts, {"Metric": query["Metric"]}, moments, step))
        for dimensions, _ in _grouped(loaded, parts, query["GroupBy"], start, end, step) if "GroupBy" in query else ():
            maker = _GROUPS[query["GroupBy"]["Group"]]
            own = [part for part in parts if maker(part) == dimensions]
            series.append(_series(loaded, own, {"Metric": query["Metric"], "Dimensions": dimensions}, moments, step))
    shown, token = page(series, params, params.get("NextToken"), params.get("MaxResults") or 25, _INVALID)
    return {
        "AlignedStartTime": start,
        "AlignedEndTime": end,
        "Identifier": params["Identifier"],
        "MetricList": shown,
        **({"NextToken": token} if token else {}),
    }


def _instance(account: Account, request: Request) -> tuple[Loaded, RdsInstance]:
    if request.params["ServiceType"] != "RDS":
        raise AwsError(_INVALID, "The service type must be RDS.")
    for loaded in account.loaded(request.region):
        for instance in loaded.scenario.resources.rds_instances:
            if resource_id_of(instance) == request.params["Identifier"] and instance.performance:
                return loaded, instance
    raise AwsError("NotAuthorizedException", "Performance Insights is not enabled for this instance.")


def _range(params: Mapping[str, Any]) -> tuple[datetime, datetime, timedelta]:
    """The range in whole periods."""
    seconds = params.get("PeriodInSeconds") or 300
    if seconds not in PERIODS:
        raise AwsError(_INVALID, f"PeriodInSeconds must be one of {', '.join(map(str, PERIODS))}.")
    start, end = params["StartTime"], params["EndTime"]
    if start >= end:
        raise AwsError(_INVALID, "StartTime must be before EndTime.")
    first = datetime.fromtimestamp(start.timestamp() // seconds * seconds, tz=UTC)
    last = datetime.fromtimestamp(-(-end.timestamp() // seconds) * seconds, tz=UTC)
    return first, last, timedelta(seconds=seconds)


def _parts(instance: RdsInstance, chosen: Mapping[str, str]) -> list[LoadPart]:
    parts = list(instance.performance.parts) if instance.performance else []
    known = {name for part in parts for make in _GROUPS.values() for name in make(part)}
    if parts and not set(chosen) <= known:
        raise NotImplementedError
    return [p for p in parts if chosen.items() <= {k: v for m in _GROUPS.values() for k, v in m(p).items()}.items()]


def _grouped(
    loaded: Loaded, parts: list[LoadPart], group: Mapping[str, Any], start: datetime, end: datetime, step: timedelta
) -> Iterator[tuple[Dimensions, float]]:
    maker = _GROUPS.get(group["Group"])
    if maker is None or group.get("Dimensions"):
        raise NotImplementedError
    totals: dict[tuple[tuple[str, str], ...], float] = {}
    for part in parts:
        key = tuple(maker(part).items())
        totals[key] = totals.get(key, 0.0) + _average(loaded, part, start, end, step)
    ranked = sorted(totals.items(), key=lambda pair: -pair[1])
    yield from ((dict(key), total) for key, total in ranked[: group.get("Limit", 10)] if total)


def _series(
    loaded: Loaded, parts: list[LoadPart], key: dict[str, Any], moments: list[datetime], step: timedelta
) -> dict[str, Any]:
    known = [moment for moment in moments if moment < loaded.now]
    return {
        "Key": key,
        "DataPoints": [
            {"Timestamp": at, "Value": sum(_load(loaded, part, at, at + step) for part in parts)} for at in known
        ],
    }


def _average(loaded: Loaded, part: LoadPart, start: datetime, end: datetime, step: timedelta) -> float:
    return _load(loaded, part, start, min(end, max(loaded.now, start + step)))


def _load(loaded: Loaded, part: LoadPart, start: datetime, end: datetime) -> float:
    """The mean load of a part between two moments; what changes overlap is added up by its share of the time."""
    whole = (end - start).total_seconds()
    total, covered = 0.0, 0.0
    for change in part.changes:
        first = max(start, loaded.at(change.start))
        last = min(end, loaded.at(change.end) if change.end is not None else end)
        seconds = max((last - first).total_seconds(), 0.0)
        total, covered = total + change.load * seconds, covered + seconds
    return (total + part.load * max(whole - covered, 0.0)) / whole


OPERATIONS: dict[str, Operation] = {
    "DescribeDimensionKeys": describe_dimension_keys,
    "GetResourceMetrics": get_resource_metrics,
}
