"""How long a mute lasts, from what people type after `mute`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from agent.errors import InputError

MORNING = 9
"""`until tomorrow` and `until monday` end at this hour, in the zone of who asks."""
MAX_DAYS = 30
_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FOR = re.compile(
    r"(?:for )?(\d{1,4}) ?(m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)",
)
_UNTIL_TIME = re.compile(r"until (\d{1,2})(?:[:.](\d{2}))? ?(am|pm)?")
_HERE = re.compile(r"\b(?:here|this (?:thread|channel))\b")


def mute_end(text: str, now: datetime, zone: str) -> datetime | None:
    """`1h`, `for 2 days`, `until 17:30`, `until tomorrow`, `here`. None: until somebody unmutes it.

    InputError for anything else.
    """
    asked = " ".join(_HERE.sub("", text.lower()).split())
    if not asked:
        return None
    local = now.astimezone(ZoneInfo(zone))
    end = _after(asked, now) or _day(asked, local) or _time(asked, local)
    if end is None or end > now + timedelta(days=MAX_DAYS):
        raise InputError(f"Write `mute 1h`, `mute until tomorrow` or `mute until 17:00`; {MAX_DAYS} days at most.")
    return end.astimezone(UTC)


def _after(asked: str, now: datetime) -> datetime | None:
    found = _FOR.fullmatch(asked)
    return now + timedelta(seconds=int(found[1]) * _UNITS[found[2][0]]) if found else None


def _day(asked: str, local: datetime) -> datetime | None:
    day = asked.removeprefix("until ")
    if day == "tomorrow":
        ahead = 1
    elif day in _DAYS:
        ahead = (_DAYS.index(day) - local.weekday() - 1) % 7 + 1
    else:
        return None
    return (local + timedelta(days=ahead)).replace(hour=MORNING, minute=0, second=0, microsecond=0)


def _time(asked: str, local: datetime) -> datetime | None:
    found = _UNTIL_TIME.fullmatch(asked)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        hour = hour % 12 + (12 if found[3] == "pm" else 0)
    if hour > 23 or minute > 59:
        return None
    end = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return end if end > local else end + timedelta(days=1)
