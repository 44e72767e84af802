"""Where an incident is told, and what becomes of it when it cannot be told there: it is never dropped without a word.

Slack refuses a channel that Watchkeeper is not in, that is archived, or that it does not know. Watchkeeper joins what
it may join; else the incident moves to another alert channel, and its message says where it was meant to be.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta

import aiohttp
from slack_sdk.errors import SlackApiError

from agent.models import AuditEntry, Incident, IncidentStatus, SlackPlace, TimelineEvent
from slack_app.handlers.desk import Desk

log = logging.getLogger(__name__)
NOT_THERE = {
    "not_in_channel": "I am not in it (`/invite @watchkeeper` there)",
    "channel_not_found": "Slack does not show it to me (`/invite @watchkeeper` there)",
    "is_archived": "it is archived",
    "restricted_action": "only some people may post in it",
}
"""What Slack says of a channel that cannot be written to, in words for people."""
DELETED = "message_not_found"
AGAIN_SECONDS = 1.0
UNTOLD_SECONDS, UNTOLD_FOR = 300.0, timedelta(days=1)
"""Somebody may invite it meanwhile."""
WEEK_SECONDS = 7 * 86_400.0


async def where(incident: Incident, desk: Desk) -> tuple[SlackPlace | None, list[TimelineEvent]]:
    """The thread of the alert's post; without one the channel that a rule named, else the first that Slack lists.

    With what is to be said of it when it is not where it was meant to be.
    """
    known = incident.place
    if known is not None and known.thread_ts:
        return known, []
    meant = next((name for name in _meant(incident) if name), "")
    async for name, channel in _channels(incident, desk):
        place = SlackPlace(team=await desk.messenger.team_id(), channel=channel, thread_ts="")
        moved = meant and name != meant and not _has_moved(incident)
        return place, [_moved(meant, "channel_not_found", desk)] if moved else []
    return None, []


async def is_muted(incident: Incident, desk: Desk) -> bool:
    """Whether somebody wants quiet where it is told, or would be told."""
    place = incident.place
    if place is None or not place.thread_ts:
        place = None
        with suppress(SlackApiError, aiohttp.ClientError, OSError, TimeoutError):  # work does not wait for Slack
            place, _ = await where(incident, desk)
    return place is not None and await desk.app.deps.mutes.active(place.channel, place.thread_ts) is not None


async def elsewhere(incident: Incident, place: SlackPlace, error: SlackApiError, desk: Desk) -> float:
    """Seconds until it is to be drawn again, somewhere; raises the error when another place would not help."""
    why = str(error.response.get("error"))
    if why == DELETED and incident.summary_ts:
        return await _posted_anew(incident, desk)
    if why not in NOT_THERE:
        raise error
    if why == "not_in_channel" and await joined(place.channel, desk):
        return AGAIN_SECONDS
    async for _, channel in _channels(incident, desk):
        if channel != place.channel and not _has_moved(incident):
            there = SlackPlace(team=place.team, channel=channel, thread_ts="")
            await _move(incident, there, [_moved(place.channel, why, desk)], desk)
            return AGAIN_SECONDS
    return await untold(incident, f"{place.channel}: {why}", desk)


async def joined(channel: str, desk: Desk) -> bool:
    """Whether Slack let Watchkeeper in. Private channels do so only by invitation."""
    try:
        await desk.messenger.client.conversations_join(channel=channel)
    except SlackApiError as error:
        log.warning("channel %s cannot be joined: %s", channel, error.response.get("error"))
        return False
    await _audit(desk, "channel.joined", channel, "")
    return True


async def untold(incident: Incident, why: str, desk: Desk) -> float:
    """There is no channel for it now. It is tried again for a day, for somebody may make one or let Watchkeeper in."""
    deps = desk.app.deps
    log.error("incident %s is not told: there is no channel that it could go to (%s)", incident.id, why)
    if await deps.ledger.claim(f"untold:{incident.id}", WEEK_SECONDS):
        await _audit(desk, "incident.untold", incident.id, why)
    over = incident.status is IncidentStatus.resolved or deps.clock() - incident.created_at > UNTOLD_FOR
    return 0.0 if over else UNTOLD_SECONDS


async def _posted_anew(incident: Incident, desk: Desk) -> float:
    """Somebody deleted its message: it is posted once more, and if that is deleted, too, they mean it."""
    if not await desk.app.deps.ledger.claim(f"reposting:{incident.id}", WEEK_SECONDS):
        log.warning("the message of incident %s was deleted again and stays so", incident.id)
        return 0.0
    place = incident.place
    if place is not None and place.thread_ts == incident.summary_ts:  # it was no reply
        place = place.model_copy(update={"thread_ts": ""})
    await _move(incident, place, [], desk)
    return AGAIN_SECONDS


async def _move(incident: Incident, place: SlackPlace | None, said: list[TimelineEvent], desk: Desk) -> None:
    def change(current: Incident) -> Incident:
        timeline = (*current.timeline, *said)
        fields = {"place": place, "summary_ts": "", "shown": "", "timeline": timeline}
        return current.model_copy(update=fields)

    await desk.app.deps.incidents.change(incident.id, change)
    channel = place.channel if place else ""
    await _audit(desk, "incident.moved", incident.id, "; ".join([channel, *(event.text for event in said)]))


def _meant(incident: Incident) -> tuple[str, str]:
    known, decision = incident.place, incident.decision
    return known.channel if known else "", decision.channel if decision else ""


async def _channels(incident: Incident, desk: Desk) -> AsyncGenerator[tuple[str, str]]:
    """Names and ids of the channels it could go to, the best first."""
    for name in dict.fromkeys([*_meant(incident), *desk.app.deps.settings.alert_channels]):
        if name and (channel := await desk.messenger.channel_id(name)):
            yield name, channel


def _has_moved(incident: Incident) -> bool:
    return any(event.kind == "moved" for event in incident.timeline)


def _moved(channel: str, why: str, desk: Desk) -> TimelineEvent:
    name = channel.lstrip("#")
    return TimelineEvent(at=desk.app.deps.clock(), kind="moved", text=f"Meant for #{name}, but {NOT_THERE[why]}")


async def _audit(desk: Desk, event: str, subject: str, detail: str) -> None:
    said = {"why": detail[:300]} if detail else {}
    await desk.app.deps.audit.append(
        AuditEntry(at=desk.app.deps.clock(), actor="watchkeeper", event=event, subject=subject, detail=said)
    )
