"""Whether an incident is over, by what its alerts said last."""

from __future__ import annotations

from datetime import datetime

from agent import incident_changes
from agent.models import Alert, AlertStatus, Incident
from agent.ports import Deps, Sighting

EVER = 30 * 86_400.0
"""Seconds: longer than any window is kept."""


async def reconcile(deps: Deps, sighting: Sighting, alert: Alert) -> None:
    """Resolve the incident when none of its alerts fires, or open it again; looks twice, for others count too.

    `alert`: what was just counted as `sighting`. It opens the incident again when it fired now, or when it comes again
    after a crash, which may have come before that was done. Else what still fires may have been firing when somebody
    resolved the incident.
    """
    firing, ours, title = -1, False, sighting.alert.title
    while (found := await _firing(deps, sighting)) != firing:
        firing, now = found, deps.clock()
        if firing and not (ours or sighting.fired or sighting.repeated):
            return
        opens = ours or sighting.fired

        def turned(incident: Incident, firing: int = firing, opens: bool = opens, now: datetime = now) -> Incident:
            if firing and not opens and _was_closed_since(incident, alert):
                return incident
            return incident_changes.turned(incident, firing, title, now)

        await deps.incidents.change(sighting.incident_id, turned)
        ours = ours or not firing  # what we resolve we may open again, should something have fired meanwhile


def _was_closed_since(incident: Incident, alert: Alert) -> bool:
    """Whether a person or a change that helped resolved it, and this did not fire after that."""
    closed = incident.ownership.closed
    if closed is None:
        return False
    return alert.status is AlertStatus.resolved or alert.received_at is None or alert.received_at <= closed.at


async def _firing(deps: Deps, sighting: Sighting) -> int:
    """How many of the incident's alerts fire. A tally may lag behind and miss what joined a moment ago.

    So what it says does not fire any more is looked at one by one: the alert in hand, and those that joined last.
    """
    ledger, incident_id = deps.ledger, sighting.incident_id
    if firing := (await ledger.tally(incident_id)).firing:
        return firing
    incident = await deps.incidents.get(incident_id)
    latest = (*incident.latest, *(alert.fingerprint for alert in incident.alerts)) if incident else ()
    seen = [await ledger.open(each, EVER) for each in dict.fromkeys((sighting.alert.fingerprint, *latest))]
    mine = [each for each in seen if each is not None and each.incident_id == incident_id]
    return sum(each.status is AlertStatus.firing for each in mine)
