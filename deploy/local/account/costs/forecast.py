"""Forecasts: the mean of the last two weeks, weekdays and weekends apart, with an interval from their spread."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import NormalDist, fmean, pstdev

from deploy.local.account.costs.bill import BillLine
from deploy.local.account.costs.periods import Period, split

HISTORY_DAYS = 14


class Forecast:
    """Looks ahead from the last complete day before `today`. `measure` is "cost" or "usage"."""

    def __init__(self, lines: Sequence[BillLine], today: datetime, measure: str = "cost") -> None:
        days = split(Period(today - timedelta(days=HISTORY_DAYS), today), "DAILY")
        amounts = [(day.start.weekday() >= 5, total(lines, day, measure)) for day in days]
        self._means = {
            kind: fmean([amount for weekend, amount in amounts if weekend == kind]) for kind in (False, True)
        }
        self._spread = pstdev([amount - self._means[weekend] for weekend, amount in amounts])

    @property
    def is_empty(self) -> bool:
        return not any(self._means.values())

    def mean(self, period: Period) -> float:
        """Of a period in whole days or parts of days."""
        parts = split(period, "DAILY")
        return sum(
            self._means[part.start.weekday() >= 5] * ((part.end - part.start) / timedelta(days=1)) for part in parts
        )

    def interval(self, period: Period, level: int) -> tuple[float, float]:
        """Bounds that hold with a probability of `level` percent."""
        days = (period.end - period.start) / timedelta(days=1)
        margin = NormalDist().inv_cdf(0.5 + level / 200) * self._spread * math.sqrt(days)
        mean = self.mean(period)
        return max(mean - margin, 0.0), mean + margin


def total(lines: Sequence[BillLine], period: Period, measure: str = "cost") -> float:
    """The cost, or the usage, of several lines in a period."""
    amounts = ((line, line.amount(period.start, period.end)) for line in lines)
    return sum(amount if measure == "cost" else line.usage(amount) for line, amount in amounts)
