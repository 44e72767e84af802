"""A post in Slack: its text out of blocks and attachments, its title, and the fields that it names."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from agent.sources.fields import at, parts_at, text_at
from agent.sources.moments import moment
from agent.sources.source import Payload

CONTENT = ("text", "blocks", "attachments")
"""Where a post keeps what people see; everything beside it is about the post."""
FIRST_KEYS = ("pretext", "title", "title_link", "text", "fields", "fallback", "footer")
TECHNICAL_KEYS = frozenset(
    (
        *("type", "block_id", "action_id", "id", "callback_id", "color", "mrkdwn_in", "short", "ts", "style", "emoji"),
        *("verbatim", "expand", "footer_icon", "author_icon", "thumb_url", "image_width", "image_height", "app_id"),
        *("bot_id", "app_unfurl_url", "is_msg_unfurl", "msg_subtype", "indent", "border", "mrkdwn", "image_bytes"),
    )
)
ENVELOPE_KEYS = frozenset(
    (
        *("subtype", "user", "username", "icons", "icon_emoji", "icon_url", "bot_profile", "team", "channel", "edited"),
        *("event_ts", "channel_type", "thread_ts", "parent_user_id", "client_msg_id", "metadata", "reactions"),
    )
)
"""What Slack says about a post beside what people see."""
TITLES = ("title", "pretext", "fallback")
MAX_LINE_CHARS = 2000
"""How much of a line a title or a field is read from, and below of how many lines."""
MAX_FIELD_LINES = 1000
NAMES = {
    "severity": ("severity", "priority", "urgency", "level", "alert severity"),
    "status": ("current state", "new state", "status", "state", "alert status", "transition"),
    "region": ("region", "aws region"),
    "account": ("account", "account id", "aws account", "aws account id"),
    "service": ("service", "service name", "impacted service"),
    "metric": ("metric", "metric name"),
    "threshold": ("threshold", "alert threshold"),
    "value": ("value", "current value", "metric value"),
    "started_at": ("started", "started at", "start time", "triggered at", "timestamp", "time", "state change time"),
    "resource": ("resource", "resource id", "instance", "host", "pod"),
    "system": ("system", "application", "app", "product", "cluster", "environment", "env", "namespace"),
}
"""What tools call a fact in a post, the most telling first."""

_EMOJI = re.compile(r"(?<!\w):[a-z0-9_+'-]{1,80}:(?!\w)")
_LABELLED = re.compile(r"<[^|<>]{0,3000}\|([^<>]{0,3000})>")
_COMMAND = re.compile(r"<!\w[^<>]{0,200}>")
_BRACKETED = re.compile(r"<([^<>]{0,3000})>")
_FIELD = re.compile(r"^[\s*_•·>–-]{0,8}([A-Za-z][\w ./()-]{0,40}?)[*_`]{0,2}\s{0,3}[:=][*_`]{0,2}\s{0,3}(\S.{0,500})$")
_NAME_ALONE = re.compile(r"^[\s*_]{0,4}([A-Za-z][\w ./()-]{0,40}?)[*_:]{1,4}\s*$")


@dataclass(frozen=True)
class Post:
    """One post, read once. `fields` have their names in lower case."""

    event: Payload

    @cached_property
    def text(self) -> str:
        return post_text(self.event)

    @cached_property
    def title(self) -> str:
        lines = (line for line in self.text.splitlines() if line.strip())
        return _title(self.event) or next(lines, "Alert without text")

    @cached_property
    def author(self) -> str:
        """The app that posted, as it calls itself."""
        return text_at(self.event, "username", "bot_profile.name", "attachments.0.author_name")

    @cached_property
    def signed(self) -> str:
        """All that tells which app wrote it, in lower case: its name, and the attachments' footers."""
        footers = [text_at(part, "footer") for part in parts_at(self.event, "attachments")]
        return " ".join([self.author, *footers]).lower()

    @cached_property
    def fields(self) -> dict[str, str]:
        return dict(reversed(list(_fields(self.text.splitlines()[:MAX_FIELD_LINES]))))

    def field(self, fact: str) -> str:
        """What the post says under one of the NAMES of a fact."""
        return next((self.fields[name] for name in NAMES[fact] if name in self.fields), "")

    @cached_property
    def posted(self) -> datetime | None:
        """When it began: as the first attachment tells, else as Slack does."""
        times = [moment(at(part, "ts")) for part in parts_at(self.event, "attachments")]
        return min((time for time in [*times, moment(at(self.event, "ts"))] if time), default=None)


def _fields(lines: list[str]) -> Iterator[tuple[str, str]]:
    """`*Dag*: orders`, ` - severity = critical`, and a name in bold with its value on the next line."""
    for line, after in zip(lines, [*lines[1:], ""], strict=False):
        if match := _FIELD.match(line[:MAX_LINE_CHARS]):
            if not match[2].startswith("//"):
                yield match[1].strip().lower(), plain(match[2])
        elif (match := _NAME_ALONE.match(line[:MAX_LINE_CHARS])) and after.strip():
            yield match[1].strip().lower(), plain(after)


def post_text(payload: Payload) -> str:
    """All text of a post, a line for each piece, `Name: value` for fields, without repeats."""
    lines = (html.unescape(line.strip()) for key in CONTENT for line in _lines(at(payload, key)))
    return "\n".join(dict.fromkeys(line for line in lines if line))


def _title(payload: Payload) -> str:
    """What the post is headed with: a header block, its text, or an attachment's title."""
    headers = [text_at(block, "text.text") for block in parts_at(payload, "blocks") if block.get("type") == "header"]
    attachment = next(iter(parts_at(payload, "attachments")), {})
    candidates = [*headers, text_at(payload, "text"), *(text_at(attachment, key) for key in TITLES)]
    lines = (plain(line) for text in candidates for line in text.splitlines())
    return next((line for line in lines if line), "")


def plain(line: str) -> str:
    """A line, as far as it is looked at, without emoji, emphasis and Slack's markup."""
    line = _BRACKETED.sub(r"\1", _COMMAND.sub("", _LABELLED.sub(r"\1", _EMOJI.sub("", line[:MAX_LINE_CHARS]))))
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
