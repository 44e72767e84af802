"""How well alerts were grouped into incidents: B-cubed precision, recall and F1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """All from 0 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall) if self.precision else 0.0


def b_cubed(given: Sequence[Hashable], truth: Sequence[Hashable]) -> Score:
    """Bagga and Baldwin's measure (1998): means over the alerts, so that a large incident weighs as much as it has.

    Of an alert, precision is the share of its group that belongs to its incident; recall is the share of its incident
    that is in its group.
    """
    if len(given) != len(truth) or not given:
        raise ValueError("grouping and truth must be of the same length, and not empty")
    both, groups, incidents = Counter(zip(given, truth, strict=True)), Counter(given), Counter(truth)
    precision = sum(count * count / groups[group] for (group, _), count in both.items())
    recall = sum(count * count / incidents[incident] for (_, incident), count in both.items())
    return Score(precision / len(given), recall / len(given))
