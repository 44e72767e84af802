"""The buttons of approval cards, and their modals. A button says which approval it is of; all else is looked up.

Whatever comes is taken down as it is, cut to size, and judged by the worker, which refuses and audits what is wrong
with it: a shape that nobody expects is no reason to leave a click unanswered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, cast

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from agent.errors import WatchkeeperError
from agent.models import JobKind, digest
from slack_app.blocks.approval import (
    ACTION,
    APPROVE,
    BREAK_GLASS,
    DRY_RUN,
    EDIT,
    NOT_OPENED,
    OPEN_EDIT,
    REJECT,
    REVIEW,
    UNKNOWN_BUTTON,
)
from slack_app.blocks.approval_views import (
    EDIT_VIEW,
    GLASS_VIEW,
    REASON_BLOCK,
    REJECT_VIEW,
    REVIEW_VIEW,
    glass_view,
    reject_view,
    review_view,
    typed_parameters,
    typed_reason,
)
from slack_app.blocks.views import notice_view
from slack_app.intake import Intake
from slack_app.listeners.clicks import clicked, open_view, text_of, whisper

LOADING = "One moment: looking up what can be changed…"
NOT_KEPT = "Nothing was done, because your click could not be kept: {why} Try again when that is mended."
SUBMITTED = {REJECT_VIEW: REJECT, GLASS_VIEW: BREAK_GLASS, REVIEW_VIEW: REVIEW, EDIT_VIEW: EDIT}
ABOUT = ("approval", "channel", "thread_ts", "message_ts")
"""What a modal brings back: which card it was opened from."""
MAX_CHARS = 200
_SLACK_TIME = re.compile(r"\d{1,12}(\.\d{1,9})?", re.ASCII)

Ack = Callable[..., None]


def register(app: App, intake: Intake) -> None:
    @app.action(re.compile(rf"^{ACTION}"))
    def on_approval(ack: Ack, body: dict[str, Any], action: dict[str, Any], client: WebClient) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        ack()
        click = _click(intake, body, action)
        unique = digest({**click, "at": ""}, body.get("actions"), length=32)
        name = _asked_for(text_of(action, "action_id"), click, body, client)
        try:
            if name:
                _enqueue(intake, name, click, unique)
        except WatchkeeperError as error:
            whisper(client, click, NOT_KEPT.format(why=error))

    for view_id, name in SUBMITTED.items():
        app.view(view_id)(_submission(intake, name))


def _asked_for(name: str, click: dict[str, Any], body: dict[str, Any], client: WebClient) -> str:
    """The job's word for a click; "" when it has opened a modal, and the answer to that is what counts."""
    asking = {REJECT: reject_view, BREAK_GLASS: glass_view, REVIEW: review_view}.get(name)
    if name in (APPROVE, DRY_RUN):
        return name
    if asking is None and name != EDIT:
        return UNKNOWN_BUTTON
    view = asking(json.dumps({part: click[part] for part in ABOUT})) if asking else notice_view("Edit", LOADING)
    try:
        click["view_id"] = open_view(client, body, view)
    except (SlackApiError, OSError):
        click["view_id"] = ""
    if not click["view_id"]:
        return NOT_OPENED
    return "" if asking else OPEN_EDIT


def _submission(intake: Intake, name: str) -> Callable[[Ack, dict[str, Any], dict[str, Any]], None]:
    def on_submitted(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        values = _part(_part(view, "state"), "values")
        said = {"typed": typed_parameters(values)} if name == EDIT else {"reason": typed_reason(values)}
        click = {**_about(view), **_who(body), **said, "at": f"{intake.clock().timestamp():.6f}"}
        try:
            _enqueue(intake, name, click, digest(text_of(view, "id"), view.get("private_metadata"), values, length=32))
        except WatchkeeperError as error:
            block = next((block for block in values if name == EDIT), REASON_BLOCK)
            ack(response_action="errors", errors={block: NOT_KEPT.format(why=error)})
        else:
            ack()

    return on_submitted


def _enqueue(intake: Intake, action: str, click: dict[str, Any], unique: str) -> None:
    """Once, however often the very same is sent."""
    intake.quick(JobKind.approval, f"{action}:{click['user']}:{unique}", {**click, "action": action})


def _click(intake: Intake, body: dict[str, Any], action: dict[str, Any]) -> dict[str, Any]:
    at, where = text_of(action, "action_ts"), {name: text[:MAX_CHARS] for name, text in clicked(body).items()}
    when = at if _SLACK_TIME.fullmatch(at) else f"{intake.clock().timestamp():.6f}"
    return {**where, **_who(body), "approval": text_of(action, "value")[:MAX_CHARS], "at": when}


def _who(body: dict[str, Any]) -> dict[str, str]:
    """The team and the person of Slack's signed envelope, and the team that the person is of."""
    team, user = text_of(_part(body, "team"), "id"), _part(body, "user")
    said = {"team": team, "user": text_of(user, "id"), "user_team": text_of(user, "team_id")}
    return {name: text[:MAX_CHARS] for name, text in said.items()}


def _about(view: dict[str, Any]) -> dict[str, str]:
    try:
        metadata = json.loads(text_of(view, "private_metadata"))
    except (ValueError, RecursionError):
        metadata = None
    return {name: text_of(metadata, name)[:MAX_CHARS] for name in ABOUT}


def _part(whole: Any, name: str) -> dict[str, Any]:
    """A part of a payload; {} for what has another shape."""
    found = cast("dict[str, Any]", whole).get(name) if isinstance(whole, dict) else None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
