"""What is open right now, for `status` and the App Home."""

from __future__ import annotations

import asyncio

from agent.incident_changes import SEVERITIES
from agent.living import state_of
from agent.models import Incident, IncidentStatus
from slack_app.blocks.open_incidents import OpenIncident, OpenIncidents
from slack_app.handlers.desk import Desk

OPEN = tuple(status for status in IncidentStatus if status not in (IncidentStatus.resolved, IncidentStatus.failed))
SHOWN = 10
QUIET = ("quiet", "passed")


async def open_incidents(desk: Desk, here: str = "") -> OpenIncidents:
    """The worst first. Of private channels other than `here` only the number: not everybody is in them."""
    found = await asyncio.gather(*(desk.app.deps.incidents.by_status(status) for status in OPEN))
    told = [i for incidents in found for i in incidents if i.place and i.summary_ts and state_of(i) not in QUIET]
    channels = {incident.place.channel for incident in told if incident.place}
    private = {channel for channel in channels - {here} if await desk.messenger.is_private(channel)}
    visible = [incident for incident in told if incident.place and incident.place.channel not in private]
    visible.sort(key=lambda i: (SEVERITIES.index(i.severity), -i.created_at.timestamp()))
    shown = [await _described(incident, desk) for incident in visible[:SHOWN]]
    return OpenIncidents(shown, len(visible) - len(shown), len(told) - len(visible))


async def _described(incident: Incident, desk: Desk) -> OpenIncident:
    assert incident.place is not None
    return OpenIncident(incident, await desk.messenger.permalink(incident.place.channel, incident.summary_ts))
