"""What spend is heading for: budgets, the anomalies that AWS found, the forecast of the month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.figures import count, percent_change, usd
from agent.models import Finding
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.names import cost_names


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
    heading = f"{over} of {count(len(chosen), 'budget')} exceeded or heading for it."
    return Found(f"{heading} {findings[0].statement}", findings, link)


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
    more = f" And {count(len(chosen) - 1, 'other')}." if len(chosen) > 1 else ""
    return Found(findings[0].statement + more, findings, console.cost_anomalies(look.aws))


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


TOOLS: tuple[BaseTool, ...] = (budget_status, cost_anomalies, cost_forecast)
