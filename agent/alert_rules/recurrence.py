"""Whether an alert comes back in a rhythm that people would name: every night, every Tuesday, on the 1st.

Rhythms are of wall clocks: a job at 02:00 stays at 02:00 when the clocks change, and one that is an hour off for that
reason still counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
ABOUT = timedelta(minutes=90)
"""How far from the usual time of day it may be: an hour when the clocks change, and some minutes besides."""
IN_A_ROW = 3
WEEKDAYS_IN_A_ROW = 5
QUARTER = 15
MINUTES_A_DAY = 24 * 60
NIGHT = (21 * 60, 6 * 60)
SOME_DAYS = 2.0
"""A weekly rhythm is one only where the days with an alert are not more than this many a week."""


def recurrence(times: Sequence[datetime], now: datetime, zone: str) -> str:
    """`4th Tuesday in a row`, `every night around 02:00, 6 nights in a row`, `3rd time this week`; "" for nothing.

    `times`: when it began each time, the present one included, in any order.
    """
    there = ZoneInfo(zone)
    local = sorted({at.astimezone(there).replace(tzinfo=None) for at in times if at <= now + DAY}, reverse=True)
    today = now.astimezone(there).replace(tzinfo=None)
    if not local or local[0] < today - 7 * DAY:
        return ""
    rhythms: tuple[Callable[[list[datetime], datetime], str], ...] = (_daily, _weekly, _monthly, _count)
    return next((words for rhythm in rhythms if (words := rhythm(local, today))), "")


def _daily(local: list[datetime], today: datetime) -> str:
    """Days in a row at about the same time, counted back from the newest; or weekdays, over the weekends."""
    newest = local[0]
    if newest < today - 1.5 * DAY:
        return ""
    near: dict[int, timedelta] = {}
    for at in local:
        back = round((newest - at) / DAY)
        if abs(off := newest - at - back * DAY) <= ABOUT:
            near.setdefault(back, off)
    run = _row(near, lambda back: True)
    around = _around(newest, (near[back] for back in run))
    if len(run) >= IN_A_ROW:
        minute = int(around[:2]) * 60 + int(around[3:])
        unit = "night" if minute >= NIGHT[0] or minute < NIGHT[1] else "day"
        return f"every {unit} around {around}, {len(run)} {unit}s in a row"
    working = _row(near, lambda back: (newest.date() - back * DAY).weekday() < 5)
    if newest.weekday() < 5 and len(working) >= WEEKDAYS_IN_A_ROW:
        around = _around(newest, (near[back] for back in working))
        return f"every weekday around {around}, {len(working)} weekdays in a row"
    return ""


def _row(found: Iterable[int], counts: Callable[[int], bool]) -> list[int]:
    """0, 1, 2 … as far as each that counts is found."""
    present, run, back = set(found), list[int](), 0
    while back in present or not counts(back):
        if counts(back):
            run.append(back)
        back += 1
        if back > max(present):
            break
    return run


def _around(newest: datetime, offsets: Iterable[timedelta]) -> str:
    """The usual time of day, to the quarter of an hour."""
    middle = median(off.total_seconds() for off in offsets)
    at = newest - timedelta(seconds=middle)
    minute = round((at.hour * 60 + at.minute) / QUARTER) * QUARTER % MINUTES_A_DAY
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _weekly(local: list[datetime], today: datetime) -> str:
    newest, dates = local[0].date(), {at.date() for at in local}
    weeks = 0
    while newest - weeks * 7 * DAY in dates:
        weeks += 1
    since = newest - (weeks - 1) * 7 * DAY
    days = sum(since <= day <= newest for day in dates)
    if weeks < IN_A_ROW or days > 1 + SOME_DAYS * (weeks - 1):
        return ""
    return f"{ordinal(weeks)} {newest:%A} in a row"


def _monthly(local: list[datetime], today: datetime) -> str:
    """The same day of the month, where it is one that every month has."""
    newest, dates = local[0].date(), {at.date() for at in local}
    months, day = 0, newest
    while day in dates:
        months, day = months + 1, _month_before(day)
        if newest.day > 28:
            break
    span = sum(day < each <= newest for each in dates)
    if months < IN_A_ROW or span > 2 * months:
        return ""
    return f"on the {ordinal(newest.day)}, {ordinal(months)} month in a row"


def _month_before(day: date) -> date:
    year, month = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
    return day.replace(year=year, month=month, day=min(day.day, 28))


def _count(local: list[datetime], today: datetime) -> str:
    """How many there were lately."""
    monday = today.date() - today.weekday() * DAY
    spans = (("today", today.date(), 2), ("this week", monday, 2), ("in 30 days", today.date() - 30 * DAY, 3))
    for name, since, enough in spans:
        number = sum(at.date() >= since for at in local)
        if number >= enough:
            return f"{ordinal(number)} time {name}"
    return ""


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 22nd."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
