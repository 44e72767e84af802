"""A monitoring app's post in a Slack channel. Many have an empty `text` and everything in attachments or blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from agent.models import Alert
from agent.sources.generic import from_text

TEXT_KEYS = ("text", "title", "title_link", "pretext", "fallback", "value", "footer", "author_name", "url")
NESTED_KEYS = ("blocks", "attachments", "fields", "elements", "accessory", "text", "title", "rows", "columns")

_MARKUP = re.compile(r":[a-z0-9_+-]+:|[*`]|<[^|>]*\||>")


def matches(payload: Mapping[str, Any]) -> bool:
    return "ts" in payload or "attachments" in payload or "blocks" in payload


def parse(payload: Mapping[str, Any], received: datetime) -> Alert:
    """The post as an alert. It started when the attachment says so, else when it was posted."""
    text = post_text(payload)
    started = _epoch(payload.get("ts")) or received
    for attachment in payload.get("attachments") or ():
        started = min(started, _epoch(attachment.get("ts")) or started)
    title = _title(payload) or next((line for line in text.splitlines() if line.strip()), "Alert without text")
    return from_text(
        str(payload.get("username") or "slack_post"), title, text, started, external_id=str(payload.get("ts", ""))
    )


def post_text(payload: Mapping[str, Any]) -> str:
    """All text of a post, a line for each piece, `Name: value` for fields, without repeats."""
    return "\n".join(dict.fromkeys(line.strip() for line in _lines(payload) if line.strip()))


def _title(payload: Mapping[str, Any]) -> str:
    """What the post is headed with: its text, a header block, or an attachment's title."""
    headers = [
        block.get("text", {}).get("text", "") for block in payload.get("blocks") or () if block.get("type") == "header"
    ]
    attachment = next(iter(payload.get("attachments") or ()), {})
    candidates = [
        *headers,
        payload.get("text"),
        attachment.get("title"),
        attachment.get("pretext"),
        attachment.get("fallback"),
    ]
    first = next((str(text) for text in candidates if text and str(text).strip()), "")
    return _MARKUP.sub("", first.strip().splitlines()[0] if first else "").strip()


def _lines(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list | tuple):
        for item in node:
            yield from _lines(item)
    elif isinstance(node, Mapping):
        if isinstance(node.get("title"), str) and isinstance(node.get("value"), str):
            yield f"{node['title']}: {node['value']}"
            return
        for key in (*TEXT_KEYS, *NESTED_KEYS):
            value = node.get(key)
            if isinstance(value, str) == (key in TEXT_KEYS):
                yield from _lines(value)


def _epoch(value: object) -> datetime | None:
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return datetime.fromtimestamp(seconds, UTC) if seconds > 1e9 else None
