"""A CloudWatch metric: against the alert's own threshold where that can be told, else against what is usual."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Literal

from agent.baseline import Series
from agent.figures import number
from agent.verifying import Reading
from tools.actions.readers.watched import Watched
from tools.evidence.look import Look
from tools.evidence.metrics.reader import Line, fetch, find_lines

MINUTE = timedelta(minutes=1)
NEWEST = timedelta(minutes=10)
NEWEST_POINTS = 3
"""Their median is what is now: one minute says little."""
USUAL = timedelta(days=1)
USUAL_PERIOD = timedelta(minutes=5)
ONSET = timedelta(minutes=30)
"""Before an alert fires, what it is about has gone on for a while."""
ENOUGH_POINTS = 12
MARGIN = 0.25
"""So far beyond the outermost twentieth of the day before is still usual."""
Side = Literal["high", "low", "both"]
_FIGURE = re.compile(r"-?\d[\d,]*\.?\d*")
_SIDES: dict[str, Side] = {"rise": "high", "drop": "low", "both": "both"}


@dataclass(frozen=True)
class _Level:
    """What a series is now, and between which values it is good."""

    line: Line
    value: float
    low: float
    high: float
    against: str

    @property
    def good(self) -> bool:
        return self.low <= self.value <= self.high

    @property
    def seen(self) -> str:
        return f"{self.line.label} of {self.line.resource} is {self.line.amount(self.value)}, {self.against}"


def metric(watched: Watched) -> Reading:
    """Of several series of one name, such as those of a table's operations, all have to be good."""
    look, resource = watched.look(), watched.said("resource") or watched.target.id
    names = [name.strip() for name in watched.check.name.split(",")]
    lines = [line for name in names for line in _lines(look, watched.said("service"), resource, name)]
    if not lines:
        return Reading(None, f"CloudWatch has no metric {watched.check.name} of {resource}.")
    end = datetime.fromtimestamp(watched.now.timestamp() // 60 * 60, watched.now.tzinfo)
    newest = fetch(look, lines, end - NEWEST, end, MINUTE)
    levels = (_level(watched, look, line, points) for line, points in zip(lines, newest, strict=True))
    known = [level for level in levels if level is not None]
    if not known:
        return Reading(None, f"{watched.check.name} of {resource} has no recent values that could be compared.")
    worst = min(known, key=lambda level: level.good)
    falls = worst.high == float("inf")
    return Reading(worst.good, f"{worst.seen}.", worst.value, watched.before, higher_is_worse=not falls)


def _lines(look: Look, service: str, resource: str, name: str) -> list[Line]:
    """Some senders name a service that is not CloudWatch's."""
    return find_lines(look, service, resource, name) or (find_lines(look, "", resource, name) if service else [])


def _level(watched: Watched, look: Look, line: Line, points: Series) -> _Level | None:
    if not points:
        return None
    value = median(value for _, value in points[-NEWEST_POINTS:])
    side, threshold = _side(watched, line), _figure(watched.said("threshold"))
    if threshold is not None and side != "both" and not line.metric.counts:
        low, high = (float("-inf"), threshold) if side == "high" else (threshold, float("inf"))
        return _Level(line, value, low, high, f"and {number(threshold)} is its threshold")
    usual = _usual(watched, look, line)
    if usual is None:
        return None
    low = float("-inf") if side == "high" else usual[0] - MARGIN * abs(usual[0])
    high = float("inf") if side == "low" else usual[1] + MARGIN * abs(usual[1])
    return _Level(line, value, low, high, f"and {line.amount(usual[0])} to {line.amount(usual[1])} was usual before")


def _usual(watched: Watched, look: Look, line: Line) -> tuple[float, float] | None:
    """Between which values it was for nine tenths of the day before it began."""
    since = watched.said("since")
    until = (datetime.fromisoformat(since) if since else watched.now) - ONSET
    (points,) = fetch(look, [line], until - USUAL, until, USUAL_PERIOD)
    if len(points) < ENOUGH_POINTS:
        return None
    twentieths = quantiles((value for _, value in points), n=20)
    return twentieths[0], twentieths[-1]


def _side(watched: Watched, line: Line) -> Side:
    """On which side it fires: as the alert says, else as is known of the metric."""
    said = watched.said("comparison")
    return "high" if said == "above" else "low" if said == "below" else _SIDES[line.metric.watch]


def _figure(text: str) -> float | None:
    """`180`, `> 1,200.5`; None for what holds no figure, or several."""
    found = _FIGURE.findall(text)
    return float(found[0].replace(",", "")) if len(found) == 1 else None
