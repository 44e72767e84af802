"""What may be said: the figures that are known, and which of a sentence's figures are not among them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from agent.grounding.numbers import Figure, read
from agent.grounding.times import split_clocks, split_days, split_ordinals
from agent.grounding.units import Unit

DAY_MINUTES = 24 * 60
_ID = re.compile(r"ev_\w+")


@dataclass(frozen=True)
class Figures:
    """Figures with their units, names made of digits (versions, addresses), and times as minutes of the day."""

    values: frozenset[tuple[Unit, float]] = frozenset()
    names: frozenset[str] = frozenset()
    clocks: frozenset[int] = frozenset()

    @staticmethod
    def together(several: Iterable[Figures]) -> Figures:
        """All of them as one."""
        known = list(several)
        return Figures(
            frozenset().union(*(one.values for one in known)),
            frozenset().union(*(one.names for one in known)),
            frozenset().union(*(one.clocks for one in known)),
        )

    def with_text(self, *texts: str) -> Figures:
        """These, and the figures of a text that counts as it stands, as the question does."""
        return Figures.together([self, *map(_of_text, texts)])

    def strange(self, text: str) -> list[str]:
        """The figures of a text that are not among these, as they are written there."""
        text, days = split_days(_ID.sub(" ; ", text))
        text, clocks = split_clocks(text)
        text, ordinals = split_ordinals(text)
        return [
            *(day.written for day in days if not self.values.issuperset(day.parts)),
            *(clock.written for clock in clocks if not self._knows_clock(clock.minute, clock.slack)),
            *(written for written, number in ordinals if not self._knows_ordinal(number)),
            *(figure.written for figure in read(text) if not self._knows(figure)),
        ]

    def _knows(self, figure: Figure) -> bool:
        if not figure.values:
            return figure.written in self.names
        return (
            not figure.worth_checking
            or any(self._is_near(*reading) for reading in figure.readings())
            or (bool(figure.parts) and all(map(self._knows, figure.parts)))
        )

    def _knows_ordinal(self, number: int) -> bool:
        return number < 10 or not self.values.isdisjoint({(Unit.day, float(number)), (Unit.number, float(number))})

    def _knows_clock(self, minute: int, slack: int) -> bool:
        apart = ((minute - known) % DAY_MINUTES for known in self.clocks)
        return any(min(difference, DAY_MINUTES - difference) <= slack for difference in apart)

    def _is_near(self, unit: Unit, value: float, slack: float) -> bool:
        known = self._sorted[unit]
        place = bisect_left(known, value - slack)
        return place < len(known) and known[place] <= value + slack

    @cached_property
    def _sorted(self) -> defaultdict[Unit, list[float]]:
        by_unit: defaultdict[Unit, list[float]] = defaultdict(list)
        for unit, value in sorted(self.values):
            by_unit[unit].append(value)
        return by_unit


def _of_text(text: str) -> Figures:
    text, days = split_days(_ID.sub(" ; ", text))
    text, clocks = split_clocks(text)
    text, ordinals = split_ordinals(text)
    figures = read(text)
    values = {
        *(part for day in days for part in day.parts),
        *((Unit.day, part % 100) for day in days for unit, part in day.parts if unit is Unit.date),
        *((unit, float(number)) for _, number in ordinals for unit in (Unit.day, Unit.number)),
        *(known for figure in figures for known in figure.known()),
    }
    names = frozenset(figure.written for figure in figures if not figure.values)
    return Figures(frozenset(values), names, frozenset(clock.minute for clock in clocks))
