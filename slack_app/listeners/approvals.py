"""The buttons of approval cards, and their modals. A button says which approval it is of; all else is looked up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from agent.models import JobKind
from slack_app.blocks.approval import ACTION, APPROVE, BREAK_GLASS, DRY_RUN, EDIT, OPEN_EDIT, REJECT
from slack_app.blocks.approval_views import (
    EDIT_VIEW,
    GLASS_VIEW,
    REJECT_VIEW,
    glass_view,
    reject_view,
    typed_parameters,
    typed_reason,
)
from slack_app.blocks.views import notice_view
from slack_app.intake import Intake
from slack_app.listeners.clicks import clicked, open_view, whisper

LOADING = "One moment: looking up what can be changed…"
TOO_LATE = "Slack took too long to open the window; please press the button again."
MAX_ID_CHARS = 200

Ack = Callable[[], None]


def register(app: App, intake: Intake) -> None:
    @app.action(re.compile(rf"^{ACTION}"))
    def on_approval(ack: Ack, body: dict[str, Any], action: dict[str, Any], client: WebClient) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        ack()
        name, value = str(action.get("action_id", "")), str(action.get("value", ""))[:MAX_ID_CHARS]
        click = {**clicked(body), "approval": value, "at": str(action["action_ts"])}
        if name in (APPROVE, DRY_RUN):
            _enqueue(intake, name, click, str(action["action_ts"]))
        elif name in (REJECT, BREAK_GLASS, EDIT):
            asking = {REJECT: reject_view, BREAK_GLASS: glass_view}.get(name)
            view_id = open_view(client, body, asking(_metadata(click)) if asking else notice_view("Edit", LOADING))
            if not view_id:
                whisper(client, click, TOO_LATE)
            elif name == EDIT:
                _enqueue(intake, OPEN_EDIT, {**click, "view_id": view_id}, view_id)

    @app.view(REJECT_VIEW)
    def on_rejected(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        ack()
        _enqueue(intake, REJECT, {**_submitted(intake, body, view), "reason": typed_reason(_values(view))}, view["id"])

    @app.view(GLASS_VIEW)
    def on_broken(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        ack()
        broken = {**_submitted(intake, body, view), "reason": typed_reason(_values(view))}
        _enqueue(intake, BREAK_GLASS, broken, view["id"])

    @app.view(EDIT_VIEW)
    def on_edited(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        ack()
        _enqueue(intake, EDIT, {**_submitted(intake, body, view), "typed": typed_parameters(_values(view))}, view["id"])


def _enqueue(intake: Intake, action: str, click: dict[str, Any], unique: str) -> None:
    intake.quick(JobKind.approval, f"{action}:{click['user']}:{unique}", {**click, "action": action})


def _metadata(click: dict[str, Any]) -> str:
    """What the modal brings back: which card it was opened from."""
    return json.dumps({name: click[name] for name in ("approval", "channel", "thread_ts", "message_ts")})


def _submitted(intake: Intake, body: dict[str, Any], view: dict[str, Any]) -> dict[str, Any]:
    who = str((body.get("user") or {}).get("id", ""))
    return {**json.loads(view["private_metadata"]), "user": who, "at": f"{intake.clock().timestamp():.6f}"}


def _values(view: dict[str, Any]) -> dict[str, Any]:
    return view["state"]["values"]
