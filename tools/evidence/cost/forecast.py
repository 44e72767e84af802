"""What this month will come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.figures import percent_change
from agent.models import Chart, Finding, Series
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.cost.bill import DAY, MAX_PAGES, USAGE_ONLY, dimension, is_service, money
from tools.evidence.drawing import round_to
from tools.evidence.names import cost_names

INTERVAL_PERCENT = 80
GROWN = 1.15


@dataclass(frozen=True)
class Months:
    """Last month's spend, this month's up to yesterday, and the currency; with Cost Explorer's names of what counts."""

    last: float
    so_far: float
    unit: str
    services: tuple[str, ...]


@dataclass(frozen=True)
class Rest:
    """The forecast from today to the month's end with its bounds; `caveat` says why there is none."""

    mean: float = 0.0
    low: float = 0.0
    high: float = 0.0
    caveat: str = ""


@evidence_tool("What will this month cost?", days=30)
def cost_forecast(look: Look, service: str = "") -> Found:
    """Spend of this month so far, the forecast to its end with its interval, and last month's total.

    Args:
        service: such as lambda or `Amazon DynamoDB`; empty for all
    """
    today = look.now.date()
    first = today.replace(day=1)
    last, following = (first - DAY).replace(day=1), (first + timedelta(days=32)).replace(day=1)
    months = _months(look, last, first, today, service)
    if service and not months.services:
        return Found(f"Cost Explorer has no costs of {service} this month or last.", no_data=True)
    rest = _rest_of_month(look, today, following, months.services if service else ())
    finding = _finding(service, months, rest, today)
    link = console.cost_explorer(look.aws, last, today, _single(cost_names(service)))
    told = f"{finding.statement}{rest.caveat} Today's costs are forecast, not billed."
    return Found(told, [finding], link, charts=_drawn(service, months, rest, today))


def _drawn(service: str, months: Months, rest: Rest, today: date) -> list[Chart]:
    """Last month beside this one: what is spent, and what is forecast to come."""
    if rest.caveat:
        return []
    billed = Series(name="billed", values=(round_to(months.last), round_to(months.so_far)))
    heading = Series(name="with the forecast", values=(round_to(months.last), round_to(months.so_far + rest.mean)))
    labels = (f"{today.replace(day=1) - DAY:%b %Y}", f"{today:%b %Y}")
    unit = "usd" if months.unit == "USD" else months.unit
    title = f"This month{f': {service}' if service else ''}"
    return [Chart(title=title, kind="bar", unit=unit, labels=labels, series=(billed, heading))]


def _months(look: Look, last: date, first: date, today: date, service: str) -> Months:
    """By service whatever was asked, so that one cached reply answers for all of them."""
    amounts: dict[tuple[str, str], float] = {}
    unit, token, pages = "USD", "", 0
    while pages < MAX_PAGES and (token or not pages):
        reply = look.call(
            "ce",
            "get_cost_and_usage",
            TimePeriod={"Start": last.isoformat(), "End": today.isoformat() if today > first else first.isoformat()},
            Granularity="MONTHLY",
            Metrics=["UnblendedCost"],
            GroupBy=[dimension("SERVICE")],
            Filter=USAGE_ONLY,
            **({"NextPageToken": token} if token else {}),
        )
        for result in reply["ResultsByTime"]:
            for group in result["Groups"]:
                cost = group["Metrics"]["UnblendedCost"]
                amounts[result["TimePeriod"]["Start"], group["Keys"][0]] = float(cost["Amount"])
                unit = cost.get("Unit", unit)
        token, pages = reply.get("NextPageToken", ""), pages + 1
    chosen = {key: amount for key, amount in amounts.items() if not service or is_service(key[1], service)}
    before = sum(amount for (month, _), amount in chosen.items() if month == last.isoformat())
    so_far = sum(amount for (month, _), amount in chosen.items() if month == first.isoformat())
    return Months(before, so_far, unit, tuple(sorted({name for _, name in chosen})))


def _rest_of_month(look: Look, today: date, end: date, services: Sequence[str]) -> Rest:
    """The forecast for today and the days left; none where AWS has too little history for one."""
    named: dict[str, Any] = {"Dimensions": {"Key": "SERVICE", "Values": list(services)}}
    try:
        reply = look.call(
            "ce",
            "get_cost_forecast",
            TimePeriod={"Start": today.isoformat(), "End": end.isoformat()},
            Metric="UNBLENDED_COST",
            Granularity="MONTHLY",
            PredictionIntervalLevel=INTERVAL_PERCENT,
            Filter={"And": [USAGE_ONLY, named]} if services else USAGE_ONLY,
        )
    except ClientError as error:
        if error.response["Error"].get("Code") != "DataUnavailableException":
            raise
        return Rest(caveat=" AWS has too little history for a forecast.")
    mean = float(reply["Total"]["Amount"])
    parts: list[dict[str, Any]] = reply["ForecastResultsByTime"]
    low, high = (
        sum(float(part.get(f"PredictionInterval{side}Bound", part["MeanValue"])) for part in parts)
        for side in ("Lower", "Upper")
    )
    return Rest(mean, low, high)


def _finding(service: str, months: Months, rest: Rest, today: date) -> Finding:
    total, low, high = (months.so_far + part for part in (rest.mean, rest.low, rest.high))
    last, so_far, heading, lowest, highest = (
        money(amount, months.unit) for amount in (months.last, months.so_far, total, low, high)
    )
    grown = months.last > 0 and total > GROWN * months.last
    change = percent_change(months.last, total)
    upto = f"up to {today - DAY:%d %b}" if today.day > 1 else "so far"
    between = f" ({INTERVAL_PERCENT}% likely between {lowest} and {highest})" if rest.high > rest.low else ""
    going = f"is heading for {heading}{between}" if not rest.caveat else "has no forecast"
    return Finding(
        kind="cost_rise" if grown else "cost_steady",
        statement=(
            f"{service or 'The account'} has cost {so_far} this month {upto} and {going}; "
            f"last month was {last}{f' ({change})' if not rest.caveat else ''}."
        ),
        strength=round(min(0.3 + (total / months.last - 1), 0.85), 3) if grown else 0.35,
        attributes={
            "service": service,
            "previous": f"{months.last:.2f}",
            "current": f"{total:.2f}",
            "low": f"{low:.2f}",
            "high": f"{high:.2f}",
            "percent": change,
            "usd": f"{total - months.last:.2f}",
            "unit": months.unit,
        },
    )


def _single(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ""


TOOLS: tuple[BaseTool, ...] = (cost_forecast,)
