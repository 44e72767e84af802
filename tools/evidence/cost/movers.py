"""What of the bill moved: steps with the day on which they began, and slow growth against comparable days."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import mean
from typing import Literal

from agent.anomaly import Shift, level_shift
from agent.baseline import Series
from tools.evidence.cost.bill import DAY, Bill, Daily, midnight

SMALL_A_DAY = 0.5
"""In the bill's currency: less than this a day matters little, whatever its factor."""
NOTABLE = 0.15
SLOW_CHANGE = 0.15
SLOW_SHARE = 0.02
SLOW_STRONGEST = 0.55
"""Growth without a step has no moment at which it began, so it proves less."""
MONTHLY_FEE_SHARE = 0.7
QUIET_SHARE = 0.05
"""A line that costs less than so much of its peak on all other days is a fee, not usage."""


@dataclass(frozen=True)
class Mover:
    """One name of the bill (a service, an account), or one part of it, with its spend a day before and since."""

    name: str
    part: str
    shift: Shift
    previous: float
    current: float
    extra: float
    """What was spent beyond the expected so far; negative for a drop."""
    weight: float
    """0..1: how much this matters within the whole bill."""
    slow: bool = False
    """Grew or shrank without a step."""

    @property
    def direction(self) -> Literal["rise", "drop", "steady"]:
        if self.slow:
            return "rise" if self.current > self.previous else "drop"
        return self.shift.direction

    @property
    def strength(self) -> float:
        if self.slow:
            doublings = abs(math.log2(max(self.current, 0.01) / max(self.previous, 0.01)))
            return round(min(0.25 + 0.35 * doublings, SLOW_STRONGEST) * self.weight, 3)
        return round(self.shift.strength * self.weight, 3)

    @property
    def moved(self) -> bool:
        return self.direction != "steady" and self.strength >= NOTABLE


def movers(bill: Bill) -> list[Mover]:
    """Every name of the bill, the strongest move first."""
    found = [_mover(bill, name, "", bill.total(name)) for name in bill.names]
    return sorted(found, key=lambda m: (-m.strength, -m.current))


def parts(bill: Bill, mover: Mover) -> list[Mover]:
    """What is behind a move, such as a service's usage types, the largest contribution first."""
    found = [_mover(bill, name, part, daily) for (name, part), daily in bill.lines.items() if name == mover.name]
    moved = [part for part in found if part.direction == mover.direction]
    return sorted(moved, key=lambda m: -abs(m.extra))


def strongest(found: Sequence[Mover], limit: int) -> list[Mover]:
    return [mover for mover in found if mover.moved][:limit]


def _mover(bill: Bill, name: str, part: str, daily: Daily) -> Mover:
    points = _known(bill, daily)
    before_window = [amount for day, amount in bill.total().items() if day < bill.split]
    whole = sum(before_window) / max((bill.split - bill.start).days, 1)
    shift = _settled(points, daily, level_shift(points, midnight(bill.split)))
    if shift.direction == "steady" or shift.onset is None:
        return _compared(bill, Mover(name, part, shift, 0, 0, 0, 0), daily, whole)
    inside = [amount for at, amount in points if at >= shift.onset and (shift.until is None or at <= shift.until)]
    extra = sum(amount - shift.baseline for amount in inside)
    weight = _weight(shift.level - shift.baseline, whole)
    return Mover(name, part, shift, shift.baseline, shift.level, extra, weight)


def _compared(bill: Bill, mover: Mover, daily: Daily, whole: float) -> Mover:
    """Without a step: the mean day of the period against comparable days; slow growth when they differ enough."""
    period = bill.period
    days = max(period.days, 1)
    before, since = (amount / days for amount in period.sums(daily))
    change = since - before
    notable = abs(change) >= max(2 * SMALL_A_DAY, SLOW_CHANGE * before, SLOW_SHARE * whole)
    # Less than a week holds too few days to tell growth from chance.
    slow = notable and period.days >= 7 and not _seesaw(daily, period.first, period.end)
    weight = _weight(change, whole)
    return Mover(mover.name, mover.part, mover.shift, before, since, change * days if slow else 0.0, weight, slow)


def _seesaw(daily: Daily, first: date, end: date) -> bool:
    """Whether one day makes most of a period: a burst, not growth."""
    amounts = [daily.get(first + timedelta(days=n), 0.0) for n in range((end - first).days)]
    return max(amounts) > 0.5 * sum(amounts)


def _known(bill: Bill, daily: Daily) -> Series:
    """Full days; and unfinished ones as long as each already costs more than the day before: that cannot be a lag."""
    points = [(midnight(day), daily.get(day, 0.0)) for day in bill.days if day < bill.complete]
    day = bill.complete
    while day < bill.end and daily.get(day, 0.0) > daily.get(day - DAY, 0.0):
        points.append((midnight(day), daily[day]))
        day += DAY
    return points


def _settled(points: Series, daily: Daily, shift: Shift) -> Shift:
    """Without what is no news: a drop of the last day alone (Cost Explorer lags), and a fee that comes every month."""
    if shift.onset is None:
        return shift
    steady = Shift("steady", 0.1, shift.baseline, shift.baseline, shift.peak, 1.0)
    if shift.direction == "drop" and shift.onset >= points[-1][0]:
        return steady
    last = shift.until or points[-1][0]
    if shift.direction == "drop" or last - shift.onset >= 2 * DAY:
        return shift
    highest = max((point for point in points if shift.onset <= point[0] <= last), key=lambda point: point[1])
    return steady if _monthly(points, daily, highest[0].date(), shift.peak) else shift


def _monthly(points: Series, daily: Daily, day: date, peak: float) -> bool:
    """Whether a day's cost is a monthly fee: it came a month before too, or, on a first, where that is not known."""
    last_of_month = day.replace(day=1) - DAY
    before = last_of_month.replace(day=min(day.day, last_of_month.day))
    if points[0][0].date() <= before:
        return daily.get(before, 0.0) >= MONTHLY_FEE_SHARE * peak
    return day.day == 1 and all(amount < QUIET_SHARE * peak for at, amount in points if at.date() != day)


def _weight(difference: float, whole: float) -> float:
    if abs(difference) < SMALL_A_DAY:
        return 0.25
    return min(1.0, 0.5 + 5 * abs(difference) / whole) if whole else 1.0


def mean_between(daily: Daily, first: date, end: date) -> float:
    """The mean day of [first, end)."""
    days = [daily.get(first + timedelta(days=n), 0.0) for n in range((end - first).days)]
    return mean(days) if days else 0.0
