"""A person's decision about a card: approve, reject, edit or a dry run, from Slack or from the command line.

The job says what was clicked, by whom, and where; everything else is looked up (`graphs.remediation_consent`). What
does not count is told to that person alone, and to the audit trail.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from agent.errors import InputError
from agent.models import Job
from agent.ports import Deps
from agent.redaction.plain import redact_plain
from agent.safety.approving import Click, Refusal
from agent.safety.policy import policy_of
from graphs.remediation_consent import Asked, Consent
from slack_app.blocks.approval import APPROVE, BREAK_GLASS, DRY_RUN, EDIT, REJECT, preview_text
from slack_app.blocks.approval_views import edit_view, read_parameters
from slack_app.blocks.text import escape
from slack_app.blocks.views import notice_view
from slack_app.handlers.cards import title_of
from slack_app.handlers.desk import Desk, nicely, place_of
from slack_app.handlers.remediation_endings import tell_of_broken_glass
from slack_app.handlers.remediations import ask_to_go_on, go_on, its_turn
from slack_app.intake import slack_time
from tools.actions.catalog import actions

DECISIONS = (APPROVE, REJECT, EDIT, BREAK_GLASS)
CLI = "cli"
NOT_HERE = "Nothing can be changed from here."
ANSWER_SECONDS = 3600.0


async def handle_approval(job: Job, desk: Desk) -> None:
    """`approval`, `action`, `user`, `at` (Slack's clock), where it was clicked; `reason`, `typed` or `view_id`."""
    said, remediator = job.payload, desk.app.remediator
    if remediator is None:
        await _answer(job, desk, NOT_HERE)
        return
    consent, approval_id = Consent(remediator), str(said["approval"])
    asked = await consent.find(approval_id)
    click = await _click(job, desk, asked)
    if asked is None or said["action"] not in DECISIONS:
        await _answer(job, desk, await _without_change(job, consent, approval_id, click, desk))
        await _unstuck(approval_id, asked, desk)
        return
    async with its_turn(asked.remediation.id, desk):
        words = await _decide(job, consent, approval_id, click)
        await _answer(job, desk, words)
        if said["action"] == BREAK_GLASS and not words:
            await tell_of_broken_glass(asked.remediation, str(said["user"]), str(said.get("reason", "")), desk)
        await go_on(asked.remediation.id, desk)


async def _unstuck(approval_id: str, asked: Asked | None, desk: Desk) -> None:
    """Perhaps this very click was taken by a worker that died before it went on."""
    old = await desk.app.deps.approvals.get(approval_id) if asked is None else None
    if old is not None:
        await ask_to_go_on(desk.app.deps, old.remediation_id)


async def _decide(job: Job, consent: Consent, approval_id: str, click: Click) -> str:
    """What to tell who clicked; "" when the card says it."""
    said, at = job.payload, slack_time(str(job.payload["at"]))
    try:
        if said["action"] == APPROVE:
            refusal = await consent.approve(approval_id, click, at)
        elif said["action"] == REJECT:
            refusal = await consent.reject(approval_id, click, at, str(said.get("reason", "")))
        elif said["action"] == BREAK_GLASS:
            refusal = await consent.break_glass(approval_id, click, at, str(said.get("reason", "")))
        else:
            typed = cast("Mapping[str, str]", said.get("typed") or {})
            refusal = await consent.edit(approval_id, click, read_parameters(typed))
    except InputError as error:
        return escape(str(error))
    return refusal.sentence if refusal else ""


async def _without_change(job: Job, consent: Consent, approval_id: str, click: Click, desk: Desk) -> str:
    """A dry run, the modal for other parameters, or a click on a card that nobody waits for any more."""
    deps = desk.app.deps
    if job.payload["action"] == DRY_RUN:
        looked = await consent.look(approval_id, click)
        if isinstance(looked, Refusal):
            return looked.sentence
        return preview_text(title_of(looked, deps), looked.preview) if looked.preview else ""
    asked = await consent.may_edit(approval_id, click)  # audits and refuses what is unknown, too
    if isinstance(asked, Refusal):
        await _show_view(job, desk, notice_view("Not possible", asked.sentence))
        return asked.sentence
    kind = actions(deps.settings)[asked.step.action.type]
    where = json.dumps({name: job.payload[name] for name in ("approval", "channel", "thread_ts", "message_ts")})
    view = edit_view(where, title_of(asked.step, deps), kind.parameters, asked.step.action.parameters)
    await _show_view(job, desk, view)
    return ""


async def _show_view(job: Job, desk: Desk, view: dict[str, Any]) -> None:
    if view_id := str(job.payload.get("view_id", "")):
        await nicely(desk.messenger.client.views_update(view_id=view_id, view=redact_plain(view)))


async def _click(job: Job, desk: Desk, asked: Asked | None) -> Click:
    """Who, from where, and in which of the user groups that matter: asked of Slack now."""
    said, now = job.payload, desk.app.deps.clock()
    user = str(said["user"])
    named = approvers_of(desk.app.deps) | set(policy_of(desk.app.deps.settings).document.break_glass.who)
    names = {*(asked.approval.approvers if asked else ()), *named}
    groups = await groups_of(user, names, desk.messenger.client)
    if said.get("via") == CLI:
        return Click(by=user, at=now, groups=groups, via="cli")
    return Click(by=user, at=now, groups=groups, place=place_of(job), message_ts=str(said["message_ts"]))


def approvers_of(deps: Deps) -> set[str]:
    """Everybody whom the policy names for anything."""
    return {name for grant in policy_of(deps.settings).document.approvers for name in grant.who}


async def groups_of(user: str, names: set[str], client: AsyncWebClient) -> frozenset[str]:
    """Of these user groups those that somebody is in. What Slack does not say is no."""
    found: set[str] = set()
    for group in sorted(name for name in names if name.startswith("S")):
        try:
            reply = await client.usergroups_users_list(usergroup=group)
        except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError):
            continue
        if user in cast("list[str]", reply.get("users") or []):
            found.add(group)
    return frozenset(found)


async def _answer(job: Job, desk: Desk, words: str) -> None:
    """To who clicked; for the command line it is left where that looks."""
    if job.payload.get("via") == CLI:
        await desk.app.deps.state.put(answer_key(job.id), {"said": words}, ANSWER_SECONDS)
    elif words:
        await desk.whisper(place_of(job), str(job.payload["user"]), words)


def answer_key(job_id: str) -> str:
    return f"approval:answer:{job_id}"
