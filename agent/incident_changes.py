"""How an incident changes when alerts come. Each function gives back its argument when there is nothing to change.

A crash may repeat any of them, in whatever order with others' changes, so they look at what the incident says and never
count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agent.alert_rules import louder
from agent.models import (
    MAX_ALERTS,
    Alert,
    Decision,
    Incident,
    IncidentStatus,
    Severity,
    SlackPlace,
    TimelineEvent,
)

SEVERITIES = tuple(Severity)
"""The worst first."""
AT_WORK = (IncidentStatus.awaiting_approval, IncidentStatus.remediating, IncidentStatus.verifying)
"""Somebody acts on these. Whether they are over is for whoever verifies to say."""


@dataclass(frozen=True)
class Grouping:
    """What the correlator says of an incident."""

    id: str
    why: str = ""
    storm: bool = False


def opened(alert: Alert, decision: Decision, place: SlackPlace | None, grouping: Grouping, now: datetime) -> Incident:
    return Incident(
        id=grouping.id,
        title=alert.title,
        severity=alert.severity,
        system=alert.system,
        alerts=(alert,),
        latest=(alert.fingerprint,),
        storm=grouping.storm,
        decision=decision,
        place=place,
        timeline=(TimelineEvent(at=now, kind="opened", text=alert.title),),
        last_alert_at=_heard(alert, now),
        created_at=now,
        updated_at=now,
    )


def joined(incident: Incident, alert: Alert, decision: Decision, grouping: Grouping, now: datetime) -> Incident:
    """One more alert belongs to it: it is as severe as the worst of them, and treated as the most important one."""
    known = any(other.fingerprint == alert.fingerprint for other in incident.alerts)
    fits = not known and len(incident.alerts) < MAX_ALERTS
    worse = is_worse(alert.severity, incident.severity)
    events: list[TimelineEvent] = []
    if fits:
        events.append(TimelineEvent(at=now, kind="joined", text=alert.title))
    if grouping.storm and not incident.storm:
        events.append(TimelineEvent(at=now, kind="storm", text=grouping.why))
    changes = {
        "alerts": (*incident.alerts, alert) if fits else incident.alerts,
        "latest": tuple(dict.fromkeys((*incident.latest, alert.fingerprint)))[-MAX_ALERTS:],
        "severity": alert.severity if worse else incident.severity,
        "title": alert.title if worse else incident.title,
        "decision": louder(incident.decision, decision) if incident.decision else decision,
        "grouped": grouping.why or incident.grouped,
        "storm": incident.storm or grouping.storm,
        "timeline": (*incident.timeline, *events),
        "last_alert_at": _last(incident, alert, now),
    }
    return _changed(incident, changes, now)


def heard_again(incident: Incident, alert: Alert, now: datetime) -> Incident:
    """A known alert came again, perhaps worse than before."""
    last = _last(incident, alert, now)
    severity = alert.severity if is_worse(alert.severity, incident.severity) else incident.severity
    return _changed(incident, {"last_alert_at": last, "severity": severity}, now)


def turned(incident: Incident, firing: int, text: str, now: datetime) -> Incident:
    """Resolved once nothing fires any more, and open again when something does: nobody has silenced or closed that."""
    over = incident.status is IncidentStatus.resolved
    if incident.status in AT_WORK or over == (firing == 0):
        return incident
    status = IncidentStatus.open if firing else IncidentStatus.resolved
    event = TimelineEvent(at=now, kind="refired" if firing else "resolved", text=text)
    changes: dict[str, object] = {"status": status, "timeline": (*incident.timeline, event)}
    if firing:
        cleared: dict[str, None] = dict.fromkeys(("resolved", "remedied", "snoozed", "snoozed_until"))
        changes["ownership"] = incident.ownership.model_copy(update=cleared)
    return _changed(incident, changes, now)


def is_worse(severity: Severity, than: Severity) -> bool:
    return SEVERITIES.index(severity) < SEVERITIES.index(than)


def _heard(alert: Alert, now: datetime) -> datetime:
    """When it came, which may be well before it is processed."""
    return min(alert.received_at or now, now)


def _last(incident: Incident, alert: Alert, now: datetime) -> datetime:
    heard = _heard(alert, now)
    return max(heard, incident.last_alert_at or heard)


def _changed(incident: Incident, changes: Mapping[str, object], now: datetime) -> Incident:
    changed = incident.model_copy(update=changes)
    return incident if changed == incident else changed.model_copy(update={"updated_at": now})
