"""Days, dates and periods: each function reads one way of saying them, or gives None.

A function gets the reader, the place to read at, and the kind of word before that place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from agent.time_phrases.reader import SECONDS, Reader
from agent.time_phrases.wall import Span, Wall

Read = tuple[Span, int] | None

SINCE = frozenset({"since", "since_romance", "after"})
OPENERS = SINCE | {"on", "in", "range", "before", "until"}
LONG_UNITS = ("week", "month", "quarter", "year")
MAX_YEARS_BACK = 2
"""Older dates are versions or birthdays: AWS keeps metrics for 15 months, bills for 38, CloudTrail for 3."""
BEFORE_THINGS = frozenset({"show", "me", "list", "get", "give", "print", "fetch", "only", "just", "half"})
_JOINING = frozenset({"filler", "on", "in"})


def element(reader: Reader, place: int, opener: str) -> Read:
    """The day, date or period that begins at a place."""
    for read in ELEMENTS:
        try:
            if found := read(reader, place, opener):
                return found
        except (ValueError, OverflowError):  # the 31st of February; thousands of years ago
            continue
    return None


def _timestamp(reader: Reader, place: int, opener: str) -> Read:
    """`2026-11-20T14:02:11Z`."""
    if reader.kind(place) != "timestamp":
        return None
    moment = datetime.fromisoformat(str(reader[place].value).replace(",", "."))
    return (Span(moment, moment), place + 1) if _is_recent(reader.wall, moment.year) else None


def _date(reader: Reader, place: int, opener: str) -> Read:
    """`2026-11-20`, `20.11.2026`, `20.11.`, `20/11`, `2026-11`."""
    token, wall = reader[place], reader.wall
    match token.kind:
        case "date":
            year, month, day = token.value
        case "slashed":
            first, second, year = token.value
            if year is None and not (opener in OPENERS and reader.ends_a_figure(place + 1)):
                return None
            month_first = second > 12 or (wall.has_month_first and first <= 12)
            month, day = (first, second) if month_first else (second, first)
        case "dotted":
            day, month, has_dot = token.value
            german = reader[place - 1].text in ("am", "vom", "seit", "bis", "zum", "dem")
            if not (german or (has_dot and (opener in OPENERS or place == 0))) or not reader.ends_a_figure(place + 1):
                return None
            year = None
        case "year_month" if opener in OPENERS and _is_recent(wall, token.value[0]):
            return wall.month(token.value[1], token.value[0]), place + 1
        case _:
            return None
    return (wall.date(month, day, year), place + 1) if year is None or _is_recent(wall, year) else None


def _month_and_day(reader: Reader, place: int, opener: str) -> Read:
    """`Nov 12`, `12 November 2026`, `the 12th of November`, `12 de noviembre`."""
    if month := _month(reader, place):
        following = reader.skip(place + 1, frozenset({"filler"}))
        day, after = _day_number(reader, following), following + 1
    else:
        day = _day_number(reader, place)
        following = reader.skip(place + 1, frozenset({"filler"}))
        month, after = _month(reader, following), following + 1
    if not month or not day:
        return None
    year = _year_at(reader, reader.skip(after, frozenset({"filler"})))
    if year and not _is_recent(reader.wall, year):
        return None
    end = reader.skip(after, frozenset({"filler"})) + 1 if year else after
    return reader.wall.date(month, day, year or None), end


def _month_alone(reader: Reader, place: int, opener: str) -> Read:
    """`in October`, `since May`, `last March`."""
    lasting = reader.kind(place) in ("last", "this")
    month = _month(reader, place + lasting)
    if not month or not (lasting or opener in OPENERS):
        return None
    if reader.kind(place + lasting) == "month_short" and not reader.ends_a_figure(place + lasting + 1):
        return None
    year = _year_at(reader, reader.skip(place + lasting + 1, frozenset({"filler"})))
    end = reader.skip(place + lasting + 1, frozenset({"filler"})) + 1 if year else place + lasting + 1
    return reader.wall.month(month, year or None), end


def _ordinal(reader: Reader, place: int, opener: str) -> Read:
    """`on the 12th`."""
    token = reader[place]
    if token.kind != "ordinal" or opener not in OPENERS or not 1 <= token.value <= 31:
        return None
    return (reader.wall.day_of_month(token.value), place + 1) if reader.ends_a_figure(place + 1) else None


def _day(reader: Reader, place: int, opener: str) -> Read:
    """`yesterday`, `yesterday evening`, `gestern Abend`, `ayer por la tarde`."""
    token, wall = reader[place], reader.wall
    if token.kind != "day":
        return None
    following = reader.skip(place + 1, frozenset({"filler", "in", "at", "at_clock"}))
    part = _daypart_at(reader, following)
    if part == "night" and token.value == 0:
        return _this_night(wall), following + 1
    if not part:
        return wall.day_ago(int(token.value)), place + 1
    span = wall.daypart(wall.day_ago(int(token.value)), part) if token.value else wall.today_since(part)
    return span, following + 1


def _weekday(reader: Reader, place: int, opener: str) -> Read:
    """`Monday`, `last Monday`, `Monday morning`, `Monday last week`, `lunes pasado`, `Friday, 20 Nov`."""
    before = reader.kind(place) in ("last", "this", "past")
    token = reader[place + before]
    if token.kind not in ("weekday", "weekday_short"):
        return None
    if token.kind == "weekday_short" and not (before or opener in OPENERS or reader.kind(place + 1) == "clock"):
        return None
    after = place + before + 1
    past = reader.kind(place) in ("last", "past") or reader.kind(after) == "last"
    joined = reader.skip(after, _JOINING)
    for read in (_date, _month_and_day):
        if dated := read(reader, joined, "on"):
            return dated
    if (week := _calendar(reader, joined)) and (week[0].end - week[0].start).days == 7:
        return _shift(week[0], int(token.value)), week[1]
    after += reader.kind(after) == "last"
    day = reader.wall.weekday(int(token.value), before_today=past)
    following = reader.skip(after, frozenset({"filler", "in", "at"}))
    part = _daypart_at(reader, following)
    return (reader.wall.daypart(day, part), following + 1) if part else (day, after)


def _calendar(reader: Reader, place: int, opener: str = "") -> Read:
    """`this week`, `last month`, `la semana pasada`, `month to date`, and `last week on Tuesday`."""
    token, following = reader[place], reader[place + 1]
    if token.kind == "to_date":
        return reader.wall.unit(str(token.value)), place + 1
    order = {token.kind, following.kind}
    if "unit" not in order or not order & {"this", "last", "next"}:
        return None
    how, unit = (token, following) if following.kind == "unit" else (following, token)
    rolling = unit.value not in LONG_UNITS or (opener == "in" and how.text == "last")
    if how.kind == "last" and rolling:
        return reader.wall.rolling(SECONDS[str(unit.value)]), place + 2
    span = reader.wall.unit(str(unit.value), {"this": 0, "last": 1, "next": -1}[how.kind])
    joined = reader.skip(place + 2, _JOINING)
    if unit.value == "week" and reader.kind(joined) == "weekday":
        return _shift(span, int(reader[joined].value)), joined + 1
    return span, place + 2


def _rolling(reader: Reader, place: int, opener: str) -> Read:
    """`last 2 hours`, `past 24h`, `past week`, `les 2 dernières heures`."""
    kind = reader.kind(place)
    if kind in ("last", "past"):
        if amount := reader.amount(place + 1):
            return reader.wall.rolling(amount[0] * SECONDS[amount[1]]), amount[2]
        if _means_minutes(reader, place, opener):
            return reader.wall.rolling(reader[place + 1].value * SECONDS["minute"]), place + 2
        unit = reader[place + 1]
        if kind == "past" and unit.kind == "unit":
            return reader.wall.rolling(SECONDS[str(unit.value)]), place + 2
    if kind in ("number", "article") and reader.kind(place + 1) == "last" and reader.kind(place + 2) == "unit":
        return reader.wall.rolling(reader[place].value * SECONDS[str(reader[place + 2].value)]), place + 3
    return None


def _means_minutes(reader: Reader, place: int, opener: str) -> bool:
    """`in the last 15`, `past 30`; but `the last 5` and `show me the last 15` are things."""
    number = reader[place + 1]
    if number.kind != "number" or not reader.ends_a_figure(place + 2):
        return False
    before = place - 1
    while reader.kind(before) == "filler":
        before -= 1
    if opener in ("in", "for") or reader.kind(place) == "past":
        return number.value in (5, 10, 15, 20, 30, 45, 60, 90)
    return number.value in (15, 30, 45, 90) and reader[before].text not in BEFORE_THINGS


def _ago(reader: Reader, place: int, opener: str) -> Read:
    """`10 minutes ago`, `vor 10 Minuten`, `hace dos horas`, `il y a 3 jours`; after "since", the amount alone."""
    first = reader.kind(place) in ("ago_first", "vor")
    amount = reader.amount(place + first)
    if amount is None:
        return None
    number, unit, end = amount
    last = reader.kind(end) == "ago"
    if reader.kind(end) in ("before", "after", "vor") and not (first or last):  # `5 min before 3` is 2:55
        return None
    if not (first or last or _may_stand_alone(reader, place, opener)):
        return None
    return _that_long_ago(reader.wall, number, unit, opener), end + last


def _may_stand_alone(reader: Reader, place: int, opener: str) -> bool:
    """`since 2 hours`; but `depuis 14h` is a time of day."""
    is_clock = opener == "since_romance" and reader.clock(place, opener) is not None
    return opener in ("since", "since_romance", "for") and not is_clock


def _that_long_ago(wall: Wall, number: float, unit: str, opener: str) -> Span:
    """A moment with some room around it; the whole day when days are counted."""
    back = timedelta(seconds=number * SECONDS[unit])
    if SECONDS[unit] < SECONDS["day"] or opener in SINCE or opener == "for":
        moment = wall.now - back
        return Span(moment, moment, around=max(timedelta(minutes=5), back / 4))
    day = wall.days((wall.local_now - back).date())
    room = timedelta(days={"day": 0, "week": 0, "month": 3}.get(unit, 15))
    return Span(day.start - room, day.end + room)


def _half_day(reader: Reader, place: int, opener: str) -> Read:
    """`this morning`, `last night`, `tonight`, `la nuit dernière`."""
    token, following, wall = reader[place], reader[place + 1], reader.wall
    if token.kind == "tonight":
        return wall.night(coming=True), place + 1
    if token.kind == "last_night":
        return wall.night(), place + 1
    part = _daypart_at(reader, place + 1)
    if token.kind == "this" and part:
        return (_this_night(wall) if part == "night" else wall.today_since(part)), place + 2
    if (token.kind == "last" and part) or (token.kind == "daypart" and following.kind == "last"):
        part = part or str(token.value)
        return (wall.night() if part == "night" else wall.daypart(wall.day_ago(1), part)), place + 2
    return None


def _weekend(reader: Reader, place: int, opener: str) -> Read:
    """`over the weekend`, `last weekend`, `el fin de semana pasado`."""
    before = reader.kind(place) in ("last", "this", "past")
    if reader.kind(place + before) != "weekend":
        return None
    after = place + before + 1
    last = reader.kind(place) in ("last", "past") or reader.kind(after) == "last"
    return reader.wall.weekend(previous=last), after + (reader.kind(after) == "last")


def _to_come(reader: Reader, place: int, opener: str) -> Read:
    """`tomorrow`, `next Friday`: read so that they can be refused."""
    token, following, wall = reader[place], reader[place + 1], reader.wall
    if token.kind in ("tomorrow", "morgen"):
        return wall.day_ago(-1), place + 1
    if token.kind == "next" and following.kind == "weekday":
        day = wall.weekday(int(following.value)).start.date()
        return wall.days(day + timedelta(days=7)), place + 2
    return None


ELEMENTS: tuple[Callable[[Reader, int, str], Read], ...] = (
    _timestamp,
    _date,
    _ago,
    _month_and_day,
    _month_alone,
    _ordinal,
    _day,
    _weekday,
    _rolling,
    _half_day,
    _weekend,
    _calendar,
    _to_come,
)


def _month(reader: Reader, place: int) -> int:
    token = reader[place]
    return int(token.value) if token.kind in ("month", "month_short") else 0


def _day_number(reader: Reader, place: int) -> int:
    token = reader[place]
    is_day = token.kind in ("number", "ordinal") and token.value == int(token.value) and 1 <= token.value <= 31
    return int(token.value) if is_day and token.text[:1].isdigit() else 0


def _year_at(reader: Reader, place: int) -> int:
    token = reader[place]
    return int(token.value) if token.kind == "number" and 2000 <= token.value < 2100 else 0


def _daypart_at(reader: Reader, place: int) -> str:
    token = reader[place]
    return "morning" if token.kind == "morgen" else str(token.value) if token.kind == "daypart" else ""


def _this_night(wall: Wall) -> Span:
    """`heute Nacht`, `cette nuit`: the coming night in the evening, else the past one."""
    return wall.night(coming=wall.local_now.hour >= 18)


def _shift(week: Span, days: int) -> Span:
    start = week.start + timedelta(days=days)
    return replace(week, start=start, end=start + timedelta(days=1))


def _is_recent(wall: Wall, year: int) -> bool:
    return year >= wall.today.year - MAX_YEARS_BACK
