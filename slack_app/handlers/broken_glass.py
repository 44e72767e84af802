"""Breaking the glass calls who is on call, and stays to be reviewed by somebody else."""

from __future__ import annotations

from contextlib import suppress

import aiohttp
from slack_sdk.errors import SlackApiError

from agent.models import Incident, Remediation
from agent.ports import Page
from agent.safety.approving import Click, Refusal
from graphs.remediation_reviews import Reviews, ToReview
from slack_app.blocks.broken_glass import glass_blocks, glass_text, reviewed_blocks
from slack_app.handlers.desk import Desk, nicely
from slack_app.handlers.ownership import on_call
from slack_app.handlers.tickets import ask_page

WEEK_SECONDS = 7 * 86_400.0
BY_GLASS = "break_glass"
"""The policy's rule by which a step was asked then."""


async def tell_of_broken_glass(given: Remediation, desk: Desk) -> None:
    """One post in the thread for each use; tried again whenever the remediation goes on, until Slack takes it."""
    if not any(step.rule == BY_GLASS for step in given.steps):
        return
    deps = desk.app.deps
    incident = await deps.incidents.get(given.incident_id)
    for review in await Reviews(deps).open():
        if incident is None or review.remediation_id != given.id or review.message_ts:
            continue
        words = f"{review.by}: {review.what} {review.reason}"
        await ask_page(deps, incident.id, Page(review.approval_id, "Somebody broke the glass", words))
        with suppress(SlackApiError, aiohttp.ClientError, OSError, TimeoutError):
            await _tell(review, incident, desk)


async def take_review(approval_id: str, click: Click, note: str, desk: Desk) -> Refusal | None:
    """Its post then says who, and loses its button."""
    reviews = Reviews(desk.app.deps)
    reviewed = await reviews.review(approval_id, click, note)
    if isinstance(reviewed, Refusal):
        return reviewed
    if reviewed.place is not None and reviewed.message_ts:
        text = glass_text("", reviewed.by, reviewed.what, reviewed.reason)
        blocks = reviewed_blocks(text, click.by, note)
        await nicely(desk.messenger.edit(reviewed.place, reviewed.message_ts, text, blocks))
    return None


async def _tell(review: ToReview, incident: Incident, desk: Desk) -> None:
    """Only who comes second has to look whether it is there already."""
    place, messenger, deps = incident.place, desk.messenger, desk.app.deps
    if place is None:
        return
    mark, ts = f"{review.approval_id}:glass", ""
    if not await deps.ledger.claim(mark, WEEK_SECONDS):
        ts = await messenger.find_marked(place, mark, review.at.timestamp())
    if not ts:
        group = on_call(incident, desk)
        called = await desk.people.mention(group) if group else ""
        text = glass_text(called, review.by, review.what, review.reason)
        ts = await messenger.post_marked(place, mark, text, glass_blocks(text, review.approval_id))
    await Reviews(deps).told(review.approval_id, place, ts)
