"""GetMetricData, GetMetricStatistics, ListMetrics and PutMetricData."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from deploy.local.account.cloudwatch.query import Evaluation, ExpressionQuery, MetricQuery, Query
from deploy.local.account.cloudwatch.series import minute_of, moment_of
from deploy.local.account.cloudwatch.statistics import check_statistic
from deploy.local.account.cloudwatch.store import MetricKey, MetricStore, Put
from deploy.local.account.paging import decode_token, encode_token, page
from deploy.local.account.request import AwsError, Request
from deploy.local.account.state import Account

_RETENTION = ((300, timedelta(days=15)), (3600, timedelta(days=63)))
"""For periods below so many seconds, how far back CloudWatch keeps datapoints; longer ones 455 days."""
_MOST_DATAPOINTS = 100_800
INVALID_TOKEN = "InvalidNextToken"  # noqa: S105 - an error code


def get_metric_data(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    start, end = minute_of(params["StartTime"]), -(-int(params["EndTime"].timestamp()) // 60)
    if start >= end:
        raise AwsError("ValidationError", "The parameter StartTime must be less than the parameter EndTime.")
    queries = [_query(each) for each in params["MetricDataQueries"]]
    if len({query.id for query in queries}) != len(queries):
        raise AwsError("ValidationError", "The values for parameter id in MetricDataQueries are not unique.")
    store = MetricStore(account, request.region)
    results: list[dict[str, Any]] = []
    for query in queries:
        if query.returned:
            evaluation = Evaluation(store, queries, start, end, minute_of(account.now()), _earliest(account, query))
            results += _results(query, evaluation, newest_first=params.get("ScanBy") != "TimestampAscending")
    return _data_page(results, params)


def get_metric_statistics(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    start, end = minute_of(params["StartTime"]), -(-int(params["EndTime"].timestamp()) // 60)
    if start >= end:
        raise AwsError("InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime.")
    period = _check_period(params["Period"])
    if (end - start) * 60 // period > 1440:
        raise AwsError(
            "InvalidParameterCombination", "You have requested more than 1,440 datapoints; use a longer period."
        )
    statistics = [*params.get("Statistics", []), *params.get("ExtendedStatistics", [])]
    if not statistics:
        raise AwsError("InvalidParameterCombination", "Either Statistics or ExtendedStatistics must be given.")
    store = MetricStore(account, request.region)
    key = MetricKey.of(params["Namespace"], params["MetricName"], _dimensions(params))
    unit = store.unit(key)
    if params.get("Unit") not in (None, unit):
        return {"Label": key.name, "Datapoints": []}
    points: dict[float, dict[str, Any]] = {}
    for statistic in statistics:
        query = MetricQuery("m", key, check_statistic(statistic), period, key.name)
        evaluation = Evaluation(store, [query], start, end, minute_of(account.now()), _earliest(account, query))
        timeline, lines = evaluation.lines(query)
        for second, value in zip(timeline.seconds, lines[0].values, strict=True):
            if not np.isnan(value):
                point = points.setdefault(second, {"Timestamp": moment_of(int(second) // 60), "Unit": unit})
                _add_statistic(point, statistic, float(value))
    return {"Label": key.name, "Datapoints": list(points.values())}


def list_metrics(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    wanted = [(each["Name"], each.get("Value")) for each in params.get("Dimensions", [])]
    metrics = [
        _metric(key)
        for key in MetricStore(account, request.region).metric_keys()
        if params.get("Namespace") in (None, key.namespace)
        and params.get("MetricName") in (None, key.name)
        and all(_has_dimension(key, *each) for each in wanted)
    ]
    shown, token = page(metrics, params, params.get("NextToken"), 500, INVALID_TOKEN)
    return {"Metrics": shown, **({"NextToken": token} if token else {})}


def put_metric_data(account: Account, request: Request) -> dict[str, Any]:
    store = MetricStore(account, request.region)
    if request.params["Namespace"].startswith("AWS/"):
        raise AwsError("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.")
    for datum in request.params.get("MetricData", []):
        key = MetricKey.of(request.params["Namespace"], datum["MetricName"], _dimensions(datum))
        minute = minute_of(datum.get("Timestamp") or account.now())
        for put in _puts(datum):
            store.put(key, minute, put)
    return {}


def _query(params: Mapping[str, Any]) -> Query:
    returned = params.get("ReturnData", True)
    identity, label = params["Id"], params.get("Label", "")
    if not identity[:1].islower():
        raise AwsError("ValidationError", f"The id {identity!r} must start with a lowercase letter.")
    stat = params.get("MetricStat")
    if (stat is None) == (params.get("Expression") is None):
        raise AwsError("ValidationError", f"The query {identity} needs either MetricStat or Expression.")
    if stat is None:
        expression = params["Expression"]
        if expression.lstrip().upper().startswith("SELECT"):
            raise AwsError("ValidationError", "Metrics Insights is not supported by the simulated account.")
        period = params.get("Period")
        return ExpressionQuery(identity, expression, _check_period(period) if period else 0, label or "", returned)
    metric = stat["Metric"]
    key = MetricKey.of(metric["Namespace"], metric["MetricName"], _dimensions(metric))
    return MetricQuery(
        identity, key, check_statistic(stat["Stat"]), _check_period(stat["Period"]), label or key.name, returned
    )


def _check_period(period: int) -> int:
    if period not in (1, 5, 10, 20, 30) and (period < 60 or period % 60):
        raise AwsError(
            "ValidationError", "The value for parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60."
        )
    return period


def _earliest(account: Account, query: Query) -> int:
    """The first minute of which datapoints of this period are still kept."""
    kept = next((length for below, length in _RETENTION if query.period < below), timedelta(days=455))
    return minute_of(account.now() - kept)


def _results(query: Query, evaluation: Evaluation, newest_first: bool) -> list[dict[str, Any]]:
    timeline, lines = evaluation.lines(query)
    results: list[dict[str, Any]] = []
    for line in lines:
        known = np.flatnonzero(~np.isnan(line.values))
        if newest_first:
            known = known[::-1]
        results.append(
            {
                "Id": query.id,
                "Label": line.label or query.id,
                "Timestamps": [moment_of(int(timeline.seconds[index]) // 60) for index in known],
                "Values": [float(line.values[index]) for index in known],
                "StatusCode": "Complete",
            }
        )
    return results


def _data_page(results: list[dict[str, Any]], params: Mapping[str, Any]) -> dict[str, Any]:
    """At most MaxDatapoints values over all results; the rest under a token that counts the values shown."""
    token = params.get("NextToken")
    skip: int = decode_token(token, params, INVALID_TOKEN) if token else 0
    room = min(params.get("MaxDatapoints") or _MOST_DATAPOINTS, _MOST_DATAPOINTS)
    passed, shown = 0, 0
    replies: list[dict[str, Any]] = []
    for result in results:
        size = len(result["Values"])
        first = min(max(skip - passed, 0), size)
        last = min(size, first + room - shown)
        passed += size
        shown += last - first
        if size == 0 or last > first:
            part = {key: result[key][first:last] for key in ("Timestamps", "Values")}
            replies.append({**result, **part, "StatusCode": "Complete" if last == size else "PartialData"})
    reply: dict[str, Any] = {"MetricDataResults": replies, "Messages": []}
    if skip + shown < sum(len(result["Values"]) for result in results):
        reply["NextToken"] = encode_token(skip + shown, params)
    return reply


def _dimensions(params: Mapping[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in params.get("Dimensions") or []}


def _has_dimension(key: MetricKey, name: str, value: str | None) -> bool:
    return any(found == name and value in (None, found_value) for found, found_value in key.dimensions)


def _metric(key: MetricKey) -> dict[str, Any]:
    return {
        "Namespace": key.namespace,
        "MetricName": key.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in key.dimensions],
    }


def _add_statistic(point: dict[str, Any], statistic: str, value: float) -> None:
    if statistic.startswith("p"):
        point.setdefault("ExtendedStatistics", {})[statistic] = value
    else:
        point[statistic] = value


def _puts(datum: Mapping[str, Any]) -> Sequence[Put]:
    unit = datum.get("Unit", "None")
    if "StatisticValues" in datum:
        given = datum["StatisticValues"]
        return [Put(given["Sum"], given["SampleCount"], given["Minimum"], given["Maximum"], unit)]
    values = datum.get("Values") or [datum["Value"]]
    counts = datum.get("Counts") or [1.0] * len(values)
    return [Put(value * count, count, value, value, unit) for value, count in zip(values, counts, strict=True)]
