"""How the ledger counts what does not simply belong to an open window: apart, out of order, or after a crash."""

from __future__ import annotations

from agent.alert_order import follows, said
from agent.models import Alert, AlertStatus, IncidentStatus
from agent.ports import Deps, Sighting

APART = "apart:"
"""What is counted but has no incident keeps a window of its own, lest a later alert of its kind have none either."""


async def count_apart(deps: Deps, alert: Alert, event_id: str) -> Sighting:
    """Counted, and put into no incident."""
    apart = alert.model_copy(update={"fingerprint": APART + alert.fingerprint})
    return await deps.ledger.record(apart, "", deps.settings.alert_window_seconds, event_id)


async def hear_what_overtook(deps: Deps, sighting: Sighting) -> None:
    """What said "resolved" before its alert had come in, if it did, is heard now.

    Both write first and then look for the other, so that one of them sees it.
    """
    window, ledger = deps.settings.alert_window_seconds, deps.ledger
    over = await ledger.open(APART + sighting.alert.fingerprint, window)
    if over is None or over.status is AlertStatus.firing:
        return
    now = deps.clock().timestamp()
    if not follows(said(sighting.alert, now), said(over.alert, now), now):
        alert = over.alert.model_copy(update={"fingerprint": sighting.alert.fingerprint})
        await ledger.record(alert, sighting.incident_id, window, over_id(alert))


def over_id(alert: Alert) -> str:
    """An event id for a "resolved" that two may record, so that it counts once."""
    return f"over:{(alert.said_at or alert.received_at or alert.started_at).timestamp()}"


async def unresolved_before(deps: Deps, alert: Alert) -> str:
    """The incident that is still open because this alert fired in it, though its window ended long ago; else ""."""
    for episode in await deps.ledger.earlier(alert.fingerprint, 1):
        incident = await deps.incidents.get(episode.incident_id)
        if incident is not None and incident.status is not IncidentStatus.resolved:
            return incident.id
    return ""
