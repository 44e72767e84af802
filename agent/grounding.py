"""Whether the figures in a sentence stand in the evidence: to the precision that the sentence gives.

figures = known_figures([piece], "Europe/Berlin")
figures.strange("Errors rose to 1,900 a minute at 15:18.")    # [] when it says 1904, and 14:18 UTC
figures.with_text("is 512 MB enough?").strange("512 MB is enough.")
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.evidence_text import render
from agent.models import Evidence

SMALLEST_CHECKED_NUMBER = 10
"""Smaller whole numbers ("two retries", "3 of 5") are words more than figures, unless money or a percentage."""
ROUNDING = 0.005
"""The share of a figure by which it may be rounded: 1,900 for 1,904."""
CLOCKS_DIFFER = 5
"""Minutes by which "about 14:20" may differ from 14:18."""
DAY_MINUTES = 24 * 60
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "b": 1e9, "billion": 1e9}
_ID = re.compile(r"ev_\w+")
_NUMBER = re.compile(r"([$€£]\s?)?(?<![\w.])(\d[\d,]*(?:\.\d+)?)(\s?%|(?:[kKMB]| (?:thousand|million|billion))\b)?")
_CLOCK = re.compile(r"(?<![\d:.])(\d{1,2}):(\d\d)(?::\d\d(?:\.\d+)?)?(?![\d:])(?:\s?([ap])\.?m\b\.?)?", re.I)
_HOUR = re.compile(r"(?<![\w:.])(1[0-2]|0?[1-9])\s?([ap])\.?m\b", re.I)
_STAMP = re.compile(
    r"(?<!\d)(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?:\s?(?:Z|UTC)|([+-]\d\d:?\d\d))?(?!\d)"
)


@dataclass(frozen=True)
class Figures:
    """What may be said: numbers, and times as minutes of the day, in UTC and in the asker's zone."""

    numbers: frozenset[float] = frozenset()
    clocks: frozenset[int] = frozenset()

    def __or__(self, other: Figures) -> Figures:
        return Figures(self.numbers | other.numbers, self.clocks | other.clocks)

    def with_text(self, *texts: str) -> Figures:
        """These, and the figures of a text that counts as it stands, as the question does."""
        known = self
        for text in texts:
            plain, clocks = _split_clocks(text)
            numbers = frozenset(value for figure in _numbers(plain) for value, _ in figure.meanings)
            known = known | Figures(numbers, frozenset(minute for _, minute, _ in clocks))
        return known

    def strange(self, text: str) -> list[str]:
        """The figures of a text that are not among these, as they are written there."""
        plain, clocks = _split_clocks(_ID.sub("", text))
        known = sorted(self.numbers)
        times = [written for written, minute, slack in clocks if not self._knows_clock(minute, slack)]
        checked = [figure for figure in _numbers(plain) if figure.worth_checking]
        return times + [figure.written for figure in checked if not any(_near(known, *m) for m in figure.meanings)]

    def _knows_clock(self, minute: int, slack: int) -> bool:
        apart = ((minute - known) % DAY_MINUTES for known in self.clocks)
        return any(min(difference, DAY_MINUTES - difference) <= slack for difference in apart)


def known_figures(pieces: Iterable[Evidence], zone: str = "UTC") -> Figures:
    """All figures of some pieces of evidence: not of their queries, whose epochs would allow any number."""
    known = Figures()
    for piece in pieces:
        known = known | _figures_of(piece, _zone(zone))
    return known


def _figures_of(piece: Evidence, zone: tzinfo) -> Figures:
    details = [value for finding in piece.findings for value in finding.attributes.values()]
    cells = [cell for table in piece.tables for row in table.rows for cell in row]
    labels = [label for chart in piece.charts for label in chart.labels]
    text = " ".join([render(piece), *details, *cells, *labels])
    charted = [abs(v) for chart in piece.charts for line in chart.series for v in line.values if v is not None]
    times = [*_stamps(text), *_shown_times(piece, text)]
    numbers = {float(part) for at in times for part in _parts(at.astimezone(zone))} | {
        float(part) for at in times for part in _parts(at)
    }
    clocks = {_minute(at.astimezone(zone)) for at in times} | {_minute(at) for at in times}
    span = piece.time_range.seconds if piece.time_range else 0.0
    lengths = {round(span / unit, 1) for unit in (60.0, 3600.0, 86_400.0)} if span else set[float]()
    return Figures(frozenset({*charted, *numbers, *lengths}), frozenset(clocks)).with_text(text)


def _stamps(text: str) -> Iterator[datetime]:
    """Whole points in time, in UTC when they name no offset."""
    for day, clock, offset in _STAMP.findall(text):
        try:
            yield datetime.fromisoformat(f"{day}T{clock}{offset or '+00:00'}")
        except ValueError:  # no such day
            continue


def _shown_times(piece: Evidence, text: str) -> list[datetime]:
    """Times of day without a date, as of the day the piece is about."""
    span = piece.time_range
    dates = [finding.at for finding in piece.findings if finding.at] + ([span.end] if span else [])
    day = dates[0].date() if dates else piece.gathered_at.date() if piece.gathered_at else date(2000, 1, 1)
    _, clocks = _split_clocks(_STAMP.sub(" ", text))
    return [datetime.combine(day, time(minute // 60, minute % 60), UTC) for _, minute, _ in clocks]


def _split_clocks(text: str) -> tuple[str, list[tuple[str, int, int]]]:
    """The text without its times of day, and these: as written, in minutes, and how exactly they are meant."""
    clocks: list[tuple[str, int, int]] = []

    def exact(match: re.Match[str]) -> str:
        hour, minute = int(match[1]), int(match[2])
        if hour > 24 or minute > 59:
            return match[0]
        clocks.append((match[0].strip(), (_half(hour, match[3]) % 24) * 60 + minute, CLOCKS_DIFFER))
        return " "

    def rough(match: re.Match[str]) -> str:
        clocks.append((match[0].strip(), (_half(int(match[1]), match[2]) % 24) * 60, 30))
        return " "

    spaced = re.sub(r"(?<=\d)T(?=\d)", " ", text)
    return _HOUR.sub(rough, _CLOCK.sub(exact, spaced)), clocks


def _half(hour: int, half: str | None) -> int:
    return hour if not half else hour % 12 + (12 if half.lower() == "p" else 0)


@dataclass(frozen=True)
class _Figure:
    """A figure as written, and what it may mean: values, and how far from them it still means the same."""

    written: str
    meanings: tuple[tuple[float, float], ...]
    worth_checking: bool


def _numbers(text: str) -> Iterator[_Figure]:
    for match in _NUMBER.finditer(text):
        written = match[2]
        value, suffix = float(written.replace(",", "")), (match[3] or "").strip()
        slack, scale = 0.51 * 10 ** -len(written.partition(".")[2]), _SCALES.get(suffix.lower(), 1.0)
        meanings = [(value * s, max(slack, value * ROUNDING) * s) for s in dict.fromkeys((1.0, scale))]
        is_figure = value >= SMALLEST_CHECKED_NUMBER or match[1] or suffix or "." in written
        yield _Figure(written, tuple(meanings), bool(is_figure))


def _near(known: Sequence[float], value: float, slack: float) -> bool:
    place = bisect_left(known, value - slack)
    return place < len(known) and known[place] <= value + slack


def _parts(at: datetime) -> tuple[int, ...]:
    return at.year, at.month, at.day, at.hour, at.minute


def _minute(at: datetime) -> int:
    return at.hour * 60 + at.minute


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
