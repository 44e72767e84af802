"""A person's decision about a card: approve, reject, edit or a dry run, from Slack or from the command line.

The job says what was clicked, by whom, and where; everything else is looked up (`graphs.remediation_consent`). What
does not count is told to that person alone, and to the audit trail.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from agent.errors import StoreUnavailable
from agent.models import Job
from agent.redaction.plain import redact_plain
from agent.safety.approving import Click, Refusal
from graphs.remediation_consent import Asked, Consent
from graphs.remediation_reviews import Reviews, reviewers
from slack_app.blocks.approval import (
    APPROVE,
    BREAK_GLASS,
    DRY_RUN,
    EDIT,
    NOT_OPENED,
    OPEN_EDIT,
    REJECT,
    REVIEW,
    preview_text,
)
from slack_app.blocks.approval_views import edit_view, read_parameters
from slack_app.blocks.text import escape
from slack_app.blocks.views import notice_view
from slack_app.handlers.broken_glass import take_review, tell_of_broken_glass
from slack_app.handlers.cards import title_of
from slack_app.handlers.deciders import decider
from slack_app.handlers.desk import Desk, nicely, place_of
from slack_app.handlers.remediation_jobs import ask_to_go_on
from slack_app.handlers.remediations import go_on, its_turn
from slack_app.intake import slack_time
from tools.actions.catalog import actions

log = logging.getLogger(__name__)
DECISIONS = (APPROVE, REJECT, EDIT, BREAK_GLASS)
CLI = "cli"
NOT_HERE = "Nothing can be changed from here."
NO_STORE = "Nothing was done: {why} Press again when that is mended."
KEPT = "Nothing was done yet: {why} Your click is kept, and judged when that is mended, unless the card expires before."
LATE = Refusal("late", "Slack took too long to open the window; please press the button again.")
NO_BUTTON = Refusal("input", "No card has such a button, so that nothing was done.")
ANSWER_SECONDS = 3600.0


async def handle_approval(job: Job, desk: Desk) -> None:
    """`approval`, `action`, `user`, `at` (Slack's clock), where it was clicked; `reason`, `typed` or `view_id`."""
    remediator = desk.app.remediator
    if remediator is None:
        await _answer(job, desk, NOT_HERE)
        return
    consent = Consent(remediator)
    try:
        asked = await consent.find(str(job.payload["approval"]))
    except StoreUnavailable as error:
        if job.attempt > 1:  # it was begun before, and perhaps decided
            raise
        log.warning("a click cannot be judged: %s", error)
        await _tell_of_outage(job, NO_STORE, error, desk)
        return
    try:
        await _handle(job, consent, asked, desk)
    except StoreUnavailable as error:  # perhaps after the decision was written: only the same job again finds out
        if job.attempt == 1:
            await _tell_of_outage(job, KEPT, error, desk)
        raise


async def _tell_of_outage(job: Job, words: str, error: StoreUnavailable, desk: Desk) -> None:
    if job.payload.get("via") != CLI:  # whose answers lie in a store, too
        await _answer(job, desk, words.format(why=escape(str(error))))


async def _handle(job: Job, consent: Consent, asked: Asked | None, desk: Desk) -> None:
    said, approval_id, action = job.payload, str(job.payload["approval"]), job.payload["action"]
    click = await _click(job, desk, asked)
    if action == REVIEW:
        refusal = await take_review(approval_id, click, str(said.get("reason", "")), desk)
        await _answer(job, desk, refusal.sentence if refusal else "")
    elif action not in DECISIONS:
        await _answer(job, desk, await _without_change(job, consent, approval_id, click, desk))
    elif asked is None:
        await _answer(job, desk, await _decide(job, consent, approval_id, click))
        await _unstuck(approval_id, desk)
    else:
        async with its_turn(asked.remediation.id, desk):
            words = await _decide(job, consent, approval_id, click)
            await _answer(job, desk, words)
            if not words:
                await _go_on(asked, desk)
        if words:  # by a job of its own: what was refused and told is not refused and told again
            await ask_to_go_on(desk.app.deps, asked.remediation.id)


async def _go_on(asked: Asked, desk: Desk) -> None:
    """Who is on call hears of a broken glass before anything is done."""
    given = await desk.app.deps.remediations.get(asked.remediation.id)
    if given is not None:
        await tell_of_broken_glass(given, desk)
    await go_on(asked.remediation.id, desk)


async def _unstuck(approval_id: str, desk: Desk) -> None:
    """Perhaps this very click was taken by a worker that died before it went on."""
    if (old := await desk.app.deps.approvals.get(approval_id)) is not None:
        await ask_to_go_on(desk.app.deps, old.remediation_id)


async def _decide(job: Job, consent: Consent, approval_id: str, click: Click) -> str:
    """What to tell who clicked; "" when the card says it."""
    said, reason, at = job.payload, str(job.payload.get("reason", "")), _clicked_at(job)
    if said["action"] == APPROVE:
        refusal = await consent.approve(approval_id, click, at)
    elif said["action"] == REJECT:
        refusal = await consent.reject(approval_id, click, at, reason)
    elif said["action"] == BREAK_GLASS:
        refusal = await consent.break_glass(approval_id, click, at, reason)
    else:
        typed = cast("Mapping[str, str]", said.get("typed") or {})
        refusal = await consent.edit(approval_id, click, read_parameters(typed))
    return _sentence(refusal) if refusal else ""


async def _without_change(job: Job, consent: Consent, approval_id: str, click: Click, desk: Desk) -> str:
    """A dry run, the modal for other parameters, or what no card has."""
    deps, action = desk.app.deps, job.payload["action"]
    if action == DRY_RUN:
        looked = await consent.look(approval_id, click)
        if isinstance(looked, Refusal):
            return _sentence(looked)
        return preview_text(title_of(looked, deps), looked.preview) if looked.preview else ""
    if action != OPEN_EDIT:
        why = LATE if action == NOT_OPENED else NO_BUTTON
        return _sentence(await consent.refuse(approval_id, click, why))
    asked = await consent.may_edit(approval_id, click)
    if isinstance(asked, Refusal):
        await _show_view(job, desk, notice_view("Not possible", asked.sentence))
        return _sentence(asked)
    kind = actions(deps.settings)[asked.step.action.type]
    where = json.dumps({name: job.payload[name] for name in ("approval", "channel", "thread_ts", "message_ts")})
    view = edit_view(where, title_of(asked.step, deps), kind.parameters, asked.step.action.parameters)
    await _show_view(job, desk, view)
    return ""


def _sentence(refusal: Refusal) -> str:
    """What somebody typed may stand in it."""
    return escape(refusal.sentence) if refusal.why == "input" else refusal.sentence


async def _show_view(job: Job, desk: Desk, view: dict[str, Any]) -> None:
    if view_id := str(job.payload.get("view_id", "")):
        await nicely(desk.messenger.client.views_update(view_id=view_id, view=redact_plain(view)))


async def _click(job: Job, desk: Desk, asked: Asked | None) -> Click:
    """Who, from where, and in which of the user groups that matter: asked of Slack now."""
    said, deps, user = job.payload, desk.app.deps, str(job.payload["user"])
    names = {*(asked.approval.approvers if asked else ()), *reviewers(deps)}
    team = await _team(said, asked, desk)
    who = await decider(user, names, desk.messenger.client, team, str(said.get("user_team", "")))
    by_command = said.get("via") == CLI
    return Click(
        by=user,
        at=deps.clock(),
        groups=who.groups,
        unsaid=who.unsaid,
        doubt=who.doubt,
        via="cli" if by_command else "slack",
        place=None if by_command else place_of(job),
        message_ts="" if by_command else str(said.get("message_ts", "")),
    )


async def _team(said: Mapping[str, Any], asked: Asked | None, desk: Desk) -> str:
    """Of the card, or of the post that asks for a review; "" where there is neither."""
    place = asked.approval.place if asked else None
    if place is None and said["action"] == REVIEW:
        review = await Reviews(desk.app.deps).get(str(said["approval"]))
        place = review.place if review else None
    return place.team if place else ""


def _clicked_at(job: Job) -> datetime:
    """On Slack's clock; what is no such time is as old as its job, which is the same however often it is done."""
    try:
        return slack_time(str(job.payload["at"]))
    except (ValueError, OverflowError, OSError):
        return job.created_at


async def _answer(job: Job, desk: Desk, words: str) -> None:
    """To who clicked; for the command line it is left where that looks."""
    if job.payload.get("via") == CLI:
        await desk.app.deps.state.put(answer_key(job.id), {"said": words}, ANSWER_SECONDS)
    elif words:
        await desk.whisper(place_of(job), str(job.payload["user"]), words)


def answer_key(job_id: str) -> str:
    return f"approval:answer:{job_id}"
