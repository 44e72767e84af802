"""Dated object keys: the same key on another day, and when such keys usually arrive."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median

_DATES = (
    (re.compile(r"(?P<y>20\d\d)-(?P<m>\d\d)-(?P<d>\d\d)"), "{:%Y-%m-%d}"),
    (re.compile(r"(?P<y>20\d\d)/(?P<m>\d\d)/(?P<d>\d\d)"), "{:%Y/%m/%d}"),
    (re.compile(r"(?P<y>20\d\d)_(?P<m>\d\d)_(?P<d>\d\d)"), "{:%Y_%m_%d}"),
    (re.compile(r"year=(?P<y>20\d\d)/month=(?P<m>\d\d)/day=(?P<d>\d\d)"), "year={:%Y}/month={:%m}/day={:%d}"),
    (re.compile(r"(?<!\d)(?P<y>20\d\d)(?P<m>[01]\d)(?P<d>[0-3]\d)(?!\d)"), "{:%Y%m%d}"),
)


@dataclass(frozen=True)
class DatedKey:
    """A key with a day in it. `on(day)` is the same key of another day."""

    key: str
    day: date

    def on(self, day: date) -> str:
        text = self.key
        for pattern, form in _DATES:
            text = pattern.sub(lambda m, form=form: form.format(day, day, day) if _day(m) == self.day else m[0], text)
        return text

    def folder(self, day: date) -> str:
        """The key of that day up to the end of its first date: the prefix to list."""
        ends = [m.end() for pattern, _ in _DATES for m in [pattern.search(self.on(day))] if m]
        return self.on(day)[: min(ends)]


def dated(key: str) -> DatedKey | None:
    """None when no day is in the key."""
    for pattern, _ in _DATES:
        for match in pattern.finditer(key):
            if day := _day(match):
                return DatedKey(key, day)
    return None


@dataclass(frozen=True)
class Arrivals:
    """When objects of earlier days came: after midnight of the day they are named for, and how far they scatter."""

    days: int
    looked: int
    usual: timedelta
    scatter: timedelta

    def expected(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + self.usual

    @property
    def tolerance(self) -> timedelta:
        """How much later than usual is not yet late."""
        return max(timedelta(minutes=30), 4 * self.scatter)


def arrivals(times: Sequence[tuple[date, datetime]], looked: int) -> Arrivals | None:
    """From (day in the key, time of arrival) pairs over `looked` days; None when fewer than three arrived."""
    if len(times) < 3:
        return None
    after = [(at - datetime(day.year, day.month, day.day, tzinfo=UTC)).total_seconds() for day, at in times]
    usual = median(after)
    scatter = median(abs(seconds - usual) for seconds in after)
    return Arrivals(len(times), looked, timedelta(seconds=usual), timedelta(seconds=scatter))


def _day(match: re.Match[str]) -> date | None:
    try:
        return date(int(match["y"]), int(match["m"]), int(match["d"]))
    except ValueError:
        return None
