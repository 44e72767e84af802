"""Where a series departs from its own past: expected by time of day, compared with its own noise, dated. Pure.

    shift = level_shift(points, start)      # points before `start` are the baseline
    shift.direction, shift.factor, shift.onset, shift.strength

A point departs when it is a new extreme: beyond four times the robust noise, and beyond what half of the baseline's
days reached. Neighbouring departures make one run, reported once, at its onset (the refractory rule).
Plain z-scores over a whole series do badly on cloud metrics; the season and the new-extreme rule are what helps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Literal

from agent.baseline import Series, expectation, step_within, typical, usual_high
from agent.detector import make_detector as make_detector  # the streaming counterpart, for `agent.anomaly`'s callers

Direction = Literal["rise", "drop", "steady"]
Looked = Literal["rise", "drop", "both"]

MAD_TO_SIGMA = 1.4826
DEPARTURE = 4.0
"""In units of noise."""
TREND = 1.5
"""In units of noise: a run's onset is walked back while the series already leans that far."""
STAYS = 3
"""So many fine points in a row are no chance."""
LONGEST_LEAN = timedelta(hours=6)
"""How much later than the coarse onset the exact one is looked for."""
MAX_GAP = 2
MIN_BASELINE = 8


@dataclass(frozen=True)
class Run:
    """Neighbouring points that depart from what is expected, `first` and `last` being their indices."""

    first: int
    last: int
    area: float


@dataclass(frozen=True)
class Shift:
    """How a window departs from its baseline. Levels are medians, in the series' own unit."""

    direction: Direction
    strength: float
    baseline: float
    """What was to be expected at that time of day."""
    level: float
    peak: float
    """The highest value of the window for a rise or steady, the lowest for a drop."""
    factor: float
    onset: datetime | None = None
    beyond: datetime | None = None
    """The first point that departs for certain: the onset, or later where the series leant that way before."""
    until: datetime | None = None
    """The last departing point; None while it lasts."""
    runs: int = 0
    """How many separate departures the window holds; many short ones are flapping."""
    normal_high: float = 0.0
    """What the baseline reached in all but 0.5% of its points."""


def level_shift(points: Series, start: datetime, *, count_minutes: float = 0, direction: Looked = "both") -> Shift:
    """Compare the points from `start` on with those before.

    `count_minutes`: for counts given as rates a minute, the length of a point in minutes, so that counting noise is
    not taken for a change. `direction`: `rise`, `drop` or `both`.
    """
    points = sorted(points)
    baseline = [point for point in points if point[0] < start]
    recent = points[len(baseline) :]
    if not recent:
        return Shift("steady", 0.0, *(typical(baseline),) * 3, factor=1.0, normal_high=usual_high(baseline))
    if len(baseline) < MIN_BASELINE:
        baseline, recent = _split_young(points)
        start = recent[0][0]
    elif step := step_within(baseline):
        baseline, recent = [p for p in points if p[0] < step], [p for p in points if p[0] >= step]
        start = step
    expected_at = expectation(baseline)
    expected = [expected_at(at) for at, _ in points]
    scores = _scores(points, expected, len(baseline), count_minutes)
    runs: list[tuple[int, Run]] = []
    for sign in {"rise": (1,), "drop": (-1,), "both": (1, -1)}[direction]:
        signed = [sign * score for score in scores]
        usual = _usual_extreme(baseline, signed)
        runs += [(sign, run) for run in _runs(signed, len(baseline), usual)]
    if not runs:
        return _steady(recent, expected[len(baseline) :], usual_high(baseline))
    sign, largest = max(runs, key=lambda pair: pair[1].area)
    same = sum(1 for other, _ in runs if other == sign)
    return _shift(points, expected, scores, sign, largest, same, usual_high(baseline))


def strength_of(factor: float, score: float, points: int) -> float:
    """0..1 from how many times, how many units of noise and how many points; each alone proves nothing.

    2x at 20 units of noise is 0.65, 3x 0.81, 10x 0.97; a single point counts 0.7 of that.
    """
    if factor <= 0:
        return 0.0
    times = max(factor, 1 / factor)
    by_factor = 1 - times**-1.5
    by_noise = 1 - math.exp(-max(score - 3, 0) / 5)
    return round(min(by_factor, by_noise) * {1: 0.7, 2: 0.85}.get(points, 1.0), 3)


def onset_range(shift: Shift, step: timedelta) -> tuple[datetime, datetime] | None:
    """From when to when the onset of a shift, found on a grid of `step`, may lie; None where nothing departs.

    What leans one way for long before it departs may have begun anywhere in between: its coarse onset then is no more
    than the earliest guess.
    """
    if shift.onset is None:
        return None
    lean = min((shift.beyond or shift.onset) - shift.onset, LONGEST_LEAN)
    return shift.onset - step, shift.onset + lean + 2 * step


def refine_onset(fine: Series, shift: Shift, step: timedelta) -> datetime | None:
    """The onset on a finer grid: where near points first stay a twentieth of the way over and beyond what is normal.

    `fine` covers `onset_range`. Where none stay, the first that is a quarter of the way over; else the coarse onset.
    """
    near_onset = onset_range(shift, step)
    if shift.onset is None or near_onset is None:
        return None
    onset, sign, way = shift.onset, 1 if shift.direction == "rise" else -1, shift.level - shift.baseline
    near = [(at, sign * value) for at, value in sorted(fine) if near_onset[0] <= at < near_onset[1]]
    edge = sign * (shift.baseline + way / (20 if sign > 0 else 4))
    if sign > 0:
        edge = max(edge, shift.normal_high)
    for index in range(len(near) - STAYS + 1):
        if all(value >= edge for _, value in near[index : index + STAYS]):
            return near[index][0]
    return next((at for at, value in near if value >= sign * (shift.baseline + way / 4)), onset)


def _split_young(points: Series) -> tuple[Series, Series]:
    """A series without a past is compared with its own first third."""
    third = max(len(points) // 3, 1)
    return points[:third], points[third:] or points[-1:]


def _scores(points: Series, expected: Sequence[float], split: int, count_minutes: float) -> list[float]:
    """Departures in units of noise: the largest of the baseline's own, 3% of the level, and counting noise."""
    misses = [abs(value - e) for (_, value), e in zip(points[:split], expected, strict=False)]
    absolute = MAD_TO_SIGMA * median(misses)
    relative = MAD_TO_SIGMA * median(miss / abs(e) if e else 0.0 for miss, e in zip(misses, expected, strict=False))
    scale = max(abs(e) for e in expected[:split])
    smallest = max(scale * 0.005, 1e-9)

    def noise(level: float) -> float:
        counting = math.sqrt(max(level * count_minutes, 1.0)) / count_minutes if count_minutes else 0.0
        return max(absolute, relative * abs(level), 0.03 * abs(level), counting, smallest)

    return [(value - e) / noise(e) for (_, value), e in zip(points, expected, strict=True)]


def _usual_extreme(points: Series, scores: Sequence[float]) -> float:
    """What the baseline's days reach: the middle one of their maxima, so that an incident of some days is no habit."""
    highest: dict[date, float] = {}
    for (at, _), score in zip(points, scores, strict=False):
        highest[at.date()] = max(score, highest.get(at.date(), score))
    return sorted(highest.values(), reverse=True)[len(highest) // 2]


def _runs(scores: Sequence[float], split: int, usual: float) -> list[Run]:
    """Runs of departure upwards that reach into the window (index `split` and after)."""
    edge = max(DEPARTURE, 1.15 * usual)
    runs: list[Run] = []
    for index, score in enumerate(scores):
        if score < edge:
            continue
        if runs and index - runs[-1].last <= MAX_GAP + 1:
            runs[-1] = Run(runs[-1].first, index, runs[-1].area + score)
        else:
            runs.append(Run(_walk_back(scores, index), index, score))
    return [run for run in runs if run.last >= split and (run.last > run.first or run.area >= 2 * edge)]


def _walk_back(scores: Sequence[float], index: int) -> int:
    while index > 0 and scores[index - 1] >= TREND:
        index -= 1
    return index


def _shift(
    points: Series,
    expected: Sequence[float],
    scores: Sequence[float],
    sign: int,
    run: Run,
    runs: int,
    high: float,
) -> Shift:
    inside = range(run.first, run.last + 1)
    departing = [i for i in inside if sign * scores[i] >= DEPARTURE] or list(inside)
    level = median(points[i][1] for i in departing)
    baseline = median(expected[i] for i in departing)
    score = median(sign * scores[i] for i in departing)
    factor = _factor(level, baseline, abs(level - baseline) / max(score, 1.0))
    lasts = run.last >= len(points) - 1 - MAX_GAP
    pick = max if sign > 0 else min
    return Shift(
        direction="rise" if sign > 0 else "drop",
        strength=strength_of(factor, score, len(departing)),
        baseline=baseline,
        level=level,
        peak=pick(points[i][1] for i in inside),
        factor=factor,
        onset=points[run.first][0],
        beyond=points[departing[0]][0],
        until=None if lasts else points[run.last][0],
        runs=runs,
        normal_high=high,
    )


def _steady(recent: Series, expected: Sequence[float], high: float) -> Shift:
    level, baseline = typical(recent), median(expected)
    factor = _factor(level, baseline, 0.05 * max(abs(level), abs(baseline), 1e-9))
    return Shift("steady", 0.1, baseline, level, max(value for _, value in recent), factor, normal_high=high)


def _factor(level: float, baseline: float, noise: float) -> float:
    """level / baseline, with one unit of noise added to both, so that it is finite when the baseline is zero."""
    return max(level + noise, 1e-9) / max(baseline + noise, 1e-9)
