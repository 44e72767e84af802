"""Log groups that keep everything for ever."""

from __future__ import annotations

from tools.evidence.base import Look
from tools.evidence.cost import prices
from tools.evidence.cost.waste.items import MAX_LISTED, Checked, Waste, cut

LEAST_GB = 1.0
GB = 1024**3


def endless_log_groups(look: Look) -> Checked:
    """Log groups without a retention time that hold more than a gigabyte."""
    groups = look.pages("logs", "describe_log_groups", "logGroups", limit=MAX_LISTED)
    wastes: list[Waste] = []
    for group in groups:
        stored = group.get("storedBytes", 0) / GB
        if not group.get("retentionInDays") and stored >= LEAST_GB:
            name = group["logGroupName"]
            words = f"Log group {name} keeps {stored:,.0f} GB and has no retention, so it only grows"
            monthly = stored * prices.LOG_STORAGE_GB_MONTH
            wastes.append(Waste("cloudwatch", "log-group", name, "no_retention", words, monthly, certainty=0.8))
    return Checked(len(groups), wastes, cut(groups, MAX_LISTED, "log groups"))
