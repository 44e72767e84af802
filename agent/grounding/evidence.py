"""The figures of evidence: of all that a model can read in it, and of the charts and tables beside that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.evidence_text import render
from agent.grounding.figures import Figures
from agent.grounding.times import at_minute, days_of, split_clocks, stamps, without_stamps
from agent.grounding.units import Unit, meanings_of
from agent.models import Chart, Evidence, Finding

REMEMBERED = 512
"""Pieces whose figures are kept: reading one takes milliseconds, and a run asks for each of them several times."""
MAX_DAYS = 400
"""Of a time range, whose days may all be named."""
_STRENGTH = re.compile(r"^(- \w+ )\([01]\.\d\d\)", re.M)
_MEASURES = (Unit.money, Unit.percent, Unit.bytes, Unit.seconds)
_NO_MEASURE = ("factor", "count")


def known_figures(pieces: Iterable[Evidence], zone: str = "UTC") -> Figures:
    """All figures of some pieces of evidence: not of their queries, whose epochs would allow any number."""
    return Figures.together(_figures_of(piece.model_dump_json(), zone) for piece in pieces)


@lru_cache(REMEMBERED)
def _figures_of(written: str, zone: str) -> Figures:
    piece = Evidence.model_validate_json(written)
    text = "\n".join([_STRENGTH.sub(r"\1", render(piece)), *_details(piece)])
    points = [*stamps(text), *_shown_times(piece, text)]
    times = [*points, *(at.astimezone(_zone(zone)) for at in points)]
    values = {part for at in times for part in days_of(at)}
    values |= {part for day in _days(piece) for part in days_of(day)}
    values |= {(Unit.bare, round(finding.strength, 2)) for finding in piece.findings}
    values |= {charted for chart in piece.charts for charted in _charted(chart)}
    values |= {measure for finding in piece.findings for measure in _measures(finding)}
    if piece.time_range:
        values.add((Unit.seconds, piece.time_range.seconds))
    own = Figures(frozenset(values), clocks=frozenset(at.hour * 60 + at.minute for at in times))
    return own.with_text(text)


def _details(piece: Evidence) -> Iterator[str]:
    """Attributes, cells and labels with what they are called, which may be a unit: `timeout_s 30`, `usd 812.44`."""
    for finding in piece.findings:
        yield from (f"{name.replace('_', ' ')} {value}" for name, value in finding.attributes.items())
    for table in piece.tables:
        for row in table.rows:
            yield from (f"{column} {cell}" for column, cell in zip(table.columns, row, strict=False))
    yield from (label for chart in piece.charts for label in chart.labels)


def _measures(finding: Finding) -> Iterator[tuple[Unit, float]]:
    """Attributes without a unit may be in any that the finding's own sentence uses."""
    units = {unit for unit, _ in Figures().with_text(finding.statement).values if unit in _MEASURES}
    for name, written in finding.attributes.items():
        try:
            value = abs(float(written))
        except ValueError:
            continue
        if name in _NO_MEASURE:
            continue
        yield from ((unit, value) for unit in units)
        if Unit.seconds in units:  # CloudWatch counts some times in milliseconds
            yield Unit.seconds, value / 1000


def _charted(chart: Chart) -> Iterator[tuple[Unit, float]]:
    meanings = meanings_of(chart.unit.partition("/")[0]) or ((Unit.number, 1.0),)
    for line in chart.series:
        for value in line.values:
            if value is not None:
                yield Unit.bare, abs(value)
                yield from ((unit, abs(value) * factor) for unit, factor in meanings)


def _shown_times(piece: Evidence, text: str) -> list[datetime]:
    """Times of day without a date, as of the day the piece is about."""
    span = piece.time_range
    dates = [finding.at for finding in piece.findings if finding.at] + ([span.end] if span else [])
    day = dates[0].date() if dates else piece.gathered_at.date() if piece.gathered_at else date(2000, 1, 1)
    _, clocks = split_clocks(without_stamps(text))
    return [at_minute(day, clock.minute) for clock in clocks]


def _days(piece: Evidence) -> list[datetime]:
    """The days of what was looked at."""
    if not piece.time_range:
        return []
    start, length = piece.time_range.start.astimezone(UTC), max(0, int(piece.time_range.seconds // 86_400))
    return [start + timedelta(days=n) for n in range(min(length, MAX_DAYS) + 1)]


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
