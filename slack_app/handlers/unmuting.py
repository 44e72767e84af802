"""What came while a place was muted is told when the mute is over: nobody has heard of it until then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from agent.incident_changes import SEVERITIES
from agent.living import state_of
from agent.models import Incident, SlackPlace
from slack_app.handlers.desk import Desk
from slack_app.handlers.open_incidents import OPEN
from slack_app.handlers.places import is_muted, where
from slack_app.handlers.redraws import ask_analysis, ask_redraw

AT_ONCE = 100
"""Of each status; the sweeps find the others."""


async def tell_of_a_place(place: SlackPlace, desk: Desk) -> str:
    """Ask for the messages of what still fires in a channel, or a thread, that is muted no more; how much it is.

    `2 incidents came meanwhile and go on (1 critical, 1 error).`, or "".
    """
    untold = [incident for incident in await _untold(desk) if await _is_there(incident, place, desk)]
    await _tell(untold, desk)
    if not untold:
        return ""
    counts = Counter(incident.severity for incident in untold)
    kinds = ", ".join(f"{counts[severity]} {severity.value}" for severity in SEVERITIES if counts[severity])
    one = len(untold) == 1
    return f"{len(untold)} incident{'' if one else 's'} came meanwhile and {'goes' if one else 'go'} on ({kinds})."


async def tell_what_was_muted(before: datetime, desk: Desk) -> None:
    """Wherever a mute has ended by itself: what came before that time, and has had its chance to be told."""
    await _tell([incident for incident in await _untold(desk) if incident.updated_at < before], desk)


async def _untold(desk: Desk) -> Sequence[Incident]:
    """What fires, is to be told, has no message yet, and is muted nowhere."""
    found = [incident for status in OPEN for incident in await desk.app.deps.incidents.by_status(status, AT_ONCE)]
    without = [incident for incident in found if not incident.summary_ts and state_of(incident) != "quiet"]
    return [incident for incident in without if not await is_muted(incident, desk)]


async def _is_there(incident: Incident, place: SlackPlace, desk: Desk) -> bool:
    told_in, _ = await where(incident, desk)
    if told_in is None or told_in.channel != place.channel:
        return False
    return place.thread_ts in ("", told_in.thread_ts)


async def _tell(incidents: Sequence[Incident], desk: Desk) -> None:
    """Asked once for what has not changed since: what was asked for during the mute was taken for done."""
    deps = desk.app.deps
    for incident in incidents:
        await ask_redraw(deps, incident.id)
        if incident.decision is None or incident.decision.treatment == "analyse":
            unique = f"unmuted:{incident.updated_at.timestamp():.0f}"
            await ask_analysis(deps, incident.id, "new", unique=unique)
