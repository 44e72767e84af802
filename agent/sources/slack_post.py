"""A monitoring app's post in a Slack channel. Many have an empty `text` and everything in attachments or blocks."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from agent.models import Alert
from agent.sources.generic import from_text

CONTENT = ("text", "blocks", "attachments")
"""Where a post keeps what people see; everything beside it is about the post."""
FIRST_KEYS = ("pretext", "title", "title_link", "text", "fields", "fallback", "footer")
TECHNICAL_KEYS = frozenset(
    (
        *("type", "block_id", "action_id", "id", "callback_id", "color", "mrkdwn_in", "short", "ts", "style", "emoji"),
        *("verbatim", "expand", "footer_icon", "author_icon", "thumb_url", "image_width", "image_height"),
        *(
            "app_id",
            "bot_id",
            "app_unfurl_url",
            "is_msg_unfurl",
            "msg_subtype",
            "indent",
            "border",
            "mrkdwn",
            "image_bytes",
        ),
    )
)

_EMOJI = re.compile(r"(?<!\w):[a-z0-9_+'-]+:(?!\w)")
_LABELLED = re.compile(r"<[^|<>]*\|([^<>]*)>")
_COMMAND = re.compile(r"<!\w[^<>]*>")
_BRACKETED = re.compile(r"<([^<>]*)>")
_MILLISECONDS = 1e11


def matches(payload: Mapping[str, Any]) -> bool:
    return "ts" in payload or "attachments" in payload or "blocks" in payload


def parse(payload: Mapping[str, Any], received: datetime) -> Alert:
    """The post as an alert. It started when the attachment says so, else when it was posted."""
    text = post_text(payload)
    started = _epoch(payload.get("ts")) or received
    for attachment in _parts(payload, "attachments"):
        started = min(started, _epoch(attachment.get("ts")) or started)
    title = _title(payload) or next((line for line in text.splitlines() if line.strip()), "Alert without text")
    return from_text(
        str(payload.get("username") or "slack_post"), title, text, started, external_id=str(payload.get("ts", ""))
    )


def post_text(payload: Mapping[str, Any]) -> str:
    """All text of a post, a line for each piece, `Name: value` for fields, without repeats."""
    lines = (html.unescape(line.strip()) for key in CONTENT for line in _lines(payload.get(key)))
    return "\n".join(dict.fromkeys(line for line in lines if line))


def _title(payload: Mapping[str, Any]) -> str:
    """What the post is headed with: a header block, its text, or an attachment's title."""
    headers = [
        block["text"].get("text")
        for block in _parts(payload, "blocks")
        if block.get("type") == "header" and isinstance(block.get("text"), Mapping)
    ]
    attachment = next(iter(_parts(payload, "attachments")), {})
    candidates = [*headers, payload.get("text"), *(attachment.get(key) for key in ("title", "pretext", "fallback"))]
    lines = (_plain(line) for text in candidates if text for line in str(text).splitlines())
    return next((line for line in lines if line), "")


def _parts(payload: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    parts = payload.get(key)
    if not isinstance(parts, list):
        return []
    return [cast("Mapping[str, Any]", part) for part in cast("list[Any]", parts) if isinstance(part, Mapping)]


def _plain(line: str) -> str:
    """A line without emoji, emphasis and Slack's markup."""
    line = _BRACKETED.sub(r"\1", _COMMAND.sub("", _LABELLED.sub(r"\1", _EMOJI.sub("", line))))
    return html.unescape(re.sub(r"[*`]", "", line)).strip()


def _lines(node: Any) -> Iterator[str]:
    if isinstance(node, str | int | float) and not isinstance(node, bool):
        yield str(node)
    elif isinstance(node, list | tuple):
        for item in cast("list[Any]", node):
            yield from _lines(item)
    elif isinstance(node, Mapping):
        parts = cast("Mapping[str, Any]", node)
        if isinstance(parts.get("title"), str) and isinstance(parts.get("value"), str | int | float):
            yield f"{parts['title']}: {parts['value']}"
            return
        for key in dict.fromkeys((*FIRST_KEYS, *parts)):
            if key not in TECHNICAL_KEYS:
                yield from _lines(parts.get(key))


def _epoch(value: object) -> datetime | None:
    """Seconds, or milliseconds as some apps send them, since 1970."""
    try:
        seconds = float(str(value))
        seconds = seconds / 1000 if seconds > _MILLISECONDS else seconds
        return datetime.fromtimestamp(seconds, UTC) if seconds > 1e9 else None
    except (ValueError, OverflowError, OSError):  # the latter two for years that no calendar has
        return None
