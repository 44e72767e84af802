"""How much of a budget is used, as far as an alert says it."""

from __future__ import annotations

import re

from agent.models import Alert

_AMOUNT = r"[$€£]?\s*([\d,]+(?:\.\d+)?)"
_BUDGETED = re.compile(rf"budget(?:ed)?(?: amount| limit)\W{{0,3}}{_AMOUNT}", re.I)
_SPENT = re.compile(
    rf"(?:actual|forecast(?:ed)?)(?: amount| cost| spend)?(?: is|\W)\W{{0,2}}{_AMOUNT}",
    re.I,
)
_PERCENT = re.compile(r"(\d{1,4}(?:\.\d+)?)\s*(?:%|percent)")
PERCENT_LABELS = ("percent_used", "used_percent", "threshold_percent", "percentage")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def is_budget(alert: Alert) -> bool:
    return "budget" in f"{alert.source} {alert.title} {alert.resource.service} {alert.resource.type}".lower()


def percent_used(alert: Alert) -> float | None:
    """100 for a budget that is used up; None for what is no budget, or does not say.

    Of its labels, of what was spent against what was planned, or the highest percentage that its text names.
    """
    if not is_budget(alert):
        return None
    for name in PERCENT_LABELS:
        if number := _NUMBER.search(alert.labels.get(name, "").replace(",", "")):
            return float(number[0])
    text = f"{alert.title}\n{alert.description}"
    planned = _number(alert.labels.get("budget_amount", "")) or _amount(_BUDGETED, text)
    spent = _number(alert.value) or _amount(_SPENT, text)
    if planned and spent is not None:
        return 100 * spent / planned
    named = [float(found) for found in _PERCENT.findall(text)]
    return max(named, default=None)


def _amount(pattern: re.Pattern[str], text: str) -> float | None:
    return float(found[1].replace(",", "")) if (found := pattern.search(text)) and found[1].strip(",") else None


def _number(text: str) -> float | None:
    return float(found[0]) if (found := _NUMBER.search(text.replace(",", ""))) else None
