"""What an incident's message needs beside the incident: its alerts, counted, and their history."""

from __future__ import annotations

from datetime import timedelta

from agent.alert_rules.flapping import flapping
from agent.alert_rules.recurrence import recurrence
from agent.living import Seen
from agent.models import Incident
from agent.ports import Deps

MAX_SIGHTINGS = 50
MAX_IN_A_STORM = 500
"""A storm's alerts are counted by where they come from."""
HANDFUL = timedelta(minutes=5)
"""Its own window opened with it, or a moment later."""


async def look(deps: Deps, incident: Incident) -> Seen:
    """`Seen`: for what is drawn, and for whether to analyse it."""
    now, zone = deps.clock(), deps.settings.digest_zone
    tally = await deps.ledger.tally(incident.id)
    sightings = await deps.ledger.of_incident(incident.id, MAX_IN_A_STORM if incident.storm else MAX_SIGHTINGS)
    earlier = await deps.incidents.get(incident.same_as) if incident.same_as else None
    flap = next((flap for s in sightings if (flap := flapping(s.flips, now))), None)
    words = [flap.words(zone) if flap else "", await _rhythm(incident, deps)]
    return Seen(tally, sightings, earlier, " · ".join(word for word in words if word), flap is not None)


async def _rhythm(incident: Incident, deps: Deps) -> str:
    """How often its first alert came back over the days, this time included. A storm has no rhythm."""
    if incident.storm or not incident.alerts:
        return ""
    episodes = await deps.ledger.earlier(incident.alerts[0].fingerprint)
    times = [episode.at for episode in episodes if episode.at <= incident.created_at + HANDFUL]
    return recurrence(times, incident.created_at, deps.settings.digest_zone)
