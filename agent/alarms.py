"""How an alarm behaves: does it go back and forth, and does the value only graze the threshold? Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

from agent.baseline import Series

FLAPPING_EPISODES = 3
SHORT_SECONDS = 30 * 60
SLIGHT_OVERSHOOT = 0.2


@dataclass(frozen=True)
class Episode:
    """One stay in ALARM; `end` is None while it lasts."""

    start: datetime
    end: datetime | None

    def seconds(self, now: datetime) -> float:
        return ((self.end or now) - self.start).total_seconds()


@dataclass(frozen=True)
class Graze:
    """How a value crosses its threshold. `overshoot` is relative to the threshold, 0.05 being 5% beyond."""

    peak: float
    overshoot: float
    crossings: int
    longest_points: int
    usual_peak: float
    """What the days before reached, the middle one of their extremes."""
    days_crossed: int
    """Days of the baseline on which the threshold was crossed as well."""
    days: int

    @property
    def within_normal(self) -> bool:
        """Other days get as far, or nearly."""
        return self.days > 0 and 2 * self.days_crossed >= self.days

    @property
    def strength(self) -> float:
        """How surely this is a threshold set too near to normal values, rather than trouble."""
        if self.within_normal:
            return 0.92 if self.overshoot <= SLIGHT_OVERSHOOT else 0.75
        return 0.6 if self.overshoot <= SLIGHT_OVERSHOOT and self.days_crossed else 0.3


def episodes(transitions: Sequence[tuple[datetime, str]], first_state: str = "") -> list[Episode]:
    """The stays in ALARM out of (time, new state) pairs, oldest first."""
    found: list[Episode] = []
    started: datetime | None = None
    previous = first_state
    for at, state in sorted(transitions):
        if state == "ALARM" and previous != "ALARM":
            started = at
        elif state != "ALARM" and started is not None:
            found.append(Episode(started, at))
            started = None
        previous = state
    return [*found, Episode(started, None)] if started else found


def is_flapping(stays: Sequence[Episode], now: datetime) -> bool:
    """Fired at least three times, and cleared by itself soon, as a rule."""
    if len(stays) < FLAPPING_EPISODES:
        return False
    return median(stay.seconds(now) for stay in stays) <= SHORT_SECONDS


def graze(points: Series, start: datetime, threshold: float, above: bool) -> Graze | None:
    """How the window from `start` crosses a threshold, against the days before it; None when it does not cross."""
    sign = 1 if above else -1
    recent = [value for at, value in points if at >= start]
    beyond = [sign * value >= sign * threshold for value in recent]
    if not any(beyond):
        return None
    peak = max(recent, key=lambda value: sign * value)
    extremes: dict[date, float] = {}
    for at, value in points:
        if at < start:
            extremes[at.date()] = max(extremes.get(at.date(), sign * value), sign * value)
    return Graze(
        peak=peak,
        overshoot=sign * (peak - threshold) / max(abs(threshold), 1e-9),
        crossings=sum(now and not before for before, now in zip([False, *beyond], beyond, strict=False)),
        longest_points=_longest(beyond),
        usual_peak=sign * median(extremes.values()) if extremes else threshold,
        days_crossed=sum(extreme >= sign * threshold for extreme in extremes.values()),
        days=len(extremes),
    )


def _longest(flags: Sequence[bool]) -> int:
    longest = current = 0
    for flag in flags:
        current = current + 1 if flag else 0
        longest = max(longest, current)
    return longest
