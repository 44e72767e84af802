"""AWS Budgets: what was spent in the current period, what it will come to, and which notifications that triggers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.account.costs.bill import BillLine, bill_lines, billed_until
from deploy.local.account.costs.forecast import Forecast, total
from deploy.local.account.costs.periods import Period, month_start
from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.costs import Budget, BudgetNotification
from deploy.local.account.state import Account, Loaded

_MONTHS = {"MONTHLY": 1, "QUARTERLY": 3, "ANNUALLY": 12}
_FOREVER = datetime(2087, 6, 15, tzinfo=UTC)
"""The end that the service writes into a budget without one."""


def _describe_budgets(account: Account, request: Request) -> dict[str, Any]:
    return _page("Budgets", [_shown(account, *each) for each in _budgets(account, request)], request)


def _describe_budget(account: Account, request: Request) -> dict[str, Any]:
    return {"Budget": _shown(account, *_find(account, request))}


def _describe_notifications(account: Account, request: Request) -> dict[str, Any]:
    budget, _ = _find(account, request)
    return _page("Notifications", _notifications(account, budget), request)


def _describe_account_notifications(account: Account, request: Request) -> dict[str, Any]:
    """Every budget that notifies anybody, with its notifications."""
    found = [
        {"BudgetName": budget.name, "Notifications": _notifications(account, budget)}
        for budget, _ in _budgets(account, request)
        if budget.notifications
    ]
    return _page("BudgetNotificationsForAccount", found, request, 50)


def _notifications(account: Account, budget: Budget) -> list[dict[str, Any]]:
    actual, forecast = _spend(account, budget)
    return [
        {
            "NotificationType": each.type,
            "ComparisonOperator": "GREATER_THAN",
            "Threshold": each.threshold,
            "ThresholdType": each.threshold_type,
            "NotificationState": "ALARM" if _exceeds(each, budget, actual, forecast) else "OK",
        }
        for each in budget.notifications
    ]


def _describe_subscribers(account: Account, request: Request) -> dict[str, Any]:
    budget, _ = _find(account, request)
    wanted = request.params["Notification"]
    for each in budget.notifications:
        if (each.type, each.threshold) == (wanted["NotificationType"], wanted["Threshold"]):
            subscribers = [
                {"SubscriptionType": "SNS" if address.startswith("arn:") else "EMAIL", "Address": address}
                for address in each.subscribers
            ]
            return _page("Subscribers", subscribers, request)
    raise AwsError(
        "NotFoundException", f"Unable to get subscribers: the budget {budget.name} has no such notification."
    )


def _describe_performance(account: Account, request: Request) -> dict[str, Any]:
    """Budgeted and actual amounts, the newest period first; a year back unless the request says otherwise."""
    budget, _ = _find(account, request)
    now, until = account.now(), billed_until(account)
    given = request.params.get("TimePeriod") or {}
    first, last = given.get("Start", now - timedelta(days=365)), given.get("End", now)
    amounts: list[dict[str, Any]] = []
    period = _period(budget, now)
    while period.end > first:
        if period.start < last:
            spent = total(_lines(account, budget), period.before(until))
            amounts.append(
                {
                    "BudgetedAmount": _usd(budget.limit_usd),
                    "ActualAmount": _usd(spent),
                    "TimePeriod": {"Start": period.start, "End": period.end},
                }
            )
        period = _period(budget, period.start - timedelta(hours=1))
    history = {
        "BudgetName": budget.name,
        "BudgetType": "COST",
        "CostFilters": _filters(budget),
        "TimeUnit": budget.time_unit,
        "BudgetedAndActualAmountsList": amounts,
    }
    return {"BudgetPerformanceHistory": history}


def _budgets(account: Account, request: Request) -> list[tuple[Budget, Loaded]]:
    return [
        (budget, loaded)
        for loaded in account.loaded()
        if loaded.scenario.account_id == request.params["AccountId"]
        for budget in loaded.scenario.budgets
    ]


def _find(account: Account, request: Request) -> tuple[Budget, Loaded]:
    name = request.params["BudgetName"]
    for budget, loaded in _budgets(account, request):
        if budget.name == name:
            return budget, loaded
    raise AwsError("NotFoundException", f"Unable to get budget: {name} - the budget doesn't exist.")


def _page(member: str, found: list[Any], request: Request, most: int = 100) -> dict[str, Any]:
    params = request.params
    size = params.get("MaxResults") or most
    shown, token = page(found, params, params.get("NextToken"), size, "InvalidNextTokenException")
    return {member: shown, **({"NextToken": token} if token else {})}


def _shown(account: Account, budget: Budget, loaded: Loaded) -> dict[str, Any]:
    actual, forecast = _spend(account, budget)
    return {
        "BudgetName": budget.name,
        "BudgetLimit": _usd(budget.limit_usd),
        "BudgetType": "COST",
        "TimeUnit": budget.time_unit,
        "TimePeriod": {"Start": month_start(loaded.now, -6), "End": _FOREVER},
        "CostFilters": _filters(budget),
        "CalculatedSpend": {"ActualSpend": _usd(actual), "ForecastedSpend": _usd(forecast)},
        "LastUpdatedTime": billed_until(account),
    }


def _filters(budget: Budget) -> dict[str, list[str]]:
    filters: dict[str, list[str]] = {}
    if budget.services:
        filters["Service"] = list(budget.services)
    if budget.tags:
        filters["TagKeyValue"] = [f"user:{key}${value}" for key, value in budget.tags.items()]
    return filters


def _spend(account: Account, budget: Budget) -> tuple[float, float]:
    """What the current period has cost so far, and what the whole of it will cost."""
    until = billed_until(account)
    period = _period(budget, account.now())
    lines = _lines(account, budget)
    actual = total(lines, period.before(until))
    ahead = Period(max(until, period.start), period.end)
    return actual, actual + Forecast(lines, until.replace(hour=0)).mean(ahead)


def _lines(account: Account, budget: Budget) -> list[BillLine]:
    return [
        line
        for line in bill_lines(account)
        if (not budget.services or line.cost.service in budget.services) and budget.tags.items() <= line.tags.items()
    ]


def _period(budget: Budget, moment: datetime) -> Period:
    """The budget's period that a moment lies in."""
    if budget.time_unit == "DAILY":
        start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        return Period(start, start + timedelta(days=1))
    months = _MONTHS[budget.time_unit]
    start = month_start(moment, -((moment.month - 1) % months))
    return Period(start, month_start(start, months))


def _exceeds(each: BudgetNotification, budget: Budget, actual: float, forecast: float) -> bool:
    amount = actual if each.type == "ACTUAL" else forecast
    threshold = each.threshold if each.threshold_type == "ABSOLUTE_VALUE" else budget.limit_usd * each.threshold / 100
    return amount > threshold


def _usd(amount: float) -> dict[str, str]:
    return {"Amount": f"{amount:.3f}", "Unit": "USD"}


OPERATIONS: dict[str, Operation] = {
    "DescribeBudgets": _describe_budgets,
    "DescribeBudget": _describe_budget,
    "DescribeNotificationsForBudget": _describe_notifications,
    "DescribeBudgetNotificationsForAccount": _describe_account_notifications,
    "DescribeSubscribersForNotification": _describe_subscribers,
    "DescribeBudgetPerformanceHistory": _describe_performance,
}
