"""What an incident's message shows, and whether the incident wants another analysis. Pure: facts and a time in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from agent.incident_changes import SEVERITIES, is_worse
from agent.models import Alert, AlertStatus, Incident, IncidentStatus, Severity, TimelineEvent
from agent.ports import Sighting, Tally

State = Literal["quiet", "passed", "waiting", "analysing", "stopped", "failed", "diagnosed", "resolved"]
RUN_KINDS = ("analysing", "diagnosed", "stopped", "failed")
COOLDOWN = timedelta(minutes=3)
"""At least this long after a diagnosis before alerts that join bring another one; a risen severity does not wait."""
MAX_RELATED = 5


@dataclass(frozen=True)
class Seen:
    """What is known of an incident's alerts beside the incident itself."""

    tally: Tally
    sightings: Sequence[Sighting] = ()
    """Those that fired most often."""
    earlier: Incident | None = None
    """The incident in `same_as`."""
    words: str = ""
    """That it flaps, and in which rhythm it keeps coming back."""
    flapping: bool = False


def state_of(incident: Incident) -> State:
    """`quiet`: nothing is shown; `passed`: one line; `waiting`: an analysis has not begun."""
    run = last_run(incident)
    treatment = incident.decision.treatment if incident.decision else "analyse"
    if treatment in ("digest", "drop") and run is None:
        return "quiet"
    if treatment == "pass" and run is None:
        return "passed"
    if incident.status is IncidentStatus.resolved:
        return "resolved"
    if run is None:
        return "diagnosed" if incident.diagnosis else "waiting"
    return _STATES[run.kind]


_STATES: dict[str, State] = {
    "analysing": "analysing",
    "diagnosed": "diagnosed",
    "stopped": "stopped",
    "failed": "failed",
}


def last_run(incident: Incident) -> TimelineEvent | None:
    """How the newest analysis stands."""
    return last_event(incident, *RUN_KINDS)


def last_event(incident: Incident, *kinds: str) -> TimelineEvent | None:
    return next((event for event in reversed(incident.timeline) if event.kind in kinds), None)


def is_snoozed(incident: Incident, now: datetime) -> bool:
    """Somebody wants no word of it for now. A severity that rose since breaks that."""
    until, snoozed = incident.ownership.snoozed_until, incident.ownership.snoozed
    if until is None or snoozed is None or now >= until:
        return False
    return not worse(incident.severity, incident.snoozed_severity)


def most_telling(incident: Incident, sightings: Sequence[Sighting]) -> list[Alert]:
    """The alerts worth an analysis: firing ones first, then the worst, then the newest."""

    def rank(seen: Sighting) -> tuple[bool, int, float]:
        over = seen.status is not AlertStatus.firing
        return over, SEVERITIES.index(seen.alert.severity), -seen.last_seen.timestamp()

    return [seen.alert for seen in sorted(sightings, key=rank)] or list(incident.alerts)


def needs_analysis(incident: Incident, seen: Seen, now: datetime, window_seconds: float) -> str:
    """Why an analysis is wanted now, in a few words; "" when none is.

    A person's wish (the Analyse button) is not asked here: it is granted anyway.
    """
    treatment = incident.decision.treatment if incident.decision else "analyse"
    if treatment != "analyse" or incident.status is IncidentStatus.resolved or is_snoozed(incident, now):
        return ""
    if incident.diagnosis is None or incident.diagnosed_at is None:
        return "it is new"
    if incident.same_as:
        young = now - incident.diagnosed_at < timedelta(seconds=window_seconds)
        return "" if young else "the earlier diagnosis is to be checked"
    return _changed(incident, seen, incident.diagnosed_at)


def _changed(incident: Incident, seen: Seen, diagnosed_at: datetime) -> str:
    """What is different from when it was diagnosed. Where somebody stopped that, alerts that join change nothing."""
    if worse(incident.severity, incident.diagnosed_severity):
        return f"it became {incident.severity}"
    refired = last_event(incident, "refired", "reopened")
    if refired and refired.at > diagnosed_at and not seen.flapping:
        return "it came back after it was resolved"
    firing = [s for s in seen.sightings if s.status is AlertStatus.firing]
    new = [s.alert.title for s in firing if s.alert.fingerprint not in incident.diagnosed]
    run = last_run(incident)
    if new and not incident.storm and not (run and run.kind == "stopped"):
        return f"{len(new)} more alert{'s' if len(new) > 1 else ''} joined"
    return ""


def wait_before(incident: Incident, now: datetime) -> float:
    """Seconds until another analysis is due: soon after one, what joins is collected."""
    if incident.diagnosed_at is None or incident.same_as or worse(incident.severity, incident.diagnosed_severity):
        return 0.0
    return max(0.0, (incident.diagnosed_at + COOLDOWN - now).total_seconds())


def worse(severity: Severity, than: Severity | None) -> bool:
    return than is not None and is_worse(severity, than)


def began_at(incident: Incident) -> datetime:
    """When it began to fire, or did so again after it had been over."""
    again = last_event(incident, "refired", "reopened")
    return again.at if again else first_fired(incident)


def first_fired(incident: Incident) -> datetime:
    """When the first of its alerts fired, as their senders say."""
    return min([incident.created_at, *(alert.started_at for alert in incident.alerts)])


def ended_at(incident: Incident) -> datetime | None:
    """When it was over; None while it is not."""
    if incident.status is not IncidentStatus.resolved:
        return None
    event = last_event(incident, "resolved")
    return event.at if event else incident.updated_at
