"""Cost Explorer: costs and usage by time, filter and group, and forecasts. Look-ups are in ce_lookups.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from deploy.local.account.costs.bill import BillLine, bill_lines, billed_until
from deploy.local.account.costs.filters import check_dimension, compile_filter
from deploy.local.account.costs.forecast import Forecast
from deploy.local.account.costs.periods import (
    HOURLY_DAYS,
    Period,
    check_past,
    invalid,
    month_start,
    read_granularity,
    read_period,
    split,
)
from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.services import ce_lookups
from deploy.local.account.state import Account

COST_METRICS = ("UnblendedCost", "BlendedCost", "AmortizedCost", "NetUnblendedCost", "NetAmortizedCost")
USAGE_METRICS = ("UsageQuantity", "NormalizedUsageAmount")
_METRICS = {name.lower(): name for name in (*COST_METRICS, *USAGE_METRICS)}
MAX_GROUPS = 2
PERIODS_PER_PAGE = 100
ROWS_PER_PAGE = 5000
_FORECAST_MONTHS = {"DAILY": 3, "MONTHLY": 18}

KeyOf = Callable[[BillLine], str]


def _get_cost_and_usage(account: Account, request: Request) -> dict[str, Any]:
    return _costs(account, request, resources=False)


def _get_cost_and_usage_with_resources(account: Account, request: Request) -> dict[str, Any]:
    """Resource ids are kept for 14 days only, and the request must say which service or resource it is about."""
    params = request.params
    if not params.get("Filter"):
        raise invalid("GetCostAndUsageWithResources needs a Filter")
    period = read_period(params["TimePeriod"], params["Granularity"])
    midnight = account.now().replace(hour=0, minute=0, second=0, microsecond=0)
    if period.start < midnight - timedelta(days=HOURLY_DAYS):
        raise AwsError("DataUnavailableException", f"Resource-level data is available for {HOURLY_DAYS} days only")
    return _costs(account, request, resources=True)


def _costs(account: Account, request: Request, *, resources: bool) -> dict[str, Any]:
    params = request.params
    granularity = read_granularity(params, "DAILY", "MONTHLY", "HOURLY")
    period = read_period(params["TimePeriod"], granularity)
    check_past(period, granularity, account.now())
    metrics = [_metric(name) for name in params["Metrics"]]
    if not metrics:
        raise invalid("Metrics must name at least one metric")
    keys = _group_keys(params.get("GroupBy") or [], resources=resources)
    keep = compile_filter(params.get("Filter"), resources=resources)
    lines = [line for line in bill_lines(account) if keep(line)]
    token = params.get("NextPageToken")
    groups = len({tuple(key(line) for key in keys) for line in lines})
    size = max(min(PERIODS_PER_PAGE, ROWS_PER_PAGE // max(groups, 1)), 1)
    periods, token = page(list(split(period, granularity)), params, token, size, "InvalidNextTokenException")
    until, settled = billed_until(account), _settled(account.now())
    results = [_result(part, granularity, lines, keys, metrics, until, settled) for part in periods]
    reply = {
        "ResultsByTime": results,
        "GroupDefinitions": params.get("GroupBy") or [],
        "DimensionValueAttributes": _account_names(lines, params.get("GroupBy") or []),
    }
    return {**reply, **({"NextPageToken": token} if token else {})}


def _account_names(lines: list[BillLine], group_by: list[dict[str, str]]) -> list[dict[str, Any]]:
    """What linked accounts are called, where they are grouped by."""
    if not any(group["Key"] == "LINKED_ACCOUNT" for group in group_by):
        return []
    names = {line.account: line.cost.linked_account_name for line in lines}
    return [{"Value": account, "Attributes": {"description": name}} for account, name in sorted(names.items()) if name]


def _result(
    period: Period,
    granularity: str,
    lines: list[BillLine],
    keys: list[KeyOf],
    metrics: list[str],
    until: datetime,
    settled: datetime,
) -> dict[str, Any]:
    billed = period.before(until)
    groups: defaultdict[tuple[str, ...], list[tuple[BillLine, float]]] = defaultdict(list)
    for line in lines:
        amount = line.amount(billed.start, billed.end)
        if amount > 0:
            groups[tuple(key(line) for key in keys)].append((line, amount))
    shown: dict[str, Any] = {
        "TimePeriod": period.shown(granularity),
        "Estimated": period.end > settled,
        "Total": {},
        "Groups": [],
    }
    if keys:
        shown["Groups"] = [
            {"Keys": list(names), "Metrics": _measured(groups[names], metrics)} for names in sorted(groups)
        ]
    else:
        shown["Total"] = _measured(groups[()], metrics)
    return shown


def _measured(amounts: list[tuple[BillLine, float]], metrics: list[str]) -> dict[str, dict[str, str]]:
    cost = sum(amount for _, amount in amounts)
    used = sum(line.usage(amount) for line, amount in amounts)
    units = {line.cost.usage_per_day.unit for line, _ in amounts if line.cost.usage_per_day}
    unit = units.pop() if len(units) == 1 else "N/A"
    currency = next((line.currency for line, _ in amounts), "USD")
    return {
        metric: {"Amount": f"{cost:.10f}", "Unit": currency}
        if metric in COST_METRICS
        else {"Amount": f"{used if metric == 'UsageQuantity' else 0:.10f}", "Unit": unit}
        for metric in metrics
    }


def _metric(name: str) -> str:
    """UnblendedCost or UNBLENDED_COST."""
    metric = _METRICS.get(name.replace("_", "").lower())
    if metric is None:
        raise invalid(f"Invalid metric {name}; there are {', '.join(_METRICS.values())}")
    return metric


def _group_keys(group_by: list[dict[str, str]], *, resources: bool) -> list[KeyOf]:
    if len(group_by) > MAX_GROUPS:
        raise invalid(f"GroupBy can have at most {MAX_GROUPS} elements")
    return [_group_key(group["Type"], group["Key"], resources=resources) for group in group_by]


def _group_key(kind: str, key: str, *, resources: bool) -> KeyOf:
    if kind == "DIMENSION":
        check_dimension(key, resources=resources)
        return lambda line: line.dimensions[key]
    if kind == "TAG":
        return lambda line: f"{key}${line.tags.get(key, '')}"
    if kind == "COST_CATEGORY":
        return lambda line: f"{key}$"  # no scenario defines any
    raise invalid(f"Costs cannot be grouped by {kind}")


def _settled(now: datetime) -> datetime:
    """A month's bill is final some days after its end."""
    return month_start(now) if now.day > 5 else month_start(now, -1)


def _get_cost_forecast(account: Account, request: Request) -> dict[str, Any]:
    metric = _metric(request.params["Metric"])
    if metric not in COST_METRICS:
        raise invalid(f"{metric} is not a cost: use GetUsageForecast")
    return _forecast(account, request, "cost")


def _get_usage_forecast(account: Account, request: Request) -> dict[str, Any]:
    if _metric(request.params["Metric"]) != "UsageQuantity" or not request.params.get("Filter"):
        raise invalid("GetUsageForecast needs the metric USAGE_QUANTITY and a Filter on a usage type")
    return _forecast(account, request, "usage")


def _forecast(account: Account, request: Request, measure: str) -> dict[str, Any]:
    params = request.params
    granularity = read_granularity(params, "DAILY", "MONTHLY")
    period = read_period(params["TimePeriod"])
    today = account.now().replace(hour=0, minute=0, second=0, microsecond=0)
    if period.start < today:
        raise invalid("Start of a forecast cannot lie in the past")
    if period.end > month_start(today, _FORECAST_MONTHS[granularity] + 1):
        raise invalid(f"A {granularity} forecast reaches at most {_FORECAST_MONTHS[granularity]} months ahead")
    keep = compile_filter(params.get("Filter"))
    lines = [line for line in bill_lines(account) if keep(line)]
    forecast = Forecast(lines, _last_complete_day(account), measure)
    if forecast.is_empty:
        raise AwsError("DataUnavailableException", "Insufficient amount of historical data to generate forecast")
    level = params.get("PredictionIntervalLevel")
    results = [_forecast_part(forecast, part, level) for part in split(period, granularity)]
    unit = next((line.currency for line in lines), "USD") if measure == "cost" else "N/A"
    return {"Total": {"Amount": f"{forecast.mean(period):.10f}", "Unit": unit}, "ForecastResultsByTime": results}


def _forecast_part(forecast: Forecast, part: Period, level: int | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"TimePeriod": part.shown(), "MeanValue": f"{forecast.mean(part):.10f}"}
    if level is not None:
        low, high = forecast.interval(part, level)
        shown |= {"PredictionIntervalLowerBound": f"{low:.10f}", "PredictionIntervalUpperBound": f"{high:.10f}"}
    return shown


def _last_complete_day(account: Account) -> datetime:
    return billed_until(account).replace(hour=0)


OPERATIONS: dict[str, Operation] = {
    "GetCostAndUsage": _get_cost_and_usage,
    "GetCostAndUsageWithResources": _get_cost_and_usage_with_resources,
    "GetCostForecast": _get_cost_forecast,
    "GetUsageForecast": _get_usage_forecast,
    **ce_lookups.OPERATIONS,
}
