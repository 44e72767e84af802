"""Which incident an alert belongs to: decided when it arrives, from what came before, and never revised."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator

from agent.correlation.features import Features, features
from agent.correlation.kinship import SAID, Kinship
from agent.correlation.scope import NOBODY, Scope
from agent.correlation.window import Window
from agent.models import Alert, Incident, digest

MAX_SCOPES, MAX_FEATURES, MAX_HOLDERS = 512, 8192, 4096


class Correlator:
    """Alerts of one system that come near each other and have something in common make one incident.

        correlator = Correlator(dependencies=[("orders-queue", "orders-worker")])
        key = correlator.assign(alert)      # "inc_…": that of an open incident, or a new one
        correlator.why(key)                 # "same function within 2 minutes"

    Systems are kept apart, but for alerts of one resource (by ARN or account) or of a declared dependency. The key of a
    new incident is derived from its first alert: who repeats the work after a crash gets the same.
    """

    def __init__(self, dependencies: Iterable[tuple[str, str]] = ()) -> None:
        self._neighbours: dict[str, frozenset[str]] = {}
        for one, other in dependencies:
            for a, b in ((one.lower(), other.lower()), (other.lower(), one.lower())):
                self._neighbours[a] = self._neighbours.get(a, NOBODY) | {b}
        self._scopes: OrderedDict[str, Scope] = OrderedDict()
        self._features: OrderedDict[tuple[str, str, str], Features] = OrderedDict()
        self._windows: dict[str, Window] = {}
        self._holders: OrderedDict[str, Window] = OrderedDict()

    @classmethod
    def restored(cls, incidents: Iterable[Incident], dependencies: Iterable[tuple[str, str]] = ()) -> Correlator:
        """One that goes on where the one that made these incidents stopped, as far as their alerts tell.

        An incident that a person has resolved, or a change has ended, takes no further alert.
        """
        correlator, known = cls(dependencies), list(incidents)
        alerts = [(alert.started_at, incident.id, alert, incident) for incident in known for alert in incident.alerts]
        for _, _, alert, incident in sorted(alerts, key=lambda one: one[:2]):
            correlator._repeat(alert, incident)
        for incident in known:
            correlator._finish(incident)
        for scope in correlator._scopes.values():
            scope.windows.sort(key=lambda window: window.last)
        return correlator

    def assign(self, alert: Alert) -> str:
        """The key of its incident. Alerts may come slightly out of order."""
        at, seen = alert.started_at.timestamp(), self._seen(alert)
        scope = self._scope(seen.scope, at)
        scope.hear(at, seen)
        neighbours = self._neighbours.get(seen.thing, NOBODY)
        found = scope.closest(seen, at, neighbours, self._elsewhere(scope, seen, neighbours))
        if found is None:
            window = self._open(scope, "inc_" + digest(seen.scope, seen.fingerprint, alert.started_at.isoformat()), at)
        else:
            window, kin = found
            if kin is not Kinship.same_alert:
                window.joined[kin, SAID[kin].format(noun=seen.noun, scope=seen.scoped_by)] += 1
        self._add(scope, window, at, seen)
        scope.weather()
        return window.key

    def why(self, key: str) -> str:
        """Why an incident's alerts belong together, in one sentence; "" while there is only one, or it is forgotten."""
        window = self._windows.get(key)
        return window.why if window else ""

    def storming(self, key: str) -> bool:
        """Whether it is a storm: so many distinct alerts of one system at once that they are counted, not told."""
        window = self._windows.get(key)
        return window is not None and window.storm

    def _seen(self, alert: Alert) -> Features:
        name = (alert.fingerprint, alert.system, alert.title)
        known = self._features.get(name)
        if known is None:
            known = self._features[name] = features(alert)
            if len(self._features) > MAX_FEATURES:
                self._features.popitem(last=False)
        return known

    def _scope(self, name: str, at: float) -> Scope:
        scope = self._scopes.get(name)
        if scope is None:
            scope = self._scopes[name] = Scope()
        self._scopes.move_to_end(name)
        gone = scope.forget(at)
        if len(self._scopes) > MAX_SCOPES:
            gone += self._scopes.popitem(last=False)[1].windows
        for window in gone:
            self._windows.pop(window.key, None)
        return scope

    def _elsewhere(self, scope: Scope, seen: Features, neighbours: frozenset[str]) -> Iterator[Window]:
        """Windows of other systems that have the same resource, or something that this one depends on."""
        for name in (seen.resource, *neighbours):
            window = self._holders.get(name)
            if window is not None and window.key in self._windows and window not in scope.windows:
                yield window

    def _open(self, scope: Scope, key: str, at: float) -> Window:
        window = self._windows[key] = Window(key, at, at)
        scope.windows.append(window)
        return window

    def _add(self, scope: Scope, window: Window, at: float, seen: Features) -> None:
        if seen.thing and seen.thing not in window.things:
            scope.habits.met(seen.thing, window.things)
        if seen.fingerprint not in window.fingerprints:
            scope.habits.read(seen.words)
        window.add(at, seen)
        scope.moved(window)
        for name in (seen.resource, seen.thing if seen.thing in self._neighbours else ""):
            if name:
                self._holders[name] = window
                self._holders.move_to_end(name)
        while len(self._holders) > MAX_HOLDERS:
            self._holders.popitem(last=False)

    def _repeat(self, alert: Alert, incident: Incident) -> None:
        """Take in what was decided before."""
        at, seen = alert.started_at.timestamp(), self._seen(alert)
        scope = self._scope(seen.scope, at)
        scope.hear(at, seen)
        window = self._windows.get(incident.id) or self._open(scope, incident.id, at)
        self._add(scope, window, at, seen)

    def _finish(self, incident: Incident) -> None:
        """What only the incident itself knows; a storm's size is read back from what was said of it."""
        window = self._windows.get(incident.id)
        if window is None:
            return
        window.told, window.storm = incident.grouped, incident.storm
        said = re.search(r"\d+", incident.grouped) if incident.storm else None
        window.peak = int(said.group()) if said else len(incident.alerts)
        window.closed = incident.ownership.closed is not None
        if incident.last_alert_at:
            window.last = max(window.last, incident.last_alert_at.timestamp())
