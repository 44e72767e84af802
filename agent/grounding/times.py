"""The dates and times of day that a text names. What is left of it holds figures of other things only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from agent.grounding.units import Unit

CLOCKS_DIFFER = 5
"""Minutes by which "about 14:20" may differ from 14:18."""
HOURS_DIFFER = 30
"""Minutes by which "2 pm" may."""
_GONE = " ; "
_MONTHS = (
    "january|jan|januar|janvier|enero|janeiro|gennaio",
    "february|feb|februar|février|febrero|fevereiro|febbraio",
    "march|mar|märz|mars|marzo|março",
    "april|apr|avril|abril|aprile",
    "May|mai|mayo|maio|maggio",
    "june|jun|juni|juin|junio|junho|giugno",
    "july|jul|juli|juillet|julio|julho|luglio",
    "august|aug|août|agosto",
    "september|sep|sept|septembre|septiembre|setembro|settembre",
    "october|oct|oktober|octobre|octubre|outubro|ottobre",
    "november|nov|novembre|noviembre|novembro",
    "december|dec|dezember|décembre|diciembre|dezembro|dicembre",
)
_NUMBER_OF = {name.lower(): number for number, names in enumerate(_MONTHS, 1) for name in names.split("|")}
_MONTH = "(?:" + "|".join(_MONTHS).replace("May", "(?-i:May)") + r")\b\.?"
_DAY = r"(?<![\w.:,])(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:19|20)\d\d(?!\d)"
_ISO = re.compile(r"(?<![\w.])(\d{4})-(\d\d)-(\d\d)(?!\d)")
_NUMERIC = re.compile(rf"({_DAY})[./](0?[1-9]|1[0-2])[./]({_YEAR})")
_DAY_FIRST = re.compile(
    rf"({_DAY})(?:st|nd|rd|th|\.)?(?:\s?(?:-|–|to|and|bis|und|à|et|al|y)\s?({_DAY})(?:st|nd|rd|th|\.)?)?"
    rf"\s(?:of\s|de\s)?({_MONTH})(?:,?\s(?:de\s)?({_YEAR}))?",
    re.I,
)
_MONTH_FIRST = re.compile(rf"\b({_MONTH})\s({_DAY})(?:st|nd|rd|th)?(?![\w:]|\.\d)(?:,?\s({_YEAR}))?", re.I)
_MONTH_ALONE = re.compile(rf"\b({_MONTH})\s({_YEAR})", re.I)
_ORDINAL = re.compile(r"(?<![\w.])([12]?\d|3[01])(?:st|nd|rd|th)\b(?!\spercentile)", re.I)
_CLOCK = re.compile(r"(?<![\d:.])(\d{1,2}):(\d\d)(?::\d\d(?:\.\d+)?)?(?![\d:])(?:\s?([ap])\.?m\b\.?)?", re.I)
_SPOKEN_CLOCK = re.compile(r"(?<![\w:.])(\d{1,2})(?:\.([0-5]\d) Uhr|h([0-5]\d))\b")
_HOUR = re.compile(r"(?<![\w:.])(1[0-2]|0?[1-9])\s?([ap])\.?m\b", re.I)
_SPOKEN_HOUR = re.compile(r"(?<![\w:.])(\d{1,2}) Uhr\b|\b(?:à|às|vers) (\d{1,2}) ?h\b")
_STAMP = re.compile(
    r"(?<!\d)(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?:\s?(?:Z|UTC)|([+-]\d\d:?\d\d))?(?!\d)"
)


@dataclass(frozen=True)
class Clock:
    """A time of day as written, in minutes, and by how many minutes it may be off."""

    written: str
    minute: int
    slack: int


@dataclass(frozen=True)
class Day:
    """A date as written, and what all has to be known for it: days, years, dates."""

    written: str
    parts: tuple[tuple[Unit, float], ...]


def stamps(text: str) -> Iterator[datetime]:
    """Whole points in time, in UTC when they name no offset."""
    for day, clock, offset in _STAMP.findall(text):
        try:
            yield datetime.fromisoformat(f"{day}T{clock}{offset or '+00:00'}")
        except ValueError:  # no such day
            continue


def without_stamps(text: str) -> str:
    return _STAMP.sub(_GONE, text)


def days_of(at: datetime) -> set[tuple[Unit, float]]:
    """What may be said of a point in time's day."""
    return {(Unit.year, float(at.year)), (Unit.day, float(at.day)), (Unit.date, 100.0 * at.month + at.day)}


def split_days(text: str) -> tuple[str, list[Day]]:
    """The text without its dates, and these."""
    days: list[Day] = []

    def take(match: re.Match[str], month: int, numbers: list[str | None], year: str | None) -> str:
        parts: list[tuple[Unit, float]] = [(Unit.year, float(year))] if year else []
        for number in filter(None, numbers):
            if not _exists(month, int(number), int(year or 2000)):
                return match[0]
            parts.append((Unit.date, 100.0 * month + int(number)))
        days.append(Day(match[0].strip(), tuple(parts)))
        return _GONE

    text = re.sub(r"(?<=\d)T(?=\d)", " ", text)
    text = _ISO.sub(lambda m: take(m, int(m[2]), [m[3]], m[1]), text)
    text = _NUMERIC.sub(lambda m: take(m, int(m[2]), [m[1]], m[3]), text)
    text = _DAY_FIRST.sub(lambda m: take(m, _month(m[3]), [m[1], m[2]], m[4]), text)
    text = _MONTH_FIRST.sub(lambda m: take(m, _month(m[1]), [m[2]], m[3]), text)
    text = _MONTH_ALONE.sub(lambda m: take(m, _month(m[1]), [], m[2]), text)
    return text, days


def split_clocks(text: str) -> tuple[str, list[Clock]]:
    """The text without its times of day, and these."""
    clocks: list[Clock] = []

    def take(match: re.Match[str], hour: str, minute: str | None, half: str | None) -> str:
        if int(hour) > 24 or int(minute or 0) > 59:
            return match[0]
        clocks.append(
            Clock(
                match[0].strip(),
                (_half(int(hour), half) % 24) * 60 + int(minute or 0),
                CLOCKS_DIFFER if minute else HOURS_DIFFER,
            )
        )
        return _GONE

    text = re.sub(r"(?<=\d)T(?=\d)", " ", text)
    text = _CLOCK.sub(lambda m: take(m, m[1], m[2], m[3]), text)
    text = _SPOKEN_CLOCK.sub(lambda m: take(m, m[1], m[2] or m[3], None), text)
    text = _HOUR.sub(lambda m: take(m, m[1], None, m[2]), text)
    text = _SPOKEN_HOUR.sub(lambda m: take(m, m[1] or m[2], None, None), text)
    return text, clocks


def split_ordinals(text: str) -> tuple[str, list[tuple[str, int]]]:
    """The text without "the 20th", and these: the day of a month, or the how-manieth of something."""
    found = [(match[0], int(match[1])) for match in _ORDINAL.finditer(text)]
    return (_ORDINAL.sub(_GONE, text) if found else text), found


def _half(hour: int, half: str | None) -> int:
    return hour if not half else hour % 12 + (12 if half.lower() == "p" else 0)


def _month(written: str) -> int:
    return _NUMBER_OF[written.lower().rstrip(".")]


def _exists(month: int, day: int, year: int) -> bool:
    try:
        return bool(date(year, month, day))
    except ValueError:
        return False


def at_minute(day: date, minute: int) -> datetime:
    """A minute of a day, in UTC."""
    return datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=UTC)
