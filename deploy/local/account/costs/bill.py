"""The lines of the bill as functions of time.

A line costs a little more or less every day, less at weekends if it says so, and what its events say while they last.
Amounts are US dollars. Everything is counted by the hour, so that a change in the middle of a day shows as one.
"""

import random
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from deploy.local.account.schema.costs import Cost
from deploy.local.account.schema.metrics import SeriesEvent
from deploy.local.account.state import Account, Loaded

BILLING_LAG = timedelta(hours=6)
"""How far the bill is behind; the service itself promises no more than a day."""
HOUR = timedelta(hours=1)


class BillLine:
    """One service and usage type. `dimensions` holds what Cost Explorer can filter and group by."""

    def __init__(self, cost: Cost, loaded: Loaded) -> None:
        scenario = loaded.scenario
        self.cost, self._loaded = cost, loaded
        self.account = cost.linked_account or scenario.account_id
        self.tags = dict(cost.tags)
        self.currency = "CNY" if scenario.region.startswith("cn-") else "USD"
        self.dimensions = {
            "SERVICE": cost.service,
            "USAGE_TYPE": cost.usage_type,
            "OPERATION": cost.operation or "NoOperation",
            "LINKED_ACCOUNT": self.account,
            "REGION": cost.region or scenario.region,
            "INSTANCE_TYPE": _instance_type(cost.usage_type),
            "RECORD_TYPE": "Usage",
            "PURCHASE_TYPE": "On Demand Instances",
            "RESOURCE_ID": cost.resource_id or "NoResourceId",
        }
        self._seed = f"{scenario.name}/{self.account}/{cost.service}/{cost.usage_type}/{cost.resource_id}"
        self._days: dict[date, float] = {}

    def amount(self, start: datetime, end: datetime) -> float:
        """The cost of [start, end), both on the hour."""
        total, at = 0.0, start
        while at < end:
            tomorrow = datetime(at.year, at.month, at.day, tzinfo=UTC) + timedelta(days=1)
            if at.hour == 0 and tomorrow <= end:
                total += self._day(at.date())
            else:
                total += sum(self._hour(hour) for hour in _hours(at, min(tomorrow, end)))
            at = tomorrow
        return total

    def expected(self, start: datetime, end: datetime) -> float:
        """What [start, end) would have cost without the events."""
        return sum(self._base(hour) * self._noise(hour.date()) / 24 for hour in _hours(start, end))

    def usage(self, amount: float) -> float:
        """The usage that stands behind an amount of this line's cost."""
        usage = self.cost.usage_per_day
        return usage.amount * amount / self.cost.daily_usd if usage and self.cost.daily_usd else 0.0

    def _day(self, day: date) -> float:
        found = self._days.get(day)
        if found is None:
            start = datetime(day.year, day.month, day.day, tzinfo=UTC)
            if any(self._touches(event, start) for event in self.cost.events):
                found = sum(self._hour(hour) for hour in _hours(start, start + timedelta(days=1)))
            else:
                found = self._base(start) * self._noise(day)
            self._days[day] = found
        return found

    def _hour(self, hour: datetime) -> float:
        value = self._base(hour)
        for event in self.cost.events:
            value = self._changed(value, event, hour)
        return max(value, 0.0) * self._noise(hour.date()) / 24

    def _base(self, at: datetime) -> float:
        return self.cost.daily_usd * (self.cost.weekend if at.weekday() >= 5 else 1.0)

    def _noise(self, day: date) -> float:
        rng = random.Random(f"{self._seed}/{day.isoformat()}")
        return max(1 + self.cost.noise * rng.gauss(0, 1), 0.1)

    def _touches(self, event: SeriesEvent, day: datetime) -> bool:
        ends = None if event.end is None else self._loaded.at(event.end)
        return self._loaded.at(event.start) < day + timedelta(days=1) and (ends is None or ends > day)

    def _changed(self, value: float, event: SeriesEvent, hour: datetime) -> float:
        """The cost a day after an event, in proportion to how much of the hour it is on."""
        starts = self._loaded.at(event.start)
        ends = hour + HOUR if event.end is None else self._loaded.at(event.end)
        share = (min(ends, hour + HOUR) - max(starts, hour)) / HOUR
        if share <= 0:
            return value
        since = hour + HOUR / 2 - starts
        if event.every is not None and since % event.every.period >= event.every.width:
            return value
        if event.ramp:
            share *= min(max(since / event.ramp, 0.0), 1.0)
        if event.set is not None:
            return value + (event.set - value) * share
        if event.add is not None:
            return value + event.add * share
        return value * (1 + ((event.multiply or 0.0) - 1) * share)


class Bill:
    """Keeps the lines, with the days that they have computed, as long as their scenario stays loaded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[str, tuple[Loaded, list[BillLine]]] = {}

    def lines(self, account: Account) -> list[BillLine]:
        """All lines of the account; the bill knows no regions of its own."""
        found: list[BillLine] = []
        with self._lock:
            for loaded in account.loaded():
                known = self._lines.get(loaded.scenario.name)
                if known is None or known[0] is not loaded:
                    known = (loaded, [BillLine(cost, loaded) for cost in loaded.scenario.costs])
                    self._lines[loaded.scenario.name] = known
                found.extend(known[1])
        return found


def bill_lines(account: Account) -> list[BillLine]:
    return account.memory(Bill).lines(account)


def billed_until(account: Account) -> datetime:
    """The hour up to which the bill is complete."""
    moment = account.now() - BILLING_LAG
    return moment.replace(minute=0, second=0, microsecond=0)


def _hours(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += HOUR


def _instance_type(usage_type: str) -> str:
    """`USE1-BoxUsage:m6i.large` -> m6i.large"""
    _, colon, rest = usage_type.partition(":")
    return rest if colon and "." in rest else "NoInstanceType"
