"""One system's alerts: its incidents that are still open to new ones, its habits, its rate."""

from __future__ import annotations

from collections.abc import Iterable

from agent.correlation.features import Features
from agent.correlation.habits import Habits
from agent.correlation.kinship import Kinship
from agent.correlation.rate import Rate
from agent.correlation.window import Window

FORGET_SECONDS = 900.0
"""The longest that any alert is waited for."""
MAX_WINDOWS = 64
SIMILAR, RELATED = 0.5, 0.2
"""Shares of an alert's words, by weight, that another title has too."""
NOBODY: frozenset[str] = frozenset()

Candidate = tuple[Window, Kinship]


class Scope:
    """Windows in the order of their last alerts. Times are seconds since 1970."""

    def __init__(self) -> None:
        self.windows: list[Window] = []
        self.habits = Habits()
        self.rate = Rate()
        self.storm: Window | None = None
        self._now = 0.0
        self._heard: float | None = None

    def forget(self, now: float) -> list[Window]:
        """Takes out the windows that no alert can join any more."""
        self._now = max(now, self._now)
        gone: list[Window] = []
        while self.windows and (len(self.windows) > MAX_WINDOWS or self.windows[0].last < self._now - FORGET_SECONDS):
            gone.append(self.windows.pop(0))
        return gone

    def hear(self, at: float, seen: Features) -> None:
        """Learn from an alert's pause and kinship. A storm, in which all comes with all, teaches nothing."""
        before = at if self._heard is None else self._heard
        self._heard = max(at, before)
        self.rate.add(at, seen.fingerprint)
        if self.rate.storm:
            return
        self.habits.pauses.add(at - before)
        if not self.windows:
            return
        latest = self.windows[-1]
        pause = latest.pause(at)
        if seen.fingerprint not in latest.fingerprints and self.habits.tells(pause):
            self.habits.came(self.kinship(latest, seen), pause)

    def kinship(self, window: Window, seen: Features, neighbours: frozenset[str] = NOBODY) -> Kinship:
        """The closest there is; `neighbours` are the things that are declared to depend on this one, or it on them."""
        if seen.fingerprint in window.fingerprints:
            return Kinship.same_alert
        if seen.resource and seen.resource in window.resources:
            return Kinship.same_resource
        if not neighbours.isdisjoint(window.things):
            return Kinship.dependency
        if seen.thing and seen.thing in window.things:
            return Kinship.same_thing
        if seen.thing and self.habits.companions(seen.thing, window.things):
            return Kinship.companions
        likeness = window.likeness(self.habits.weights(seen.words))
        return Kinship.similar if likeness >= SIMILAR else Kinship.related if likeness >= RELATED else Kinship.stranger

    def closest(
        self, seen: Features, at: float, neighbours: frozenset[str], elsewhere: Iterable[Window]
    ) -> Candidate | None:
        """The open incident that it is most closely related to, among equals the one heard of last."""
        again = self._same_alert(seen, at)
        if again:
            return again, Kinship.same_alert
        if self.storm and self.rate.storm and self._waits(self.storm, Kinship.stranger, at):
            return self.storm, Kinship.stranger
        candidates = [(window, self.kinship(window, seen, neighbours)) for window in self.windows if not window.closed]
        for window in elsewhere:
            kin = self.kinship(window, seen, neighbours)
            if kin <= Kinship.dependency and not window.closed:
                candidates.append((window, kin))
        waiting = [(window, kin) for window, kin in candidates if self._waits(window, kin, at)]
        if seen.scoped_by == "sender":
            waiting = [(window, kin) for window, kin in waiting if kin is not Kinship.stranger]
        return min(waiting, key=lambda one: (one[1], one[0].pause(at)), default=None)

    def moved(self, window: Window) -> None:
        """It has a new alert: the last to be forgotten."""
        if self.windows and self.windows[-1] is window:
            return
        if window in self.windows:
            self.windows.remove(window)
            self.windows.append(window)

    def weather(self) -> None:
        """When it storms, the largest incident is the storm's."""
        if not self.rate.storm:
            self.storm = None
            return
        self.storm = self.storm or max(self.windows, key=lambda window: len(window.fingerprints), default=None)
        if self.storm:
            self.storm.storm = True
            self.storm.peak = max(self.storm.peak, self.rate.alerts)

    def _same_alert(self, seen: Features, at: float) -> Window | None:
        """The window that had it last and still waits for it."""
        best: Window | None = None
        for window in reversed(self.windows):
            had = window.fingerprints.get(seen.fingerprint)
            if had is not None and not window.closed and (best is None or had > best.fingerprints[seen.fingerprint]):
                best = window if self._waits(window, Kinship.same_alert, at) else best
        return best

    def _waits(self, window: Window, kin: Kinship, at: float) -> bool:
        return window.pause(at) <= self.habits.pauses.gap * self.habits.factor(kin)
