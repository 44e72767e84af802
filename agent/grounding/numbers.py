"""The figures in a text: what each may mean, in which unit, and how exactly it is meant."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agent.grounding.units import CURRENCY, LETTERS, SCALE, UNIT, Meaning, Unit, factor_of, meanings_of
from agent.grounding.words import in_digits

SMALLEST_CHECKED = 10
"""Smaller whole counts and spans ("two retries", "3 of 5", "5 minutes later") are words more than figures."""
ROUNDING = 0.005
"""The share of a figure by which it may be rounded: 1,900 for 1,904."""
ROUGHLY = 0.05
"""The share where a word like "about" says so: 2,000 for 1,904. No rounding to two digits takes more."""
HALF = 0.51
"""Of the last digit that is written: 4.3 for 4.25."""
_BODY = r"\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?![\d.:])|\d+(?:[.,]\d+)*(?:e[+-]?\d{1,2}(?!\d))?"
_FIGURE = re.compile(
    rf"(?:(?P<currency>{CURRENCY})\s?|(?<![\w.])(?:[x×](?!86|64))?)(?P<body>{_BODY})"
    rf"(?P<scale>{SCALE}(?!\w))?(?P<unit>{UNIT})?",
    re.I,
)
_SPACES = re.compile("[ \u00a0\u2009\u202f]")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_GROUPED_BY_DOTS = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_DECIMAL = re.compile(r"\d+[.,]\d+")
_PERCENTILE = re.compile(r"\b\d[\d.]*(?:st|nd|rd|th)[\s-]percentile", re.I)
_ROUGHLY = re.compile(
    r"(?:\b(?:about|around|roughly|nearly|almost|some|approximately|approx|circa|ca|over|under|etwa|rund|knapp"
    r"|environ|cerca de|circa|unos|unas)\b\.?|[~≈])[\s$€£]*$",
    re.I,
)
_COUNTED = re.compile(r"(?:\s+|-)?(?:([^\W\d_]+)|/)")
_SMALL_WORDS = (
    "to and or vs versus at in on since from by than is was were are for with after before between during until now"
    " today yesterday auf bis und oder von am um seit à et ou de le en desde hasta y o las"
)
_NOT_COUNTED = frozenset(_SMALL_WORDS.split())
"""Words that may follow a figure without being what it counts. "A" is none: "1,904 a minute" is a count."""
_JOINS = re.compile(r"\s*(?:-|–|—|→|->|/|to|and|or|vs\.?|auf|bis|und|à|et|a|y|hasta)\s*", re.I)
_ADDS = re.compile(r"\s*(?:,|and|und|et|y|e)?\s*", re.I)
_KEY = re.compile(r"(?:[=:]|->|→)\s*[\"']?$")
_UNIT_BEFORE = re.compile(r"\b([a-z]{1,9})\s?[=:]?\s?$", re.I)
_YEARS = range(1990, 2101)


@dataclass(frozen=True)
class Figure:
    """A figure as written, and what it may mean.

    `values` are (value, weight of its last digit) for each way to read its digits. `parts` are the figures that it may
    be instead of one: "1 904" may be two numbers.
    """

    written: str
    values: tuple[tuple[float, float], ...]
    meanings: tuple[Meaning, ...]
    scale: float = 1.0
    rounding: float = ROUNDING
    worth_checking: bool = True
    keyed: bool = False
    parts: tuple[Figure, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether it has no unit."""
        return self.meanings[:1] in (((Unit.number, 1.0),), ((Unit.bare, 1.0),))

    def readings(self) -> Iterator[tuple[Unit, float, float]]:
        """(unit, value, how far from it still means the same) for each meaning."""
        for value, step in self.values:
            slack = max(HALF * step, value * self.rounding)
            for unit, factor in self.meanings:
                yield unit, value * factor, slack * factor
            if self.plain and self.meanings[0][0] is Unit.bare and step == 1 and value in _YEARS:
                yield Unit.year, value, 0.0

    def known(self) -> Iterator[tuple[Unit, float]]:
        """What may be said when evidence says this."""
        for value, step in self.values:
            yield Unit.bare, value * self.scale
            for unit, factor in self.meanings:
                yield unit, value * factor
                if unit is Unit.percent:
                    yield Unit.number, value * factor / 100
            if self.plain:
                yield Unit.number, value
                if step < 1 and value <= 1:
                    yield Unit.percent, value * 100
            if self.keyed:
                yield from ((Unit.seconds, value), (Unit.seconds, value / 1e3), (Unit.bytes, value))
                yield from ((Unit.bytes, value * 1e6), (Unit.bytes, value * 2.0**20))
        for part in self.parts:
            yield from part.known()


def read(text: str) -> list[Figure]:
    """All figures of a text that has no dates and times (any more)."""
    text = _PERCENTILE.sub(" ; ", in_digits(text))
    found = [(match, _figure(match, text)) for match in _FIGURE.finditer(text)]
    spans = [match.span() for match, _ in found]
    return _added([figure for _, figure in _ranged(found, text)], spans, text)


def _figure(match: re.Match[str], text: str) -> Figure:
    body, scale, unit = match["body"], match["scale"] or "", match["unit"] or ""
    factor = factor_of(scale) if scale else 1.0
    before = text[max(0, match.start() - 16) : match.start()]
    values = tuple(_values(body))
    units = ((Unit.money, 1.0),) if match["currency"] else meanings_of(unit) if unit else ()
    plain = not units and not scale
    named = plain and _is_counted(text, match.end())
    if units:
        meanings = tuple((of, size * factor) for of, size in units)
    elif scale:
        meanings = (*LETTERS.get(scale, ((Unit.number, factor),)), (Unit.bare, factor))
    else:
        meanings = ((Unit.number, 1.0),) if named else ((Unit.bare, 1.0), *_unit_before(before))
    exact_unit = bool(units) and (units[0][0] is not Unit.seconds or units[0][1] < 1)
    return Figure(
        written=match[0].strip(),
        values=values,
        meanings=meanings,
        scale=factor,
        rounding=ROUGHLY if _ROUGHLY.search(before) else ROUNDING,
        worth_checking=bool(exact_unit or scale or any(v >= SMALLEST_CHECKED or step < 1 for v, step in values)),
        keyed=plain and not named and bool(_KEY.search(before)),
        parts=tuple(read(_SPACES.sub(" ; ", body) + scale + unit)) if _SPACES.search(body) else (),
    )


def _values(body: str) -> Iterator[tuple[float, float]]:
    """(value, weight of the last digit) for each way to read digits; none when they are a name: 10.0.12.34, 5.8.1."""
    mantissa, _, exponent = _SPACES.sub("", body).lower().partition("e")
    ten = 10.0 ** int(exponent or 0)
    ways: list[str] = []
    if _GROUPED.fullmatch(mantissa) and mantissa[0] != "0":
        ways.append(mantissa.replace(",", ""))
    elif _DECIMAL.fullmatch(mantissa):
        ways.append(mantissa.replace(",", "."))
    elif mantissa.isdigit():
        ways.append(mantissa)
    if _GROUPED_BY_DOTS.fullmatch(mantissa) and mantissa[0] != "0":
        ways.append(mantissa.replace(".", "").replace(",", "."))
    for way in ways:
        value = float(way) * ten
        if math.isfinite(value):
            yield value, 10.0 ** -len(way.partition(".")[2]) * ten


def _is_counted(text: str, end: int) -> bool:
    """Whether a word after a figure says what it counts, as in "1,904 errors" and not in "from 1,250 to"."""
    word = _COUNTED.match(text, end)
    return bool(word) and (word[1] or "").lower() not in _NOT_COUNTED


def _unit_before(before: str) -> tuple[Meaning, ...]:
    """The unit of "memory mb 512"."""
    word = _UNIT_BEFORE.search(before)
    return meanings_of(word[1]) if word else ()


def _ranged(found: Sequence[tuple[re.Match[str], Figure]], text: str) -> list[tuple[re.Match[str], Figure]]:
    """With the unit of the second in "300 to 1900 ms" for the first as well."""
    ranged = list(found)
    for place in range(len(found) - 2, -1, -1):
        (match, figure), (next_match, after) = ranged[place], ranged[place + 1]
        if figure.plain and not after.plain and _JOINS.fullmatch(text, match.end(), next_match.start()):
            ranged[place] = (match, replace(figure, meanings=(*figure.meanings, *after.meanings)))
    return ranged


def _added(figures: Sequence[Figure], spans: Sequence[tuple[int, int]], text: str) -> list[Figure]:
    """With "1 h 35 min" as one figure, which may be told as 95 minutes."""
    whole: list[Figure] = []
    for place, figure in enumerate(figures):
        joins = place > 0 and _ADDS.fullmatch(text, spans[place - 1][1], spans[place][0])
        if whole and joins and (sum_of_both := _sum(whole[-1], figure)):
            whole[-1] = sum_of_both
        else:
            whole.append(figure)
    return whole


def _sum(long: Figure, short: Figure) -> Figure | None:
    if not long.values or not short.values:
        return None
    (unit, more), (other, less) = long.meanings[0], short.meanings[0]
    if not (unit is other is Unit.seconds and less < more):
        return None
    total = (long.values[0][0] * more + short.values[0][0] * less) / less
    return Figure(
        written=f"{long.written} {short.written}",
        values=((total, short.values[0][1]),),
        meanings=((Unit.seconds, less),),
        parts=(*(long.parts or (long,)), short),
    )
