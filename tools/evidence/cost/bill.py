"""Cost Explorer's bill by day, read in one way only.

Each request costs 0.01 USD, so every tool reads the same rows with the same arguments (five weeks and more, all
services) and picks in code: the run's cache then answers all requests but the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from agent.errors import WatchkeeperError
from agent.figures import usd
from tools.evidence.base import Look
from tools.evidence.names import cost_names, service_key

DAY = timedelta(days=1)
WEEK_DAYS = 7
MIN_DAYS = 35
"""Two weeks, the two weeks before, and a week more to know the weekdays by."""
MAX_DAYS = 392
"""Cost Explorer keeps 13 months by the day."""
MAX_PAGES = 10
USAGE_ONLY: dict[str, Any] = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund", "Tax"]}}}
"""What is not usage would only hide what moved: taxes come once a month, credits when somebody grants them."""
BY_SERVICE = ("SERVICE", "USAGE_TYPE")
UNFINISHED = 0.85
"""A day on which the usual line has less than so much of what it had a week before is not billed to its end."""
MIN_LINES_TO_JUDGE = 3
READ_ERRORS = (ClientError, BotoCoreError, WatchkeeperError, TimeoutError)
"""What may go wrong in a read that a tool can do without."""

Daily = dict[date, float]
Group = dict[str, str]


@dataclass(frozen=True)
class Period:
    """Whole days from `first` up to and without `end`, and the days that they compare with."""

    first: date
    end: date
    previous: tuple[date, date]

    @property
    def days(self) -> int:
        return (self.end - self.first).days

    def sums(self, daily: Daily) -> tuple[float, float]:
        """What the days before and these days cost."""
        return _sum(daily, *self.previous), _sum(daily, self.first, self.end)


@dataclass(frozen=True)
class Bill:
    """Daily spend by (name, part), such as (service, usage type), over [start, end); `end` is tomorrow.

    The window begins at `split`; days from `complete` on are not billed to their end.
    """

    lines: dict[tuple[str, str], Daily]
    start: date
    split: date
    end: date
    complete: date
    unit: str = "USD"
    truncated: bool = False
    labels: dict[str, str] = field(default_factory=dict[str, str])
    """Names of linked accounts by id."""

    @property
    def days(self) -> list[date]:
        return [self.start + timedelta(days=n) for n in range((self.end - self.start).days)]

    def total(self, name: str = "") -> Daily:
        total: Daily = defaultdict(float)
        for (own, _), daily in self.lines.items():
            if not name or own == name:
                for day, amount in daily.items():
                    total[day] += amount
        return dict(total)

    @property
    def names(self) -> list[str]:
        """The most expensive first."""
        return sorted({name for name, _ in self.lines}, key=lambda s: -sum(self.total(s).values()))

    @property
    def period(self) -> Period:
        """The window's whole days against days of the same weekdays: whole weeks, or else the week before."""
        days = (self.complete - self.split).days
        if days >= WEEK_DAYS:
            length = timedelta(days=days // WEEK_DAYS * WEEK_DAYS)
            first = self.complete - length
            return Period(first, self.complete, (first - length, first))
        first = min(self.split, self.complete)
        week = timedelta(days=WEEK_DAYS)
        return Period(first, self.complete, (first - week, self.complete - week))

    def money(self, amount: float) -> str:
        return money(amount, self.unit)

    def only(self, keep: Callable[[tuple[str, str]], bool]) -> Bill:
        return replace(self, lines={key: daily for key, daily in self.lines.items() if keep(key)})

    def turned(self) -> Bill:
        """The same by part first: usage types with their services."""
        return replace(self, lines={(part, name): daily for (name, part), daily in self.lines.items()})

    @property
    def lateness(self) -> str:
        """How late the data are, in one sentence, with what could not be read."""
        cut = " Only the first pages of the bill were read." if self.truncated else ""
        return f" Costs are complete up to {self.complete - DAY:%d %b}.{cut}"


def money(amount: float, unit: str) -> str:
    """`$3.42`, or `3.42 CNY` where the bill is in another currency."""
    return usd(amount) if unit == "USD" else f"{usd(amount).replace('$', '')} {unit}"


def dimension(key: str) -> Group:
    return {"Type": "DIMENSION", "Key": key}


def read_bill(look: Look, service: str = "", since: date | None = None) -> Bill:
    """Spend by service and usage type. `service` in anyone's words; all when empty. From `since` on, or earlier."""
    groups = [dimension(key) for key in BY_SERVICE]
    bill = read_grouped(look, groups, since=since)
    if not service:
        return bill
    if bill.truncated:  # too many lines to read them all: ask for these alone
        names = {"Dimensions": {"Key": "SERVICE", "Values": list(cost_names(service))}}
        bill = read_grouped(look, groups, {"And": [USAGE_ONLY, names]}, since)
    return bill.only(lambda key: is_service(key[0], service))


def is_service(name: str, wanted: str) -> bool:
    """Whether Cost Explorer's name is the service that somebody means; `textract` means `Amazon Textract`."""
    return name in cost_names(wanted) or (not service_key(wanted) and wanted.lower() in name.lower())


def read_grouped(
    look: Look, groups: Sequence[Group], chosen: dict[str, Any] | None = None, since: date | None = None
) -> Bill:
    """Daily spend by one or two groups of Cost Explorer's. From `since` on, or earlier: never later."""
    today = look.now.date()
    split, last = look.window.start.date(), look.window.end.date()
    needed = (today - split).days + max((last - split).days, WEEK_DAYS) + WEEK_DAYS
    if since and (today - since).days <= MAX_DAYS:
        needed = max(needed, (today - since).days)
    start = today - timedelta(days=min(max(MIN_DAYS, -(-needed // WEEK_DAYS) * WEEK_DAYS), MAX_DAYS))
    lines: dict[tuple[str, str], Daily] = defaultdict(dict)
    labels: dict[str, str] = {}
    unit, token, pages = "", "", 0
    while pages < MAX_PAGES and (token or not pages):
        reply = look.call(
            "ce",
            "get_cost_and_usage",
            TimePeriod={"Start": start.isoformat(), "End": (today + DAY).isoformat()},
            Granularity="DAILY",
            Metrics=["UnblendedCost"],
            GroupBy=list(groups),
            Filter=chosen or USAGE_ONLY,
            **({"NextPageToken": token} if token else {}),
        )
        for result in reply["ResultsByTime"]:
            unit = _add(lines, result) or unit
        for value in reply.get("DimensionValueAttributes", []):
            labels[value["Value"]] = value.get("Attributes", {}).get("description", "")
        token, pages = reply.get("NextPageToken", ""), pages + 1
    complete = min(_complete_until(lines, today), last + DAY)
    return Bill(dict(lines), start, split, last + DAY, complete, unit or "USD", bool(token), labels)


def _add(lines: dict[tuple[str, str], Daily], result: dict[str, Any]) -> str:
    """Put one day into the lines; gives the currency."""
    day, unit = date.fromisoformat(result["TimePeriod"]["Start"]), ""
    for group in result["Groups"]:
        name, part = (*group["Keys"], "")[:2]
        cost = group["Metrics"]["UnblendedCost"]
        lines[name, part][day] = float(cost["Amount"])
        unit = cost.get("Unit", "")
    return unit


def _complete_until(lines: dict[tuple[str, str], Daily], today: date) -> date:
    """The first day that is not billed to its end: today, or up to two days before when the usual line falls short."""
    complete = today
    for _ in range(2):
        day = complete - DAY
        week_before = day - timedelta(days=WEEK_DAYS)
        usual = [daily for daily in lines.values() if daily.get(week_before, 0) > 0.01 and daily.get(day - DAY, 0) > 0]
        ratios = [daily.get(day, 0.0) / daily[week_before] for daily in usual]
        if len(ratios) < MIN_LINES_TO_JUDGE or median(ratios) >= UNFINISHED:
            break
        complete = day
    return complete


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _sum(daily: Daily, first: date, end: date) -> float:
    return sum(amount for day, amount in daily.items() if first <= day < end)
