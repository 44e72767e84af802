"""How far out in its own past a value lies: ranks inside of what was seen, an extrapolated tail beyond. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Sequence
from math import log10

MIN_SEEN = 10
TAIL_SHARE = 0.02
BEYOND = 2.0
"""Decades for each tenfold of the tail's width beyond the extreme: the tail of a power law with exponent two."""
TIE = 1e-6
"""Values nearer than this share of the range are equal, so that rounding makes no new extreme."""


class Tail:
    """The running distribution of the last `size` values.

    `surprise` is -log10 of a tail probability: 0 for what is usual, 3 for what one in a thousand reaches. Within the
    range seen it is the conformal rank (k + 1) / (n + 1); beyond it, the overshoot counts in widths of the tail.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._arrived: deque[float] = deque()
        self._sorted: list[float] = []

    def add(self, value: float) -> None:
        if len(self._arrived) >= self._size:
            del self._sorted[bisect_left(self._sorted, self._arrived.popleft())]
        self._arrived.append(value)
        insort(self._sorted, value)

    def surprise(self, value: float, rounding: float = 0.0) -> float:
        """Decades on the side that is rarer; differences up to `rounding` are none."""
        ordered = self._sorted
        seen = len(ordered)
        if seen < MIN_SEEN:
            return 0.0
        tie = max(TIE * (ordered[-1] - ordered[0]), rounding)
        above = seen - bisect_left(ordered, value - tie)
        below = bisect_right(ordered, value + tie)
        if above and below:
            return log10((seen + 1) / (min(above, below) + 1))
        over = value - ordered[-1] if not above else ordered[0] - value
        return log10(seen + 1) + BEYOND * log10(1 + over / self._width(above == 0, tie))

    def _width(self, upper: bool, tie: float) -> float:
        """How far the outermost values reach beyond where the tail begins, on average."""
        ordered = self._sorted
        count = max(5, int(len(ordered) * TAIL_SHARE))
        outer: Sequence[float] = ordered[-count:] if upper else ordered[:count]
        inner, extreme = (outer[0], ordered[-1]) if upper else (outer[-1], ordered[0])
        mean_excess = abs(sum(outer) / count - inner)
        return max(mean_excess, 0.1 * abs(extreme - ordered[len(ordered) // 2]), tie, 1e-12)
