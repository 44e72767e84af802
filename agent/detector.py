"""A streaming anomaly detector: several views of a series, each judged against its own past, then quiet. Pure.

    score = make_detector(probation=750)
    for at, value in points:
        if score(at, value) >= ALERTING: ...

The views are: the value and its short mean against a slow mean (so that drift is no anomaly), the step from the last
value, the roughness, and the residual from the time of day where a season is learnable. Each gives the decades of
its tail probability (agent/tails.py); the rarest counts whole, what others add beyond chance in part. After a detection
only what is clearly rarer speaks, until a quiet period is over: that matters more than the detector does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from math import exp, log10

from agent.season import Season
from agent.tails import Tail

ALERTING = 0.52
"""Where the benchmark's standard profile puts the threshold: between four and five decades."""
DECADES = 6.0
"""The score is 1 - exp(-decades / DECADES): so many are 0.63."""
RARER = 1.0
"""In decades: during the quiet period only what is so much rarer than the last detection is reported."""
SHORT, ROUGH = 12, 24
"""Points of the short mean and of the roughness."""
SLOW = 0.25
QUIET = 0.25
MEMORY = 4
"""The slow mean, the quiet period and the memory, in lengths of the probation."""
SMALLEST, LARGEST = 200, 4000
"""Points in memory, at least and at most."""
USUAL_PROBATION = 600
"""A shorter probation means a shorter series, in which less rare things count."""
WEIGHTS = {"value": 1.0, "mean": 1.0, "residual": 1.0, "step": 0.8, "rough": 0.8}
"""The views; those that are noisier by nature count less."""
AGREEMENT = 0.25
"""How much of the decades beyond the first of the other views is added."""
RARE, ONE_OF = 3.0, 12
"""Measures of so many decades are learned from only once in so many."""
SEASONAL = 0.4
"""A season is learned when the residual is so much smaller than the swing."""
RESOLUTION = 1e-6
"""Differences below this share of the level are rounding."""
HUGE = 1e150
"""Greater values count as this much, so that no sum overflows."""


def make_detector(probation: int) -> Callable[[datetime, float], float]:
    """A detector to be called once a point, in order; it returns the anomaly score in [0, 1].

    During the first `probation` points it only learns and returns 0, as it does for NaN, which it skips.
    """
    return Detector(probation).score


class Detector:
    """The state behind `make_detector`: at most 8,000 numbers a view."""

    def __init__(self, probation: int) -> None:
        self._probation = probation
        self._scale = max(probation, 20)
        memory = min(max(MEMORY * self._scale, SMALLEST), LARGEST)
        self._tails = {view: Tail(memory) for view in WEIGHTS}
        self._rare = dict.fromkeys(self._tails, 0)
        self._season = Season()
        self._recent: deque[float] = deque(maxlen=SHORT)
        self._steps: deque[float] = deque(maxlen=ROUGH)
        self._slow = _SlowMean(SLOW * self._scale)
        self._rough, self._swing, self._residual = (_SlowMean(self._scale) for _ in range(3))
        self._seen = 0
        self._quiet_until, self._reported = 0, 0.0

    def score(self, at: datetime, value: float) -> float:
        if value != value:  # NaN, the only number that differs from itself
            return 0.0
        value = float(min(max(value, -HUGE), HUGE))
        self._seen += 1
        learning = self._seen <= self._probation
        surprises: list[float] = []
        rounding = RESOLUTION * abs(value)
        for view, measured in self._views(at, value, rounding):
            tail = self._tails[view]
            surprise = 0.0 if learning else tail.surprise(measured, 0.0 if view == "rough" else rounding)
            surprises.append(WEIGHTS[view] * surprise)
            if self._independent(view, surprise):
                tail.add(measured)
        return 0.0 if learning else self._after_quiet(self._combined(surprises))

    def _views(self, at: datetime, value: float, rounding: float) -> Iterator[tuple[str, float]]:
        """The measure of each view that this point has; roughness as a logarithm, so that a flat line is far out."""
        level = value if self._slow.mean is None else self._slow.mean
        self._slow.add(value)
        previous = self._recent[-1] if self._recent else value
        self._recent.append(value)
        self._steps.append(abs(value - previous))
        yield "value", value - level
        yield "mean", sum(self._recent) / len(self._recent) - level
        yield "step", value - previous
        if len(self._steps) == ROUGH:
            roughness = sum(self._steps) / ROUGH
            self._rough.add(roughness)
            yield "rough", log10(max(roughness + 0.01 * (self._rough.mean or 0.0), rounding, 1e-300))
        expected = self._season.expected(at)
        self._season.add(at, value)
        if expected is not None:
            self._swing.add(abs(value - level))
            self._residual.add(abs(value - expected))
            if (self._residual.mean or 0.0) < SEASONAL * (self._swing.mean or 0.0):
                yield "residual", value - expected

    def _independent(self, view: str, surprise: float) -> bool:
        """Whether to learn from a measure: of rare ones, which come in runs, one for many, lest they hide the next."""
        if surprise < RARE:
            return True
        self._rare[view] += 1
        return self._rare[view] % ONE_OF == 1

    def _combined(self, surprises: list[float]) -> float:
        """Decades: the rarest view, and a part of what the others add."""
        rarest = max(surprises)
        agreeing = sum(max(surprise - 1, 0.0) for surprise in surprises) - max(rarest - 1, 0.0)
        return rarest + AGREEMENT * agreeing - log10(self._scale / USUAL_PROBATION)

    def _after_quiet(self, decades: float) -> float:
        """The refractory rule, and the score. It knows no threshold, so that every caller's hears of an event once."""
        if decades <= 0 or (self._seen < self._quiet_until and decades <= self._reported + RARER):
            return 0.0
        self._quiet_until, self._reported = self._seen + max(int(QUIET * self._scale), 1), decades
        return 1 - exp(-decades / DECADES)


class _SlowMean:
    """An exponential mean over about `span` points, in which a single spike counts no more than four usual misses."""

    def __init__(self, span: float) -> None:
        self._span = span
        self._seen = 0
        self._miss = 0.0
        self.mean: float | None = None

    def add(self, value: float) -> None:
        self._seen += 1
        share = 1 / min(self._seen, self._span)
        if self.mean is None:
            self.mean = value
            return
        miss = value - self.mean
        limit = 4 * self._miss or abs(miss)
        self._miss += share * (min(abs(miss), limit) - self._miss)
        self.mean += share * min(max(miss, -limit), limit)
