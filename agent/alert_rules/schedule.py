"""Days and times of day as rules write them, in a time zone: `mon-fri`, `weekend`, `22:00-06:00`."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Annotated, NamedTuple, cast
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

from agent.alert_rules.patterns import listed
from agent.models.base import Model

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
GROUPS = {
    "weekdays": frozenset(range(5)),
    "weekend": frozenset((5, 6)),
    "daily": frozenset(range(7)),
}
EVERY_DAY = frozenset(range(7))
MINUTES_A_DAY = 24 * 60
_HOURS = re.compile(r"(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)")


class Hours(NamedTuple):
    """Minutes since midnight, `start <= t < end`; over midnight where `end` is not after `start`."""

    start: int
    end: int


def zone(name: str) -> str:
    """ValueError for a zone that nobody knows."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name} is no time zone; write one such as Europe/Vienna or UTC") from None
    return name


def days(value: object) -> frozenset[int]:
    """`mon-fri`, `sat, sun`, `weekend`, or a list of these; 0 is Monday."""
    if isinstance(value, frozenset):
        return cast("frozenset[int]", value)
    words = [word.strip().lower() for entry in listed(value) for word in str(entry).split(",")]
    return frozenset(day for word in words for day in _days_of(word))


def _days_of(word: str) -> Collection[int]:
    if word in GROUPS:
        return GROUPS[word]
    ends = [_day(part) for part in re.split(r"\s*[-–]\s*", word)]
    if len(ends) > 2:
        raise ValueError(f"{word} is no range of days; write one such as mon-fri")
    first, last = ends[0], ends[-1]
    return [(first + n) % 7 for n in range((last - first) % 7 + 1)]


def _day(word: str) -> int:
    """`tue`, `tues`, `tuesday` or `tuesdays`."""
    found = next(
        (n for n, full in enumerate(FULL) if len(word) > 2 and (full.startswith(word) or word == f"{full}s")), None
    )
    if found is None:
        raise ValueError(f"{word!r} is no day; write {', '.join(DAYS)}, a range such as mon-fri, weekdays or weekend")
    return found


def hours(value: object) -> tuple[Hours, ...]:
    """`22:00-06:00`, or a list of such spans."""
    return tuple(each if isinstance(each, Hours) else _span(str(each)) for each in listed(value))


def _span(text: str) -> Hours:
    wrong = ValueError(f"{text!r} is no span of time; write one such as 09:00-17:00 or 22:00-06:00")
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise wrong
    h1, m1, h2, m2 = map(int, match.groups())
    start, end = h1 * 60 + m1, h2 * 60 + m2
    if max(m1, m2) > 59 or start >= MINUTES_A_DAY or end > MINUTES_A_DAY:
        raise wrong
    if start == end:
        raise ValueError(f"{text} is no time at all; write 00:00-24:00 for the whole day")
    return Hours(start, end)


ZoneName = Annotated[str, AfterValidator(zone)]
Days = Annotated[frozenset[int], BeforeValidator(days)]
DayHours = Annotated[tuple[Hours, ...], BeforeValidator(hours)]


class Week(Model):
    """Times that come back every week. A span over midnight belongs to the day on which it begins."""

    days: Days = EVERY_DAY
    time: DayHours = ()
    zone: ZoneName | None = None


def inside(on: Collection[int], spans: Sequence[Hours], local: datetime) -> bool:
    """Whether a wall clock shows one of these days and times."""
    today, yesterday = local.weekday() in on, (local.weekday() - 1) % 7 in on
    minute = local.hour * 60 + local.minute
    for start, end in spans:
        if start < end:
            if today and start <= minute < end:
                return True
        elif (today and minute >= start) or (yesterday and minute < end):
            return True
    return today and not spans


def moment(text: str, zone_name: str) -> datetime:
    """`2026-11-21 22:00` on that zone's clocks, or with an offset of its own; in UTC. Else ValueError."""
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is no time; write one such as 2026-11-21 22:00") from None
    return (value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone_name))).astimezone(UTC)
