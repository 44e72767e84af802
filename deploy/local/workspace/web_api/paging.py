"""Cursor pagination, as every list method of the Web API does it."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.web_api.call import Call

Item = TypeVar("Item")


def page(call: Call, items: Sequence[Item], default_limit: int, maximum: int = 1_000) -> tuple[list[Item], str]:
    """The asked-for slice, and the cursor of the next one (empty at the end).

    Raises invalid_limit and invalid_cursor.
    """
    start, limit = _offset(call.text("cursor")), _limit(call.text("limit"), default_limit, maximum)
    end = start + limit
    return list(items[start:end]), _cursor(end) if end < len(items) else ""


def _limit(text: str, default: int, maximum: int) -> int:
    if not text:
        return default
    if not text.lstrip("-").isdigit() or int(text) < 0:
        raise SlackError("invalid_limit")
    return min(int(text), maximum) or default


def _cursor(offset: int) -> str:
    return base64.b64encode(f"next:{offset}".encode()).decode()


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        label, _, offset = base64.b64decode(cursor, validate=True).decode().partition(":")
        if label != "next":
            raise ValueError(cursor)
        return int(offset)
    except (binascii.Error, ValueError, UnicodeDecodeError):
        raise SlackError("invalid_cursor") from None
