"""Cost Explorer's look-ups: which values a dimension or tag has, and which anomalies were detected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from deploy.local.account.costs.anomalies import Detected, detected_anomalies, monitors
from deploy.local.account.costs.bill import BillLine, bill_lines, billed_until
from deploy.local.account.costs.filters import check_dimension, compile_filter
from deploy.local.account.costs.periods import check_past, invalid, read_period
from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.state import Account

_TOKEN_ERROR = "InvalidNextTokenException"  # noqa: S105 - an error code
_COMPARE: dict[str, Callable[[float, float, float], bool]] = {
    "EQUAL": lambda value, start, end: value == start,
    "GREATER_THAN_OR_EQUAL": lambda value, start, end: value >= start,
    "LESS_THAN_OR_EQUAL": lambda value, start, end: value <= start,
    "GREATER_THAN": lambda value, start, end: value > start,
    "LESS_THAN": lambda value, start, end: value < start,
    "BETWEEN": lambda value, start, end: start <= value <= end,
}


def _get_dimension_values(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    dimension = params["Dimension"]
    check_dimension(dimension)
    values = _spent_by(account, params, lambda line: line.dimensions[dimension])
    found, token = page(values, params, params.get("NextPageToken"), params.get("MaxResults") or 1000, _TOKEN_ERROR)
    return {
        "DimensionValues": [{"Value": value, "Attributes": {}} for value in found],
        **_sizes(found, values, token),
    }


def _get_tags(account: Account, request: Request) -> dict[str, Any]:
    """The keys of all tags, or the values of one."""
    params = request.params
    key = params.get("TagKey")
    if key:
        values = _spent_by(account, params, lambda line: line.tags.get(key, ""))
    else:
        tagged = {name for line in _lines(account, params) for name in line.tags}
        values = sorted(name for name in tagged if _contains(name, params))
    found, token = page(values, params, params.get("NextPageToken"), params.get("MaxResults") or 1000, _TOKEN_ERROR)
    return {"Tags": found, **_sizes(found, values, token)}


def _spent_by(account: Account, params: dict[str, Any], value_of: Callable[[BillLine], str]) -> list[str]:
    """Values with any cost in the period: by name, or by cost when the request sorts."""
    period = read_period(params["TimePeriod"])
    check_past(period, "DAILY", account.now())
    billed = period.before(billed_until(account))
    spent: defaultdict[str, float] = defaultdict(float)
    for line in _lines(account, params):
        spent[value_of(line)] += line.amount(billed.start, billed.end)
    values = sorted(value for value, amount in spent.items() if amount > 0 and _contains(value, params))
    if order := params.get("SortBy"):
        values.sort(key=lambda value: spent[value], reverse=order[0].get("SortOrder", "DESCENDING") == "DESCENDING")
    return values


def _lines(account: Account, params: dict[str, Any]) -> list[BillLine]:
    keep = compile_filter(params.get("Filter"))
    return [line for line in bill_lines(account) if keep(line)]


def _contains(value: str, params: dict[str, Any]) -> bool:
    return (params.get("SearchString") or "").lower() in value.lower()


def _sizes(found: list[str], values: list[str], token: str | None) -> dict[str, Any]:
    return {"ReturnSize": len(found), "TotalSize": len(values), **({"NextPageToken": token} if token else {})}


def _get_anomalies(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    found = [each for each in detected_anomalies(account) if _is_wanted(each, params)]
    size = params.get("MaxResults") or 100
    anomalies, token = page(found, params, params.get("NextPageToken"), size, _TOKEN_ERROR)
    shown = [each.shown() for each in anomalies]
    return {"Anomalies": shown, **({"NextPageToken": token} if token else {})}


def _is_wanted(each: Detected, params: dict[str, Any]) -> bool:
    interval = params["DateInterval"]
    first = interval["StartDate"]
    last = interval.get("EndDate") or "9999-12-31"
    if first > last:
        raise invalid("StartDate must not be after EndDate")
    overlaps = each.period.start.date().isoformat() <= last and each.last_day.date().isoformat() >= first
    return (
        overlaps
        and params.get("MonitorArn") in (None, each.monitor_arn)
        and params.get("Feedback") in (None, each.anomaly.feedback)
        and _has_impact(each, params.get("TotalImpact"))
    )


def _has_impact(each: Detected, wanted: dict[str, Any] | None) -> bool:
    if not wanted:
        return True
    start = wanted["StartValue"]
    return _COMPARE[wanted["NumericOperator"]](round(each.impact, 2), start, wanted.get("EndValue", start))


def _get_anomaly_monitors(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    known = {arn: (monitor, loaded) for arn, monitor, loaded in monitors(account)}
    wanted = params.get("MonitorArnList") or list(known)
    if unknown := next((arn for arn in wanted if arn not in known), None):
        raise AwsError("UnknownMonitorException", f"The cost anomaly monitor {unknown} does not exist")
    found, token = page(wanted, params, params.get("NextPageToken"), params.get("MaxResults") or 100, _TOKEN_ERROR)
    shown: list[dict[str, Any]] = []
    for arn in found:
        monitor, loaded = known[arn]
        created = (loaded.now - timedelta(days=200)).strftime("%Y-%m-%d")
        shown.append(
            {
                "MonitorArn": arn,
                "MonitorName": monitor.name,
                "MonitorType": monitor.type,
                "CreationDate": created,
                "LastUpdatedDate": created,
                "LastEvaluatedDate": billed_until(account).strftime("%Y-%m-%d"),
                **({"MonitorDimension": monitor.dimension} if monitor.type == "DIMENSIONAL" else {}),
            }
        )
    return {"AnomalyMonitors": shown, **({"NextPageToken": token} if token else {})}


OPERATIONS: dict[str, Operation] = {
    "GetDimensionValues": _get_dimension_values,
    "GetTags": _get_tags,
    "GetAnomalies": _get_anomalies,
    "GetAnomalyMonitors": _get_anomaly_monitors,
}
