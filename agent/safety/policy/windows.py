"""Times as a policy writes them, with their time zone.

    fri 16:00 - mon 08:00 Europe/Berlin          every week, from one day to another
    weekdays 09:00 - 17:00 Europe/Berlin         on each of these days; over midnight where the end comes first
    2026-12-23 18:00 - 2027-01-04 08:00 UTC      once
    2026-12-24 - 2026-12-26                      once, whole days, the last one too; in the file's own zone

All of them follow the clocks on the wall. Where these are changed within a window, it is read `wide` (a freeze ends
at the later of two 02:30) or narrow (a permission ends at the earlier).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, cast
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

from agent.alert_rules.patterns import listed
from agent.alert_rules.schedule import ZoneName, days, zone
from agent.models.base import Model

DAY, WEEK = 24 * 60, 7 * 24 * 60
MAX_CHAINED = 60
"""So many windows that follow each other are told as one."""
_TIME, _DATE, _ZONE = r"\d{1,2}:\d\d", r"\d{4}-\d\d-\d\d", r"(?: ([A-Za-z][\w+/-]*))?"
_OVER_DAYS = re.compile(rf"([a-z]+) ({_TIME}) ?[-–] ?([a-z]+) ({_TIME}){_ZONE}", re.I)
_EACH_DAY = re.compile(rf"([a-z]+(?: ?[-–,] ?[a-z]+)*) ({_TIME}) ?[-–] ?({_TIME}){_ZONE}", re.I)
_ONCE = re.compile(rf"({_DATE})(?:[ T]({_TIME}))? [-–] ({_DATE})(?:[ T]({_TIME}))?{_ZONE}")
_EXAMPLES = "fri 16:00 - mon 08:00 Europe/Berlin, weekdays 09:00 - 17:00, or 2026-12-23 18:00 - 2027-01-04 08:00"


class Window(Model):
    """`weekly`: (minute of the week, minutes it lasts), from Monday 00:00; or `once`: (start, end) on the wall."""

    text: str
    zone: ZoneName | None = None
    weekly: tuple[tuple[int, int], ...] = ()
    once: tuple[datetime, datetime] | None = None

    def open_until(self, now: datetime, file_zone: str, wide: bool = True) -> datetime | None:
        """When it ends, in UTC; None when it is not open."""
        where = ZoneInfo(self.zone or file_zone)
        for start, end in self._near(now.astimezone(where).date()):
            starts, ends = _moments(start, where), _moments(end, where)
            opens, closes = (starts[0], ends[1]) if wide else (starts[1], ends[0])
            if opens <= now < closes:
                return ends[1]
        return None

    def _near(self, today: date) -> Iterator[tuple[datetime, datetime]]:
        """Its occurrences around a day, on the wall. None lasts longer than a week."""
        if self.once:
            yield self.once
        monday = datetime(today.year, today.month, today.day) - timedelta(days=today.weekday())
        for first, lasts in self.weekly:
            for weeks in (-1, 0, 1):
                start = monday + timedelta(weeks=weeks, minutes=first)
                yield start, start + timedelta(minutes=lasts)


def open_until(windows: Sequence[Window], now: datetime, file_zone: str) -> datetime | None:
    """When the last of those that are open ends, and of those that follow without a gap; None when none is open."""
    until: datetime | None = None
    for _ in range(MAX_CHAINED):
        ends = [end for each in windows if (end := each.open_until(until or now, file_zone))]
        if not ends:
            break
        until = max(ends)
    return until


def _moments(wall: datetime, where: ZoneInfo) -> list[datetime]:
    """The earlier and the later time that a wall clock's reading may mean, in UTC: mostly the same."""
    return sorted(wall.replace(tzinfo=where, fold=fold).astimezone(UTC) for fold in (0, 1))


def window(value: object) -> Window:
    """ValueError for what is none, with examples."""
    if isinstance(value, Window):
        return value
    text = " ".join(str(value).split())
    for pattern, made in ((_ONCE, _once), (_OVER_DAYS, _over_days), (_EACH_DAY, _each_day)):
        if match := pattern.fullmatch(text):
            *parts, zone_name = cast("tuple[str | None, ...]", match.groups())
            return made(text, [part or "" for part in parts], zone(zone_name) if zone_name else None)
    raise ValueError(f"{text!r} is no window of time; write one such as {_EXAMPLES}")


def _over_days(text: str, parts: Sequence[str], zone_name: str | None) -> Window:
    first, last = _day(parts[0]), _day(parts[2])
    start, end = first * DAY + _minute(parts[1]), last * DAY + _minute(parts[3])
    if start == end:
        raise ValueError(f"{text!r} ends when it begins; write daily 00:00 - 24:00 for always")
    lasts = end - start if end > start else end - start + WEEK
    return Window(text=text, zone=zone_name, weekly=((start, lasts),))


def _each_day(text: str, parts: Sequence[str], zone_name: str | None) -> Window:
    start, end = _minute(parts[1]), _minute(parts[2])
    if start == end:
        raise ValueError(f"{text!r} is no time at all; write 00:00 - 24:00 for the whole day")
    lasts = end - start if end > start else end - start + DAY
    return Window(text=text, zone=zone_name, weekly=tuple((day * DAY + start, lasts) for day in sorted(days(parts[0]))))


def _once(text: str, parts: Sequence[str], zone_name: str | None) -> Window:
    start, end = _on_the_wall(parts[0], parts[1] or "00:00"), _on_the_wall(parts[2], parts[3] or "24:00")
    if end <= start:
        raise ValueError(f"{text!r} ends before it begins")
    return Window(text=text, zone=zone_name, once=(start, end))


def _on_the_wall(day: str, time: str) -> datetime:
    try:
        midnight = datetime.fromisoformat(day)
    except ValueError:
        raise ValueError(f"{day} is no day of the calendar") from None
    return midnight + timedelta(minutes=_minute(time))


def _day(word: str) -> int:
    found = days(word)
    if len(found) != 1:
        raise ValueError(f"{word} is more than one day; write {word} 09:00 - 17:00, or name the first and the last day")
    return next(iter(found))


def _minute(time: str) -> int:
    """Since midnight, 24:00 included."""
    hours, minutes = map(int, time.split(":"))
    if minutes > 59 or hours * 60 + minutes > DAY:
        raise ValueError(f"{time} is no time of day")
    return hours * 60 + minutes


def windows(value: object) -> tuple[Window, ...]:
    return tuple(window(each) for each in listed(value))


Windows = Annotated[tuple[Window, ...], BeforeValidator(windows)]
"""One window or several; one of them has to be open."""
