"""The pause that parts a system's incidents, read from the pauses between its alerts."""

from __future__ import annotations

import math

GAP_SECONDS = 60.0
"""What parts incidents best when nothing is known of a system."""
SHORTEST, LONGEST = 60.0, 240.0
"""Below this, rules that are evaluated every minute would be cut apart; above, one incident would swallow the next."""
STEPS = 4
"""A histogram's bin is a quarter of an octave wide."""
PULL = 0.1
"""So much emptier must a valley be for each octave that it is away from `GAP_SECONDS`."""
LEFT = 0.08
"""What it is worth that a valley is half as full, measured against the pauses that are left."""
CLEAR = 4.0
"""Shorter pauses, in seconds, are inside an incident in any case."""
LOOK_EVERY = 4
FEW = 2.0
"""Added to all pauses, so that the first few do not decide."""
FEW_LEFT, USUAL_LEFT = 8.0, 0.4
"""Added to those that are left, of which this share is taken to be near, whatever the length."""
MAX_COUNT = 400.0
"""The histogram is halved at so many pauses, so that a system may change its pace."""


class Pauses:
    """A histogram of pauses over their logarithm; `gap` lies in its emptiest place that is near the usual gap.

    Pauses inside incidents and pauses between them make two hills. Where no valley stands out the usual gap stays.
    Emptiness has two measures. Among all pauses, few are near: so the valley of a slow system shows early. Among those
    that are at least so long, few are near (in survival analysis, the hazard is low): so it shows also where incidents
    begin with a flood, of whose pauses hardly any is long enough to matter.
    """

    def __init__(self) -> None:
        self.gap = GAP_SECONDS
        self._counts: dict[int, float] = {}
        self._added = 0

    def add(self, seconds: float) -> None:
        if seconds < CLEAR:
            return
        step = round(math.log2(seconds) * STEPS)
        self._counts[step] = self._counts.get(step, 0.0) + 1
        self._added = (self._added + 1) % LOOK_EVERY
        if self._added == 0:
            if sum(self._counts.values()) > MAX_COUNT:
                self._counts = {step: count / 2 for step, count in self._counts.items()}
            self.gap = self._valley()

    def _valley(self) -> float:
        usual = math.log2(GAP_SECONDS) * STEPS
        total = sum(self._counts.values()) + FEW
        steps = range(round(math.log2(SHORTEST) * STEPS), round(math.log2(LONGEST) * STEPS) + 1)

        def cost(step: int) -> float:
            near = self._around(step)
            left = near + self._beyond(step) + FEW_LEFT
            hazard = (near + USUAL_LEFT * FEW_LEFT) / left
            return near / total + LEFT * math.log2(hazard) + PULL * abs(step - usual) / STEPS

        return 2 ** (min(steps, key=cost) / STEPS)

    def _around(self, middle: int) -> float:
        """Pauses within an octave to either side, those nearest weighing most."""
        near = range(middle - STEPS + 1, middle + STEPS)
        return sum(self._counts.get(step, 0.0) * (1 - abs(step - middle) / STEPS) for step in near)

    def _beyond(self, middle: int) -> float:
        """Pauses that are longer by half an octave and more."""
        return sum(count for step, count in self._counts.items() if step >= middle + STEPS // 2)
