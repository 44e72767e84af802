"""The Numenta Anomaly Benchmark's scoring, written from its definition (Lavin and Ahmad, 2015), and its folder layout.

Standard profile: a detected window earns up to 1.0, more the earlier in the window; a missed window costs 1.0; every
detection outside costs up to 0.11, less shortly after a window. 100 is the perfect detector, 0 one that is silent.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE = 1.0, 0.11, 1.0
PROBATION_SHARE, PROBATION_MOST = 0.15, 750

Detector = Callable[[datetime, float], float]


@dataclass(frozen=True)
class Labelled:
    """One series with its anomaly windows as inclusive index ranges."""

    group: str
    name: str
    times: Sequence[datetime]
    values: Sequence[float]
    windows: Sequence[tuple[int, int]]

    @property
    def probation(self) -> int:
        return min(int(PROBATION_SHARE * len(self.times)), PROBATION_MOST)


@dataclass(frozen=True)
class Weighed:
    """What a detection at one point would be worth; `window` is None outside of all windows."""

    score: float
    worth: float
    window: tuple[str, int] | None


def load(folder: Path) -> list[Labelled]:
    """All series under folder/data that folder/labels/combined_windows.json knows. Raises OSError, ValueError."""
    labels: dict[str, list[tuple[str, str]]] = json.loads((folder / "labels" / "combined_windows.json").read_text())
    found: list[Labelled] = []
    for name, windows in sorted(labels.items()):
        with (folder / "data" / name).open(newline="") as file:
            rows = list(csv.DictReader(file))
        times = [datetime.fromisoformat(row["timestamp"]) for row in rows]
        spans = [(datetime.fromisoformat(first), datetime.fromisoformat(last)) for first, last in windows]
        indices = sorted(span for first, last in spans if (span := _indices(times, first, last)))
        found.append(Labelled(name.split("/")[0], name, times, [float(row["value"]) for row in rows], indices))
    return found


def detect(series: Labelled, make_detector: Callable[[int], Detector]) -> list[float]:
    detector = make_detector(series.probation)
    return [detector(at, value) for at, value in zip(series.times, series.values, strict=True)]


def weigh(series: Labelled, scores: Sequence[float]) -> list[Weighed]:
    """The worth of a detection at each point after probation."""
    weighed: list[Weighed] = []
    coming = list(enumerate(series.windows))
    past: tuple[int, int] | None = None
    for index, score in enumerate(scores):
        while coming and coming[0][1][1] < index:
            past = coming.pop(0)[1]
        if index < series.probation:
            continue
        if coming and coming[0][1][0] <= index:
            number, (first, last) = coming[0]
            place = -(last - index + 1) / (last - first + 1)
            weighed.append(Weighed(score, TRUE_POSITIVE * sigmoid(place) / sigmoid(-1.0), (series.name, number)))
        else:
            place = (index - past[1]) / max(past[1] - past[0], 1) if past else math.inf
            weighed.append(Weighed(score, FALSE_POSITIVE * sigmoid(place), None))
    return weighed


def sigmoid(place: float) -> float:
    """Worth by place relative to the window's right edge: -1 its left edge, 0 the right edge, positive after it."""
    return -1.0 if place > 3.0 else 2 / (1 + math.exp(5 * place)) - 1


def total_at(weighed: Iterable[Weighed], threshold: float) -> float:
    """The corpus's raw score when every point that scores at least `threshold` is a detection."""
    best: dict[tuple[str, int], float] = {}
    total = 0.0
    for point in weighed:
        detected = point.score >= threshold
        if point.window:
            worth = point.worth if detected else -FALSE_NEGATIVE
            best[point.window] = max(worth, best.get(point.window, -FALSE_NEGATIVE))
        elif detected:
            total += point.worth
    return total + sum(best.values())


def best_threshold(weighed: Iterable[Weighed]) -> float:
    """The threshold with the highest total; above 1 when silence is best."""
    points = sorted(weighed, key=lambda point: -point.score)
    best = {point.window: -FALSE_NEGATIVE for point in points if point.window}
    total = most = sum(best.values())
    threshold = 1.1
    for score, tied in groupby(points, key=lambda point: point.score):
        for point in tied:
            gain = max(point.worth - best[point.window], 0.0) if point.window else point.worth
            total += gain
            if point.window:
                best[point.window] += gain
        if total > most:
            most, threshold = total, score
    return threshold


def normalised(weighed: Sequence[Weighed], threshold: float) -> float:
    """0 for a silent detector, 100 for a perfect one; NaN where there is no window."""
    windows = len({point.window for point in weighed if point.window})
    if not windows:
        return math.nan
    silent = -FALSE_NEGATIVE * windows
    return 100 * (total_at(weighed, threshold) - silent) / (TRUE_POSITIVE * windows - silent)


def _indices(times: Sequence[datetime], first: datetime, last: datetime) -> tuple[int, int] | None:
    inside = [index for index, at in enumerate(times) if first <= at <= last]
    return (inside[0], inside[-1]) if inside else None
