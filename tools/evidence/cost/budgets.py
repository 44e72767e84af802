"""AWS Budgets: what was planned, what was spent, and which alert thresholds that passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from langchain_core.tools import BaseTool

from agent.figures import count
from agent.models import Finding
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.cost.bill import READ_ERRORS, money
from tools.evidence.partial import explain

MAX_BUDGETS = 1000


@evidence_tool("Which budgets are exceeded?", days=30)
def budget_status(look: Look, budget: str = "") -> Found:
    """AWS Budgets: limit, actual and forecast spend of each, which are or will be exceeded, which alerts that passed.

    Args:
        budget: a fragment of the budget's name; empty for all
    """
    account = look.aws.account
    listed = look.pages("budgets", "describe_budgets", "Budgets", limit=MAX_BUDGETS, AccountId=account)
    chosen = [b for b in listed if budget.lower() in b["BudgetName"].lower()]
    cut = f" Only the first {MAX_BUDGETS:,} budgets were read." if len(listed) >= MAX_BUDGETS else ""
    if not chosen:
        return Found(f"There is no budget{f' called {budget}' if budget else ''}.{cut}", no_data=True)
    alerts, caveat = _alerts(look, account)
    findings = [_finding(b, look.now, alerts.get(b["BudgetName"], ())) for b in chosen]
    findings.sort(key=lambda f: -f.strength)
    over = sum(f.kind == "budget_exceeded" for f in findings)
    link = console.budgets(look.aws, chosen[0]["BudgetName"] if len(chosen) == 1 else "")
    heading = f"{over} of {count(len(chosen), 'budget')} exceeded or heading for it."
    return Found(f"{heading} {findings[0].statement}{caveat}{cut}", findings, link)


def _alerts(look: Look, account: str) -> tuple[dict[str, list[dict[str, Any]]], str]:
    """Alert thresholds by budget; none, and why, where they cannot be read."""
    try:
        listed = look.pages(
            "budgets",
            "describe_budget_notifications_for_account",
            "BudgetNotificationsForAccount",
            limit=MAX_BUDGETS,
            AccountId=account,
        )
    except READ_ERRORS as error:
        return {}, f" Alert thresholds could not be read ({explain(error)})."
    return {each["BudgetName"]: each.get("Notifications", []) for each in listed}, ""


def _limit(budget: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The limit; of a budget that plans each period apart, the limit of this one."""
    planned: Mapping[str, dict[str, Any]] = budget.get("PlannedBudgetLimits") or {}
    begun = [start for start in planned if datetime.fromtimestamp(float(start), tz=UTC) <= now]
    return planned[max(begun, key=float)] if begun else budget.get("BudgetLimit") or {}


def _amounts(budget: dict[str, Any], now: datetime) -> tuple[float, float, float]:
    """Limit, actual and forecast."""
    spend = budget.get("CalculatedSpend", {})
    parts = (_limit(budget, now), spend.get("ActualSpend", {}), spend.get("ForecastedSpend", {}))
    limit, actual, forecast = (float(part.get("Amount", 0)) for part in parts)
    return limit, actual, forecast


def _share(budget: dict[str, Any], now: datetime) -> float:
    """How much of the limit is or will be used; of a utilisation or coverage budget, how far it falls short."""
    limit, actual, forecast = _amounts(budget, now)
    if budget.get("BudgetType", "COST") not in ("COST", "USAGE"):
        return limit / actual if actual else 2.0
    return max(actual, forecast) / limit if limit else 0.0


def _finding(budget: dict[str, Any], now: datetime, alerts: Sequence[dict[str, Any]]) -> Finding:
    limit, actual, forecast = _amounts(budget, now)
    share, unit = _share(budget, now), _limit(budget, now).get("Unit", "USD")
    utilised = budget.get("BudgetType", "COST") not in ("COST", "USAGE")
    exceeded = share > 1
    over_now = exceeded and (utilised or actual > limit)
    verdict = "is exceeded" if over_now else "will be exceeded" if exceeded else "holds"
    if utilised:
        verdict = "is missed" if exceeded else "holds"
    limit_words, actual_words, forecast_words = (_words(budget, value, unit) for value in (limit, actual, forecast))
    left = limit - actual
    left_words = "" if utilised else f", {_words(budget, abs(left), unit)} {'left' if left >= 0 else 'over it'}"
    expected = f", {forecast_words} forecast" if forecast else ""
    passed = _passed(alerts, limit, actual, forecast, utilised, unit)
    alert_words = f" Passed alert thresholds: {', '.join(passed)}." if passed else ""
    kind, period = budget.get("BudgetType", "COST").lower().replace("_", " "), budget.get("TimeUnit", "").lower()
    what = f"{period} budget" if kind == "cost" else f"{period} {kind} budget"
    strength = min(0.6 + 0.5 * (share - 1) + (0.15 if over_now else 0), 0.95)
    return Finding(
        kind="budget_exceeded" if exceeded else "cost_steady",
        statement=(
            f"The {what} {budget['BudgetName']} of {limit_words} {verdict}: {actual_words} "
            f"{'spent' if kind == 'cost' else 'used'}{left_words}{expected}.{alert_words}"
        ),
        strength=round(strength, 3) if exceeded else 0.4 if passed else 0.3,
        resource=budget["BudgetName"],
        attributes={
            "budget": budget["BudgetName"],
            "limit": f"{limit:.2f}",
            "actual": f"{actual:.2f}",
            "forecast": f"{forecast:.2f}",
            **({} if utilised else {"left": f"{left:.2f}"}),
            "unit": unit,
            "thresholds": ", ".join(passed),
            "service": ", ".join(budget.get("CostFilters", {}).get("Service", [])),
        },
    )


def _words(budget: dict[str, Any], value: float, unit: str) -> str:
    return money(value, unit) if budget.get("BudgetType", "COST") == "COST" else f"{value:,.4g} {unit.lower()}"


def _passed(
    alerts: Sequence[dict[str, Any]], limit: float, actual: float, forecast: float, utilised: bool, unit: str
) -> list[str]:
    """`80% (actual)`: thresholds that AWS says are in alarm, or that the amounts are beyond."""
    passed: list[tuple[float, str]] = []
    for alert in alerts:
        percent = alert.get("ThresholdType", "PERCENTAGE") == "PERCENTAGE"
        threshold, kind = float(alert["Threshold"]), alert["NotificationType"].lower()
        edge = limit * threshold / 100 if percent else threshold
        value = actual if kind == "actual" else forecast
        if alert.get("NotificationState") == "ALARM" or (not utilised and value > edge > 0):
            passed.append((edge, f"{threshold:g}% ({kind})" if percent else f"{money(threshold, unit)} ({kind})"))
    return [words for _, words in sorted(passed)]


TOOLS: tuple[BaseTool, ...] = (budget_status,)
