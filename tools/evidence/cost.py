"""What the account costs: by service and usage type, against budgets, AWS's own anomalies, the month to come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.figures import percent_change, times, usd
from agent.models import Finding
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.cost_movers import Bill, Mover, movers, parts, read_bill, strongest
from tools.evidence.names import cost_names

MAX_MOVERS = 6
MAX_PARTS = 3
TELLING_SHARE = 0.2


@evidence_tool("What moved in the cost of {service}?", days=14)
def cost_breakdown(look: Look, service: str = "") -> Found:
    """Daily spend by service and usage type against the days before: what rose or fell, from which day, by how much.

    Cost data are up to a day late.

    Args:
        service: such as lambda, nat or `Amazon DynamoDB`; empty for all
    """
    bill = read_bill(look, service)
    found = movers(bill)
    if not found:
        return Found(f"Cost Explorer has no costs of {service or 'the account'} in the range.", no_data=True)
    link = console.cost_explorer(look.aws, bill.start, bill.end - timedelta(days=1), _only(service, found), "UsageType")
    moved = strongest(found, MAX_MOVERS)
    findings = [finding for mover in moved for finding in _mover_findings(bill, mover)]
    steady = [m for m in found if not m.moved]
    total = _total_words(bill)
    if not moved:
        return Found(f"Nothing moved: {total}.", [_steady(m) for m in steady[:4]], link)
    findings += [_steady(m) for m in steady[:2]]
    listed = "; ".join(f"{m.service} {_change(m)}{_since(m)}" for m in moved[:4])
    return Found(f"{listed}. All in all {total}.", findings, link)


def _mover_findings(bill: Bill, mover: Mover) -> list[Finding]:
    """The service's move with its main usage type; and the other usage types that matter."""
    behind = parts(bill, mover)
    findings = [_move(mover, behind[0] if behind else None)]
    others = [p for p in behind[1:MAX_PARTS] if mover.extra_usd and p.extra_usd / mover.extra_usd >= TELLING_SHARE]
    return [*findings, *(_move(part, None) for part in others)]


def _move(mover: Mover, main: Mover | None) -> Finding:
    rise = mover.shift.direction == "rise"
    usage_type = main.usage_type if main else mover.usage_type
    name = mover.service if main or not usage_type else f"{mover.service} {usage_type}"
    of_it = ""
    if main and mover.extra_usd:
        of_it = f"; {usage_type} makes {min(main.extra_usd / mover.extra_usd, 1) * 100:.0f}% of that"
    costs = "cost" if mover.shift.until else "costs"
    so_far = f", {usd(abs(mover.extra_usd))} {'more' if rise else 'less'} so far"
    return Finding(
        kind="cost_rise" if rise else "cost_drop",
        statement=f"{name} {costs} {_change(mover)}{_since(mover)}{so_far}{of_it}.",
        strength=mover.strength,
        at=mover.shift.onset,
        attributes={
            "service": mover.service,
            "usage_type": usage_type,
            "previous": f"{mover.previous:.2f}",
            "current": f"{mover.current:.2f}",
            "percent": percent_change(mover.previous, mover.current),
            "usd": f"{mover.extra_usd:.2f}",
        },
    )


def _change(mover: Mover) -> str:
    """`$260 a day instead of $22 (12 times)`."""
    ratio = mover.current / mover.previous if mover.previous > 0.01 else 0
    how = times(ratio) if ratio >= 2 else percent_change(mover.previous, mover.current)
    return f"{usd(mover.current)} a day instead of {usd(mover.previous)} ({how})"


def _since(mover: Mover) -> str:
    if mover.shift.onset is None:
        return ""
    until = f" until {mover.shift.until:%d %b}" if mover.shift.until else ""
    return f"{' from' if until else ' since'} {mover.shift.onset:%d %b}{until}"


def _steady(mover: Mover) -> Finding:
    return Finding(
        kind="cost_steady",
        statement=f"{mover.service} is as before at {usd(mover.current)} a day ({usd(mover.previous)} before).",
        strength=0.35,
        attributes={
            "service": mover.service,
            "previous": f"{mover.previous:.2f}",
            "current": f"{mover.current:.2f}",
            "percent": percent_change(mover.previous, mover.current),
        },
    )


def _total_words(bill: Bill) -> str:
    today = bill.end - timedelta(days=1)
    since = sum(v for day, v in bill.total().items() if bill.split <= day < today)
    before = sum(v for day, v in bill.total().items() if day < bill.split)
    days = (today - bill.split).days
    return f"{usd(since)} in the last {days} days, {usd(before)} in the {days} before ({percent_change(before, since)})"


def _only(service: str, found: Sequence[Mover]) -> str:
    """The one Cost Explorer service that a link can filter by: what was asked for, or what moved most."""
    names = cost_names(service)
    return names[0] if len(names) == 1 else found[0].service if found[0].moved else ""


@evidence_tool("Which budgets are exceeded?", days=30)
def budget_status(look: Look, budget: str = "") -> Found:
    """AWS Budgets: limit, actual and forecast spend of each, and which are or will be exceeded.

    Args:
        budget: a fragment of the budget's name; empty for all
    """
    listed = look.pages("budgets", "describe_budgets", "Budgets", limit=200, AccountId=look.aws.account)
    chosen = [b for b in listed if budget.lower() in b["BudgetName"].lower()]
    if not chosen:
        return Found(f"There is no budget{f' called {budget}' if budget else ''}.", no_data=True)
    findings = sorted((_budget(b) for b in chosen), key=lambda f: -f.strength)
    over = sum(f.kind == "budget_exceeded" for f in findings)
    link = console.budgets(look.aws, chosen[0]["BudgetName"] if len(chosen) == 1 else "")
    return Found(f"{over} of {len(chosen)} budgets are or will be exceeded. {findings[0].statement}", findings, link)


def _budget(budget: dict[str, Any]) -> Finding:
    limit, actual, forecast = (
        float(spend.get("Amount", 0))
        for spend in (
            budget.get("BudgetLimit", {}),
            budget.get("CalculatedSpend", {}).get("ActualSpend", {}),
            budget.get("CalculatedSpend", {}).get("ForecastedSpend", {}),
        )
    )
    share = max(actual, forecast) / limit if limit else 0.0
    exceeded = share > 1
    unit = budget.get("TimeUnit", "").lower()
    verdict = "is exceeded" if actual > limit else "will be exceeded" if exceeded else "holds"
    return Finding(
        kind="budget_exceeded" if exceeded else "cost_steady",
        statement=(
            f"The {unit} budget {budget['BudgetName']} of {usd(limit)} {verdict}: {usd(actual)} spent, "
            f"{usd(forecast)} forecast."
        ),
        strength=round(min(0.6 + 0.5 * (share - 1) + (0.15 if actual > limit else 0), 0.95), 3) if exceeded else 0.3,
        resource=budget["BudgetName"],
        attributes={
            "budget": budget["BudgetName"],
            "limit": f"{limit:.2f}",
            "actual": f"{actual:.2f}",
            "forecast": f"{forecast:.2f}",
            "service": ", ".join(budget.get("CostFilters", {}).get("Service", [])),
        },
    )


@evidence_tool("Which cost anomalies did AWS find?", days=30)
def cost_anomalies(look: Look, service: str = "") -> Found:
    """Anomalies of AWS Cost Anomaly Detection with their root causes and impact.

    Args:
        service: such as lambda or `Amazon DynamoDB`; empty for all
    """
    span = {"StartDate": look.window.start.date().isoformat(), "EndDate": look.window.end.date().isoformat()}
    listed = look.pages("ce", "get_anomalies", "Anomalies", limit=100, DateInterval=span)
    wanted = set(cost_names(service))
    chosen = [a for a in listed if not wanted or wanted & {a.get("DimensionValue", ""), *_causes(a, "Service")}]
    if not chosen:
        return Found(f"AWS found no cost anomaly{f' of {service}' if service else ''}.", no_data=True)
    findings = sorted((_anomaly(a) for a in chosen), key=lambda f: -f.strength)
    summary = f"{len(chosen)} anomalies. {findings[0].statement}"
    return Found(summary, findings, console.cost_anomalies(look.aws))


def _causes(anomaly: dict[str, Any], key: str) -> list[str]:
    return [cause[key] for cause in anomaly.get("RootCauses", []) if cause.get(key)]


def _anomaly(anomaly: dict[str, Any]) -> Finding:
    impact, score = anomaly["Impact"], float(anomaly["AnomalyScore"].get("MaxScore", 0))
    service = anomaly.get("DimensionValue", "") or next(iter(_causes(anomaly, "Service")), "")
    usage_type = next(iter(_causes(anomaly, "UsageType")), "")
    start, end = anomaly.get("AnomalyStartDate", ""), anomaly.get("AnomalyEndDate", "")
    actual, expected = impact.get("TotalActualSpend", 0), impact.get("TotalExpectedSpend", 0)
    when = f"from {start[:10]}" + (f" to {end[:10]}" if end else "")
    spent = f" ({usd(actual)} instead of {usd(expected)})" if actual else ""
    cause = f", root cause {usage_type} in {next(iter(_causes(anomaly, 'Region')), 'any region')}" if usage_type else ""
    return Finding(
        kind="cost_rise",
        statement=f"AWS found an anomaly in {service} {when}: {usd(impact.get('TotalImpact', 0))} extra{spent}{cause}.",
        strength=round(min(0.4 + 0.5 * score, 0.9), 3),
        at=datetime.fromisoformat(start[:10]).replace(tzinfo=UTC) if start else None,
        attributes={
            "service": service,
            "usage_type": usage_type,
            "usd": f"{impact.get('TotalImpact', 0):.2f}",
            "previous": f"{expected:.2f}",
            "current": f"{actual:.2f}",
        },
    )


@evidence_tool("What will this month cost?", days=30)
def cost_forecast(look: Look, service: str = "") -> Found:
    """Spend of this month so far, the forecast to its end, and last month's total.

    Args:
        service: such as lambda or `Amazon DynamoDB`; empty for all
    """
    today = look.now.date()
    first, following = today.replace(day=1), (today.replace(day=28) + timedelta(days=4)).replace(day=1)
    last = (first - timedelta(days=1)).replace(day=1)
    names = list(cost_names(service))
    chosen: dict[str, Any] = {"Filter": {"Dimensions": {"Key": "SERVICE", "Values": names}}} if names else {}
    reply = look.call(
        "ce",
        "get_cost_and_usage",
        TimePeriod={"Start": last.isoformat(), "End": (today + timedelta(days=1)).isoformat()},
        Granularity="MONTHLY",
        Metrics=["UnblendedCost"],
        **chosen,
    )
    spent = {r["TimePeriod"]["Start"]: float(r["Total"]["UnblendedCost"]["Amount"]) for r in reply["ResultsByTime"]}
    before, so_far = spent.get(last.isoformat(), 0.0), spent.get(first.isoformat(), 0.0)
    rest, caveat = _rest_of_month(look, today, following, chosen)
    total = so_far + rest
    finding = _forecast_finding(service, before, so_far, total, today)
    return Found(finding.statement + caveat, [finding], console.cost_explorer(look.aws, last, today, _first(names)))


def _rest_of_month(look: Look, today: date, end: date, chosen: dict[str, Any]) -> tuple[float, str]:
    """The forecast for the days left, and why there is none where AWS has too little history for one."""
    if today + timedelta(days=1) >= end:
        return 0.0, ""
    try:
        reply = look.call(
            "ce",
            "get_cost_forecast",
            TimePeriod={"Start": (today + timedelta(days=1)).isoformat(), "End": end.isoformat()},
            Metric="UNBLENDED_COST",
            Granularity="MONTHLY",
            **chosen,
        )
    except ClientError as error:
        if error.response["Error"].get("Code") != "DataUnavailableException":
            raise
        return 0.0, " AWS has too little history for a forecast."
    return float(reply["Total"]["Amount"]), ""


def _forecast_finding(service: str, before: float, so_far: float, total: float, today: date) -> Finding:
    grown = before > 0 and total > 1.15 * before
    about = service or "The account"
    return Finding(
        kind="cost_rise" if grown else "cost_steady",
        statement=(
            f"{about} has cost {usd(so_far)} this month up to {today:%d %b} and is heading for {usd(total)}; "
            f"last month was {usd(before)} ({percent_change(before, total)})."
        ),
        strength=round(min(0.3 + (total / before - 1), 0.85), 3) if grown else 0.35,
        attributes={
            "service": service,
            "previous": f"{before:.2f}",
            "current": f"{total:.2f}",
            "percent": percent_change(before, total),
            "usd": f"{total - before:.2f}",
        },
    )


def _first(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ""


TOOLS: tuple[BaseTool, ...] = (cost_breakdown, budget_status, cost_anomalies, cost_forecast)
