"""Incidents with the same cause name each other, so that nobody works at one trouble twice."""

from __future__ import annotations

from agent.living import state_of
from agent.models import Incident, IncidentStatus
from agent.ports import Deps
from agent.same_cause import MAX_OTHERS, REMEMBERED, causes_of, named_with, with_other
from slack_app.blocks.same_cause import Kin
from slack_app.handlers.desk import Desk
from slack_app.handlers.redraws import ask_redraw

UNTOLD = ("quiet", "passed", "waiting")


async def tie(incident: Incident, deps: Deps) -> None:
    """Remember what it names as cause, and let it and the open incidents that named the same say so. Repeatable."""
    if incident.same_as or incident.storm:  # the same alert again says so already; a storm is many troubles
        return
    found = dict[str, None]()
    for name in causes_of(incident):
        at = incident.diagnosed_at or deps.clock()
        kept = await deps.state.change(
            f"cause:{name}",
            lambda known, at=at: with_other(known, incident.id, at),
            REMEMBERED.total_seconds(),
        )
        found |= dict.fromkeys(kept["incidents"])
    for other_id in list(found)[-MAX_OTHERS - 1 :]:
        if other_id != incident.id and other_id not in incident.same_cause:
            await _tie(incident, other_id, deps)


async def _tie(incident: Incident, other_id: str, deps: Deps) -> None:
    other = await deps.incidents.get(other_id)
    if other is None or other.status is IncidentStatus.resolved or state_of(other) in UNTOLD:
        return
    if not set(causes_of(other)) & set(causes_of(incident)):  # it was diagnosed anew meanwhile
        return
    await deps.incidents.change(incident.id, lambda current: named_with(current, other_id))
    await deps.incidents.change(other_id, lambda current: named_with(current, incident.id))
    await ask_redraw(deps, other_id)


async def kin_of(incident: Incident, channel: str, desk: Desk) -> tuple[Kin, ...]:
    """The incidents in `same_cause` that whoever reads this channel may see."""
    found: list[Kin] = []
    for other_id in incident.same_cause:
        other = await desk.app.deps.incidents.get(other_id)
        if other is None or other.place is None or not other.summary_ts:
            continue
        where = other.place.channel
        if where == channel or not await desk.messenger.is_private(where):
            found.append(Kin(other, await desk.messenger.permalink(where, other.summary_ts)))
    return tuple(found)
