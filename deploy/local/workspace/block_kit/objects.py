"""Composition objects: text, options, confirmation dialogs, filters, files."""

from collections.abc import Collection
from typing import Any

from deploy.local.workspace.block_kit.schema import (
    Check,
    Report,
    array,
    at_least_one,
    boolean,
    by_type,
    exactly_one,
    obj,
    one_of,
    optional,
    required,
    string,
)

PLAIN = ("plain_text",)
ANY_TEXT = ("plain_text", "mrkdwn")
MAX_TEXT = 3_000
MAX_ID = 255
MAX_URL = 3_000


def text(maximum: int = MAX_TEXT, kinds: Collection[str] = ANY_TEXT, minimum: int = 1) -> Check:
    """A text object of one of these kinds, with its text's length in characters."""
    body = required(string(maximum, minimum))
    variants = {
        "plain_text": obj({"type": required(string()), "text": body, "emoji": optional(boolean)}),
        "mrkdwn": obj({"type": required(string()), "text": body, "verbatim": optional(boolean)}),
    }
    return by_type(variants, kinds)


def action_id(report: Report, pointer: str, value: Any) -> None:
    """At most 255 characters and unique on its surface."""
    _identifier(report, pointer, value, report.action_ids, "action_id")


def block_id(report: Report, pointer: str, value: Any) -> None:
    """At most 255 characters and unique on its surface."""
    _identifier(report, pointer, value, report.block_ids, "block_id")


def _identifier(report: Report, pointer: str, value: Any, seen: set[str], name: str) -> None:
    string(MAX_ID, 1)(report, pointer, value)
    if not isinstance(value, str):
        return
    if value in seen:
        report.add(pointer, "failed_constraint", f"{name} {value!r} already exists")
    seen.add(value)


def url(report: Report, pointer: str, value: Any) -> None:
    string(MAX_URL, 1)(report, pointer, value)


CONFIRM = obj(
    {
        "title": required(text(100, PLAIN)),
        "text": required(text(300)),
        "confirm": required(text(30, PLAIN)),
        "deny": required(text(30, PLAIN)),
        "style": optional(one_of("primary", "danger")),
    }
)


def option(kinds: Collection[str], *, with_url: bool = False) -> Check:
    fields = {
        "text": required(text(75, kinds)),
        "value": required(string(150, 1)),
        "description": optional(text(75, kinds)),
    }
    return obj(fields | {"url": optional(url)} if with_url else fields)


OPTION_GROUP = obj({"label": required(text(75, PLAIN)), "options": required(array(option(PLAIN), 1, 100))})

DISPATCH_CONFIG = obj({"trigger_actions_on": required(array(one_of("on_enter_pressed", "on_character_entered"), 1, 2))})

CONVERSATION_FILTER = obj(
    {
        "include": optional(array(one_of("im", "mpim", "private", "public"), 1)),
        "exclude_external_shared_channels": optional(boolean),
        "exclude_bot_users": optional(boolean),
    },
    at_least_one("include", "exclude_external_shared_channels", "exclude_bot_users"),
)

SLACK_FILE = obj({"id": optional(string(minimum=1)), "url": optional(url)}, exactly_one("id", "url"))

TRIGGER = obj(
    {
        "url": required(url),
        "customizable_input_parameters": optional(
            array(obj({"name": required(string(minimum=1)), "value": required(string())}))
        ),
    }
)
WORKFLOW = obj({"trigger": required(TRIGGER)})

SLACK_ICON = obj({"type": required(one_of("icon")), "name": required(string(minimum=1))})
