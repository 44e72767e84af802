"""What a process remembers of the incidents that it saw a moment ago, so as not to read one for each repetition."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.incident_changes import is_worse
from agent.living import last_run
from agent.models import Alert, Decision, Incident, Severity, SlackPlace

MAX_KNOWN = 1000
LOOK_SECONDS = 1.0
"""How often an incident is read while its alerts are counted: somebody may have resolved it."""
OVERLOOKED = timedelta(minutes=1)
"""After this an analysis that was wanted would have begun, unless something kept it off or it waits in a queue."""


@dataclass(frozen=True)
class Known:
    """An incident as it was when it was seen."""

    severity: Severity
    decision: Decision | None
    place: SlackPlace | None
    untouched: bool
    """Nobody looked into it, in all the time since it was opened."""
    seen: datetime

    def is_stale(self, alert: Alert, now: datetime) -> bool:
        """Also for an alert that makes it worse, and for a clock that went back."""
        since = (now - self.seen).total_seconds()
        return is_worse(alert.severity, self.severity) or not 0 <= since < LOOK_SECONDS


class IncidentMemory:
    """Of the MAX_KNOWN incidents that were seen last."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Known] = OrderedDict()

    def get(self, incident_id: str) -> Known | None:
        return self._known.get(incident_id)

    def keep(self, incident: Incident, now: datetime) -> None:
        analyse = incident.decision is not None and incident.decision.treatment == "analyse"
        untouched = analyse and incident.diagnosis is None and last_run(incident) is None
        old = now - incident.created_at >= OVERLOOKED
        self._known[incident.id] = Known(incident.severity, incident.decision, incident.place, untouched and old, now)
        self._known.move_to_end(incident.id)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
