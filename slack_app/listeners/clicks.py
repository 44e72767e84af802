"""What a click in a message says: where, who, and which answer the button belongs to."""

from __future__ import annotations

from typing import Any, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from slack_app.blocks.ownership import OWNERSHIP_BLOCK

LATE = ("expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id")
"""Slack opens a modal within three seconds of a click, and once."""


def clicked(body: dict[str, Any]) -> dict[str, Any]:
    """The payload of a job for this click."""
    container, message = body.get("container"), body.get("message")
    message_ts = text_of(container, "message_ts") or text_of(message, "ts")
    return {
        "channel": text_of(body.get("channel"), "id") or text_of(container, "channel_id"),
        "thread_ts": text_of(container, "thread_ts") or text_of(message, "thread_ts") or message_ts,
        "message_ts": message_ts,
        "user": text_of(body.get("user"), "id"),
    }


def text_of(part: Any, name: str) -> str:
    """A text of a payload; "" for what has another shape."""
    found = cast("dict[str, Any]", part).get(name) if isinstance(part, dict) else None
    return found if isinstance(found, str) else ""


def owned(action: dict[str, Any]) -> tuple[str, str, str]:
    """Of a click under an incident's message: the incident, the action, and what was chosen in a menu."""
    block_id = str(action.get("block_id", ""))
    incident = block_id.removeprefix(OWNERSHIP_BLOCK) if block_id.startswith(OWNERSHIP_BLOCK) else ""
    option = action.get("selected_option") or {}
    return incident, str(action.get("action_id", "")), str(action.get("selected_user") or option.get("value") or "")


def open_view(client: WebClient, body: dict[str, Any], view: dict[str, Any]) -> str:
    """The id of the modal; "" when Slack says that the click is too long ago."""
    try:
        reply = client.views_open(trigger_id=str(body.get("trigger_id", "")), view=view)
    except SlackApiError as error:
        if error.response.get("error") in LATE:
            return ""
        raise
    return str((reply.get("view") or {}).get("id", ""))


def whisper(client: WebClient, payload: dict[str, Any], text: str) -> None:
    """Tell who clicked, and nobody else."""
    client.chat_postEphemeral(
        channel=payload["channel"], thread_ts=payload["thread_ts"], user=payload["user"], text=text
    )
