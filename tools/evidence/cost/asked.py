"""Which days a question about money means, and which days they compare with.

Bills know whole days, UTC. A range that somebody named in another time zone begins at a midnight of theirs, so each end
is moved to the nearest midnight in UTC. Today is left out, since it has hardly been billed, unless nothing else is
asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tools.evidence.base import Look

DAY = timedelta(days=1)
HALF_A_DAY = timedelta(hours=12)
WEEK = timedelta(days=7)
SAME_MOMENT = timedelta(minutes=15)
"""A range that ends so shortly before now ends now: it was read a little before the tool ran."""
STILL_GROWING = 2 * DAY
"""Cost Explorer may add to a day for so long after it."""


@dataclass(frozen=True)
class Days:
    """Whole days from `first` up to and without `end`, UTC."""

    first: date
    end: date

    @property
    def count(self) -> int:
        return max((self.end - self.first).days, 0)

    @property
    def last(self) -> date:
        return self.end - DAY

    @property
    def is_months(self) -> bool:
        """Whether these are whole calendar months."""
        return self.first.day == 1 and self.end.day == 1 and self.first < self.end

    def sum(self, daily: dict[date, float]) -> float:
        return sum(amount for day, amount in daily.items() if self.first <= day < self.end)


@dataclass(frozen=True)
class Asked:
    """The days that are asked for, those that they compare with, and how far they are over."""

    days: Days
    before: Days
    today: date
    to_date: bool = False
    """A week, month or year that is not over: its days so far."""

    @property
    def is_today(self) -> bool:
        return self.days.first == self.today

    @property
    def uneven(self) -> bool:
        """Whether only a day of each can be compared, such as yesterday and last week."""
        months = self.before.first.day == 1 and self.days.first.day == 1 and self.before.count <= 31
        return self.before.count != self.days.count and not (months or self.days.is_months)

    @property
    def still_grows(self) -> bool:
        return self.days.end > self.today - STILL_GROWING


def asked_days(look: Look, against: str = "") -> Asked:
    """The window as whole days. `against` is what to compare with instead of what came directly before: its first day
    (`2026-08-01`: as many days or months), or its first day and the day after its last (`2026-11-09/2026-11-16`).

    Raises ValueError where that is no range, or the same one.
    """
    today, start, end = look.now.date(), look.window.start, look.window.end
    first = start.date() if _same_time(start, look.now) else (start + HALF_A_DAY).date()
    open_end = look.now - end <= SAME_MOMENT
    last = today if open_end else end.date() if _same_time(end, look.now) else (end + HALF_A_DAY).date()
    last = min(last, today)
    if first >= last:  # hours of one day: that day
        first = min(first, today)
        last = first + DAY
    days = Days(first, last)
    begins = (first.day == 1 or first.weekday() == 0) and not _same_time(start, look.now)
    to_date = begins and open_end and first < today
    return Asked(days, _against(days, against) if against else _before(days, to_date), today, to_date)


def month_before(first: date) -> date:
    return (first - DAY).replace(day=1)


def month_after(first: date) -> date:
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)


def _before(days: Days, to_date: bool) -> Days:
    """The calendar months, the same days of the month or week before, or as many days directly before."""
    if days.is_months:
        first = days.first
        for _ in range(_months(days)):
            first = month_before(first)
        return Days(first, days.first)
    if to_date and days.first.day == 1 and days.count <= 31:
        first = month_before(days.first)
        return Days(first, min(first + days.count * DAY, days.first))
    if to_date and days.count < WEEK.days:
        return Days(days.first - WEEK, days.end - WEEK)
    return Days(days.first - days.count * DAY, days.first)


def _against(days: Days, against: str) -> Days:
    start, _, until = against.partition("/")
    first = date.fromisoformat(start[:10])
    if first == days.first:
        raise ValueError(f"`against` ({first}) is the range itself: name the first day of what to compare it with.")
    if until:
        end = date.fromisoformat(until[:10])
        if end <= first:
            raise ValueError(f"`against` is empty: {end} is not after {first}.")
        return Days(first, end)
    end = first + days.count * DAY
    if days.is_months and first.day == 1:
        end = first
        for _ in range(_months(days)):
            end = month_after(end)
    elif first.day == 1 and days.first.day == 1 and days.count <= 31:
        end = min(end, month_after(first))
    return Days(first, end)


def _months(days: Days) -> int:
    return (days.end.year - days.first.year) * 12 + days.end.month - days.first.month


def _same_time(moment: datetime, now: datetime) -> bool:
    """Whether a moment is whole days before now, as `the last 14 days` begin: no midnight of anyone's."""
    apart = (now - moment) % DAY
    return min(apart, DAY - apart) <= SAME_MOMENT
