"""An incident while alerts still join it."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import Any

from agent.correlation.features import Features
from agent.correlation.kinship import Kinship

MAX_FINGERPRINTS, MAX_THINGS, MAX_TITLES = 512, 64, 8


@dataclass(slots=True, eq=False)
class Window:
    """Times are seconds since 1970. Whatever grows is bounded: the least recent goes first."""

    key: str
    opened: float
    last: float
    closed: bool = False
    """Somebody said that it is over: what comes now is another incident."""
    storm: bool = False
    peak: int = 0
    """The most alerts that came within the time of a storm."""
    told: str = ""
    """Why its alerts belong together, as said before it was restored."""
    longest: float = 0.0
    """The longest pause between two of its alerts."""
    joined: Counter[tuple[Kinship, str]] = field(default_factory=Counter[tuple[Kinship, str]])
    """How its alerts were related to it when they joined, in words for people."""
    fingerprints: OrderedDict[str, float] = field(default_factory=OrderedDict[str, float])
    things: OrderedDict[str, float] = field(default_factory=OrderedDict[str, float])
    resources: OrderedDict[str, float] = field(default_factory=OrderedDict[str, float])
    titles: OrderedDict[frozenset[str], float] = field(default_factory=OrderedDict[frozenset[str], float])

    def add(self, at: float, seen: Features) -> None:
        if at > self.last:
            self.longest, self.last = max(self.longest, at - self.last), at
        self.opened = min(self.opened, at)
        again = seen.fingerprint in self.fingerprints
        _note(self.fingerprints, seen.fingerprint, at, MAX_FINGERPRINTS)
        if not again:
            _note(self.resources, seen.resource, at, MAX_THINGS)
        _note(self.things, seen.thing, at, MAX_THINGS)
        _note(self.titles, seen.words, at, MAX_TITLES)

    def pause(self, at: float) -> float:
        """Seconds between it and an alert: since its last, or, of one that comes late, until its first."""
        return max(at - self.last, self.opened - at, 0.0)

    def likeness(self, weights: dict[str, float]) -> float:
        """From 0 to 1: the weight of an alert's words that one recent title of the window has too, at best."""
        total = sum(weights.values())
        shared = (sum(weights[word] for word in title if word in weights) for title in self.titles)
        return max(shared, default=0.0) / total if total else 0.0

    @property
    def why(self) -> str:
        """In one sentence for people; "" while there is only one alert."""
        if self.storm:
            return f"storm: {self.peak} alerts in 60 s"
        if not self.joined:
            return self.told
        (_, words), _ = max(self.joined.items(), key=lambda item: (item[1], -item[0][0]))
        minutes = math.ceil(self.longest / 60)
        return f"{words} within {f'{minutes} minutes' if minutes > 1 else 'a minute'}"


def _note(seen: OrderedDict[Any, float], name: object, at: float, limit: int) -> None:
    if name:
        seen[name] = max(at, seen.get(name, at))
        seen.move_to_end(name)
        if len(seen) > limit:
            seen.popitem(last=False)
