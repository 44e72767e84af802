"""Costs by day, budgets and cost anomalies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from deploy.local.account.schema.base import Entry, Offset
from deploy.local.account.schema.metrics import SeriesEvent


class Usage(Entry):
    amount: float
    unit: str


class Cost(Entry):
    """One line of the bill: a service and a usage type that cost `daily_usd` a day."""

    service: str
    """Cost Explorer's name: AWS Lambda, Amazon Relational Database Service."""
    usage_type: str
    operation: str | None = None
    linked_account: str | None = None
    linked_account_name: str = ""
    region: str | None = None
    """The scenario's region when absent."""
    resource_id: str | None = None
    """An ARN or id, for the resource-level costs of the last 14 days."""
    tags: Mapping[str, str] = {}
    daily_usd: float
    noise: float = 0.03
    """Relative standard deviation from day to day."""
    weekend: float = 1.0
    """Factor on Saturdays and Sundays."""
    usage_per_day: Usage | None = None
    """Usage behind `daily_usd`; it rises and falls with the cost."""
    events: tuple[SeriesEvent, ...] = ()
    """Changes of the cost a day: `set` and `add` are in USD a day."""


class BudgetNotification(Entry):
    type: Literal["ACTUAL", "FORECASTED"] = "ACTUAL"
    threshold: float = 80.0
    threshold_type: Literal["PERCENTAGE", "ABSOLUTE_VALUE"] = "PERCENTAGE"
    subscribers: tuple[str, ...] = ()
    """E-mail addresses and SNS topic ARNs."""


class Budget(Entry):
    name: str
    limit_usd: float
    time_unit: Literal["DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY"] = "MONTHLY"
    services: tuple[str, ...] = ()
    tags: Mapping[str, str] = {}
    notifications: tuple[BudgetNotification, ...] = ()


class RootCause(Entry):
    service: str
    region: str | None = None
    usage_type: str
    linked_account: str | None = None
    linked_account_name: str | None = None
    contribution_usd: float | None = None


class CostAnomaly(Entry):
    """An anomaly that AWS Cost Anomaly Detection found. The amounts are computed from the costs when absent."""

    id: str
    monitor: str = "services"
    start: Offset = Field(alias="from")
    end: Offset | None = Field(default=None, alias="to")
    dimension_value: str
    root_causes: tuple[RootCause, ...] = ()
    expected_usd: float | None = None
    actual_usd: float | None = None
    score: float = 0.8
    feedback: Literal["YES", "NO", "PLANNED_ACTIVITY"] | None = None


class AnomalyMonitor(Entry):
    name: str
    type: Literal["DIMENSIONAL", "CUSTOM"] = "DIMENSIONAL"
    dimension: str = "SERVICE"
