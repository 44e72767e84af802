"""One thing that is wasted, and the metrics that prove it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from tools.evidence.base import Look
from tools.evidence.metrics.catalog import KeyMetric
from tools.evidence.metrics.reader import Line, fetch

MAX_LISTED = 5000
MAX_MEASURED = 500
"""Resources of one kind whose metrics are read."""

Values = list[float]


@dataclass(frozen=True)
class Waste:
    """`words` says what is wrong with it; `monthly` is USD at list price, None when the price is not known.

    `share` is the part of its cost that is wasted; `certainty` how sure it is that nobody needs it. `several` is how
    many things it stands for, of which `resource` is the largest.
    """

    service: str
    type: str
    resource: str
    reason: str
    words: str
    monthly: float | None
    share: float = 1.0
    certainty: float = 1.0
    several: int = 1
    at_most: bool = False
    """Whether the price is a bound, because AWS does not tell the exact size."""


@dataclass(frozen=True)
class Checked:
    """What one check found among how many resources, and what it could not look at."""

    looked_at: int
    wastes: Sequence[Waste] = ()
    caveat: str = ""


@dataclass(frozen=True)
class Measure:
    """A metric that shows whether a kind of resource is used. A missing point of a Sum is a zero."""

    service: str
    namespace: str
    dimension: str
    metric: str
    statistic: Literal["Sum", "Average", "Maximum"]
    period: timedelta = timedelta(days=1)
    more: Mapping[str, str] = field(default_factory=dict[str, str])

    def of(self, look: Look, names: Sequence[str]) -> dict[str, Values]:
        """The window's values by resource; an empty list for a resource that has no points."""
        key = KeyMetric(
            self.service, self.namespace, (self.dimension,), self.metric, self.statistic, "Count", "both", 0.85
        )
        lines = [Line(key, {self.dimension: name, **self.more}) for name in names]
        series = fetch(look, lines, look.window.start, look.window.end, self.period) if lines else []
        return {name: [value for _, value in points] for name, points in zip(names, series, strict=True)}


def named(entry: Mapping[str, Any], identifier: str) -> str:
    """`vol-1 (data-old)`: an id with its Name tag, if it has one."""
    name = next((tag["Value"] for tag in entry.get("Tags", []) if tag["Key"] == "Name"), "")
    return f"{identifier} ({name})" if name else identifier


def cut(items: Sequence[Any], limit: int, what: str) -> str:
    """Says aloud that a listing stopped at its limit."""
    return f" Only the first {limit:,} {what} were looked at." if len(items) >= limit else ""


def settled(look: Look, made: datetime | None) -> bool:
    """Whether a thing is old enough to be judged by the window."""
    return made is None or made <= look.window.start


def days_of(look: Look) -> int:
    return max(round((look.window.end - look.window.start) / timedelta(days=1)), 1)
