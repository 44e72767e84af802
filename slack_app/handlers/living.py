"""Draws an incident's one message from what is stored, posts it once, and edits it when it would look different.

Nothing here is lost and nothing is done twice: drawing again changes nothing; a message that was posted just before a
crash is found by its mark; what the channel's budget or Slack do not allow now is asked for again, as a new job, so
that waiting costs no attempt.
"""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from agent.living import is_snoozed, last_event, state_of
from agent.models import Incident, Job, Severity, SlackPlace, TimelineEvent, Urgency, digest
from slack_app.blocks.living import living_blocks, living_text
from slack_app.blocks.moments import duration
from slack_app.blocks.parts import Block
from slack_app.channel_budget import EDIT, NORMAL, PERSON, PROGRESS
from slack_app.handlers.desk import Desk
from slack_app.handlers.further_posts import link_post
from slack_app.handlers.held import held
from slack_app.handlers.one_shot import tell
from slack_app.handlers.places import elsewhere, untold, where
from slack_app.handlers.redraws import ask_analysis, ask_redraw
from slack_app.handlers.same_cause import kin_of
from slack_app.handlers.sightings import look
from slack_app.incoming_webhook import WebhookMessenger

log = logging.getLogger(__name__)
LOCK_TRIES, LOCK_POLL_SECONDS = 12, 0.25
"""An edit takes a second or two."""
BUSY_SECONDS = 1.0
SPREAD = 1.25
"""What waits for the same room does not come back for it at the same moment."""
SAID_AFTER = timedelta(minutes=1)
DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class Drawing:
    """What the message is to show."""

    text: str
    blocks: list[Block]

    @property
    def mark(self) -> str:
        return digest(self.text, self.blocks)


async def handle_living(job: Job, desk: Desk) -> None:
    """Draw an incident's message; what the channel's budget does not allow now is asked for again.

    Slack's outages are left to the worker, which puts the job back; the message then says how late it is.
    """
    incident_id = str(job.payload["incident"])
    if "post" in job.payload:
        await link_post(incident_id, job.payload, desk)
        return
    if job.payload.get("wake"):
        await _wake(incident_id, desk)
    if wait := await draw(incident_id, desk, NORMAL, job.created_at if job.attempt > 1 else None):
        spread = random.uniform(1, SPREAD)
        await ask_redraw(desk.app.deps, incident_id, urgency=job.urgency, seconds=wait * spread)


async def redraw(incident_id: str, desk: Desk, share: float = PERSON) -> None:
    """At once if that is possible, else soon. For what people wait for."""
    wait = BUSY_SECONDS
    try:
        wait = await draw(incident_id, desk, share)
    except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
        log.warning("the message of %s could not be drawn (%s)", incident_id, type(error).__name__)
    if wait:
        await ask_redraw(desk.app.deps, incident_id, urgency=Urgency.critical, seconds=wait)


async def draw(incident_id: str, desk: Desk, share: float = NORMAL, wanted: datetime | None = None) -> float:
    """Seconds to wait before trying again; 0.0 when the message shows what is stored.

    `wanted`: since when it could not be drawn.
    """
    deps = desk.app.deps
    async with held(deps, f"living:{incident_id}", LOCK_TRIES, LOCK_POLL_SECONDS) as lease:
        if lease is None:
            return BUSY_SECONDS
        incident = await deps.incidents.get(incident_id)
        if incident is None or state_of(incident) == "quiet":
            return 0.0
        if isinstance(desk.messenger, WebhookMessenger):
            return await tell(incident, desk, desk.messenger)
        place, moved = await where(incident, desk)
        if place is None:
            return await untold(incident, "Slack lists none", desk)
        news = [*moved, *_late(incident, wanted, deps.clock())]
        try:
            return await _show(incident, place, news, desk, _share(incident, share))
        except SlackApiError as error:
            return await elsewhere(incident, place, error, desk)


def _share(incident: Incident, share: float) -> float:
    """What is critical goes first, but not the progress of its analysis; what is new goes before edits."""
    if share != NORMAL:
        return share
    if incident.severity is Severity.critical:
        return PERSON
    return EDIT if incident.summary_ts else NORMAL


async def _show(incident: Incident, place: SlackPlace, news: list[TimelineEvent], desk: Desk, share: float) -> float:
    """The channel's budget is asked before anything is read: in a storm most of what is to be drawn has to wait."""
    deps = desk.app.deps
    wait = await desk.budget.room(place.channel, share)
    if wait and share == PROGRESS:
        return wait
    if not incident.summary_ts and await deps.mutes.active(place.channel, place.thread_ts):
        return 0.0
    if wait:
        return wait
    drawing = await _drawing(_with(incident, news), place.channel, desk)
    if incident.summary_ts:
        return await _edit(incident, place, drawing, news, desk, share)
    return await _post(incident, place, drawing, news, desk, share)


def _late(incident: Incident, wanted: datetime | None, now: datetime) -> list[TimelineEvent]:
    """What to say of an outage: once for all that waited for its end."""
    said = last_event(incident, "late")
    if wanted is None or now - wanted < SAID_AFTER or (said and said.at > wanted):
        return []
    text = f"Slack was not reached for {duration((now - wanted).total_seconds())}"
    return [TimelineEvent(at=now, kind="late", text=text)]


def _with(incident: Incident, events: list[TimelineEvent]) -> Incident:
    return incident.model_copy(update={"timeline": (*incident.timeline, *events)}) if events else incident


async def _drawing(incident: Incident, channel: str, desk: Desk) -> Drawing:
    seen, kin = await look(desk.app.deps, incident), await kin_of(incident, channel, desk)
    blocks = living_blocks(incident, seen, desk.app.deps.clock(), desk.analyses.get(incident.id), kin)
    return Drawing(living_text(incident, seen), blocks)


async def _edit(
    incident: Incident, place: SlackPlace, drawing: Drawing, news: list[TimelineEvent], desk: Desk, share: float
) -> float:
    if drawing.mark == incident.shown:
        return 0.0
    if wait := await desk.budget.take(place.channel, share):
        return wait
    await desk.messenger.edit(place, incident.summary_ts, drawing.text, drawing.blocks)
    await _shown(incident.id, desk, {"shown": drawing.mark}, news)
    return 0.0


async def _post(
    incident: Incident, place: SlackPlace, drawing: Drawing, news: list[TimelineEvent], desk: Desk, share: float
) -> float:
    """Once: only who claims it first posts without looking whether it is there already."""
    messenger = desk.messenger
    if wait := await desk.budget.take(place.channel, share):
        return wait  # before the claim, lest each further attempt had to ask Slack whether it had been posted
    ts = ""
    if not await desk.app.deps.ledger.claim(f"posting:{incident.id}", 7 * DAY_SECONDS):
        ts = await messenger.find_marked(place, incident.id, incident.created_at.timestamp())
    shown = ""
    if not ts:
        ts = await messenger.post_marked(place, incident.id, drawing.text, drawing.blocks)
        shown = drawing.mark
    place = place.model_copy(update={"thread_ts": place.thread_ts or ts})
    await _shown(incident.id, desk, {"place": place, "summary_ts": ts, "shown": shown}, news)
    return 0.0 if shown else BUSY_SECONDS


async def _shown(incident_id: str, desk: Desk, changes: dict[str, Any], news: list[TimelineEvent]) -> None:
    await desk.app.deps.incidents.change(incident_id, lambda incident: _with(incident.model_copy(update=changes), news))


async def _wake(incident_id: str, desk: Desk) -> None:
    """A snooze that is over, or a part of its waiting: SQS delays by 15 minutes at most."""
    deps = desk.app.deps
    incident = await deps.incidents.get(incident_id)
    if incident is None or incident.ownership.snoozed_until is None:
        return
    left = (incident.ownership.snoozed_until - deps.clock()).total_seconds()
    if left > 0 and is_snoozed(incident, deps.clock()):
        await ask_redraw(deps, incident_id, seconds=left, wake=True)
    elif left <= 0:
        await ask_analysis(deps, incident_id, "changed", unique=f"woke:{incident.ownership.snoozed_until.timestamp()}")
