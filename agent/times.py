"""Times as people and models write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"^-(\d+(?:\.\d+)?)\s*(m|min|h|d|w)$")
_UNIT = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = "|".join(_MONTHS)
_CLOCK = (
    rf"(?<![\d:.])(?:(?:\d{{1,2}} (?:{_MONTH})|\d{{4}}-\d\d-\d\d) )?"
    r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?![\d:])"
)
_BETWEEN = r"(?: ?[-–] ?| to | until | and | or |, and |, )"
_CLOCKS = re.compile(rf"{_CLOCK}(?:{_BETWEEN}{_CLOCK})* UTC(?![+-]?\w)")
_PARTS = re.compile(
    rf"(?:(?P<day>\d{{1,2}}) (?P<month>{_MONTH}) |(?P<iso>\d{{4}}-\d\d-\d\d) )?(?P<clock>\d\d:\d\d(?::\d\d)?)"
)


def parse_time(text: str, now: datetime) -> datetime:
    """`now`, an offset such as `-90m` or `-3d`, or an ISO 8601 time (UTC when it names no zone); else ValueError."""
    text = text.strip()
    if text.lower() == "now":
        return now
    try:
        if match := _OFFSET.match(text.lower()):
            return now - timedelta(**{_UNIT[match[2]]: float(match[1])})
        value = datetime.fromisoformat(text)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter for what is thousands of years away
        raise ValueError(
            f"{text[:40]!r} is not a time; use ISO 8601 such as 2026-11-20T14:00:00Z, or an offset such as -2h."
        ) from None


def clock_time(value: datetime, now: datetime | None = None) -> str:
    """`14:02 UTC`, with the date when it is not today's: short enough for a sentence."""
    if now is not None and value.date() == now.date():
        return f"{value:%H:%M} UTC"
    return f"{value:%d %b %H:%M} UTC"


def local_times(text: str, zone: str, now: datetime) -> str:
    """Every time that says UTC, in another zone: `14:34 UTC` gives `09:34 EST` for America/Toronto.

    A time without a date is of `now`'s UTC day, as `clock_time` writes it; the date is added where it is not the
    reader's today. Ranges and lists (`12:15 to 13:00 UTC`) are read as one. Anything else stays as it is.
    """
    there = ZoneInfo(zone)
    if zone_name(now.astimezone(there)) == "UTC":
        return text
    return _CLOCKS.sub(lambda match: _moved(match[0], there, now), text)


def times_told(text: str, now: datetime, tell: Callable[[datetime, str], str]) -> str:
    """Every time that says UTC in somebody's own words: `tell` gets the moment, and how it is written there.

    Read like `local_times`: `12:15 to 13:00 UTC` is two moments, and the UTC goes with them.
    """
    return _CLOCKS.sub(lambda match: _told(match[0], now, tell), text)


def local_labels(labels: Sequence[str], zone: str, day: datetime) -> tuple[tuple[str, ...], str]:
    """The labels of a time axis in UTC, moved to another zone, and that zone's short name.

    `day`: the one that labels without a date are of. Labels that are no times of day stay, and the name is empty.
    """
    if not labels or not all(re.fullmatch(_CLOCK, label) for label in labels):
        return tuple(labels), ""
    try:
        moments = [_instant(label, day, day.date())[0].astimezone(ZoneInfo(zone)) for label in labels]
    except (ValueError, OverflowError):  # 30 Feb
        return tuple(labels), ""
    several = len({moment.date() for moment in moments}) > 1 or any(" " in label for label in labels)
    names = dict.fromkeys(zone_name(moment) for moment in moments)
    return tuple(f"{moment:%d %b %H:%M}" if several else f"{moment:%H:%M}" for moment in moments), "/".join(names)


def zone_name(moment: datetime) -> str:
    """`EST`, or `UTC+4` where a zone has no letters of its own."""
    name = moment.tzname() or "UTC"
    if name[:1] not in "+-":
        return name
    return f"UTC{name[0]}{int(name[1:3])}" + (f":{name[3:5]}" if name[3:] else "")


def _moved(text: str, there: tzinfo, now: datetime) -> str:
    """One match of _CLOCKS: each of its times in the other zone, which is named once if it is the same for all."""
    shown, day = now.astimezone(there).date(), now.astimezone(UTC).date()
    pieces: list[str] = []
    names: list[str] = []
    end = 0
    try:
        for part in _PARTS.finditer(text):
            at, day = _instant(part[0], now, day)
            local = at.astimezone(there)
            dated = bool(part["day"] or part["iso"])
            pieces += [text[end : part.start()], _written(part, local, dated or local.date() != shown)]
            names.append(zone_name(local))
            shown, end = local.date(), part.end()
    except (ValueError, OverflowError):  # 30 Feb
        return text
    if len(set(names)) == 1:
        return "".join(pieces) + f" {names[0]}"
    for number, name in enumerate(names):
        pieces[2 * number + 1] += f" {name}"
    return "".join(pieces)


def _told(text: str, now: datetime, tell: Callable[[datetime, str], str]) -> str:
    """One match of _CLOCKS."""
    day, end, pieces = now.astimezone(UTC).date(), 0, list[str]()
    try:
        for part in _PARTS.finditer(text):
            at, day = _instant(part[0], now, day)
            pieces += [text[end : part.start()], tell(at, part[0])]
            end = part.end()
    except (ValueError, OverflowError):  # 30 Feb
        return text
    return "".join(pieces)


def _written(part: re.Match[str], local: datetime, dated: bool) -> str:
    clock = f"{local:%H:%M:%S}" if part["clock"].count(":") == 2 else f"{local:%H:%M}"
    return f"{local:%Y-%m-%d} {clock}" if part["iso"] else f"{local:%d %b} {clock}" if dated else clock


def _instant(text: str, now: datetime, day: date) -> tuple[datetime, date]:
    """When `19 Nov 12:15` is, of the year nearest to now, or `12:15` on a day; and the day that what follows is of."""
    part = _PARTS.fullmatch(text)
    if part is None:
        raise ValueError(text)
    clock = time.fromisoformat(part["clock"])
    if part["iso"]:
        day = date.fromisoformat(part["iso"])
    elif part["day"]:
        day = _nearest(int(part["day"]), _MONTHS.index(part["month"]) + 1, now.astimezone(UTC).date())
    return datetime.combine(day, clock, UTC), day


def _nearest(day: int, month: int, now: date) -> date:
    """Of the years around now the one in which the day is nearest; ValueError when none has it."""
    found: list[date] = []
    for year in (now.year - 1, now.year, now.year + 1):
        try:
            found.append(date(year, month, day))
        except ValueError:  # 29 Feb
            continue
    return min(found, key=lambda candidate: abs(candidate - now))
