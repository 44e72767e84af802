"""A sentence in an incident's thread about what could not be done elsewhere: said once, never in the way of work."""

from __future__ import annotations

import logging
from contextlib import suppress

import aiohttp
from slack_sdk.errors import SlackApiError

from agent.errors import WatchkeeperError
from agent.models import Incident, SlackPlace, digest
from slack_app.blocks.text import escape
from slack_app.channel_budget import EDIT
from slack_app.handlers.desk import Desk

log = logging.getLogger(__name__)
HOUR_SECONDS = 3600.0


async def remark(incident: Incident, desk: Desk, text: str) -> None:
    """The same words are said once an incident, and in a channel once an hour: a token that was revoked is one remark.

    Whoever cannot be told now, as in a muted place or a busy channel, is not told; the log and the audit trail are.
    """
    log.warning("incident %s: %s", incident.id, text)
    place = incident.place
    if place is None or not place.thread_ts:
        return
    with suppress(SlackApiError, aiohttp.ClientError, OSError, TimeoutError, WatchkeeperError):
        if await _may_be_said(incident, place, digest(text), desk):
            await desk.messenger.post(place, escape(text))


async def _may_be_said(incident: Incident, place: SlackPlace, words: str, desk: Desk) -> bool:
    ledger, budget = desk.app.deps.ledger, desk.budget
    if await desk.app.deps.mutes.active(place.channel, place.thread_ts) or await budget.room(place.channel, EDIT):
        return False
    return (
        await ledger.claim(f"remark:{incident.id}:{words}")
        and await ledger.claim(f"remark:{place.channel}:{words}", HOUR_SECONDS)
        and not await budget.take(place.channel, EDIT)
    )
