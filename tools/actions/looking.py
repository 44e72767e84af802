"""What actions have in common: lists in orders, how far one step may go, what could not be read, and tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from agent.models import Preview
from tools.evidence.failures import explain


def unreadable(now: datetime, error: Exception) -> Preview:
    """The preview of an action whose target is not there or cannot be read."""
    return Preview(at=now, before={}, problems=(f"It cannot be looked at first ({explain(error)}).",))


def too_far(what: str, before: int, after: int, *, free: int = 0) -> str:
    """Why a change is more than one step; "" when it is one: at most double or half, or a difference of `free`.

    The same holds in both directions, so that the way back is never refused.
    """
    low, high = sorted((before, after))
    if high <= max(2 * low, low + free):
        return ""
    return f"{what} would go from {before} to {after}: one step is at most double or half. Take a smaller one first."


def listed(value: object) -> object:
    """`a, b`, as a runbook's template makes a list; of names that hold no comma."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def tags_of(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """AWS writes lists of tags with `Key` and `Value`, or with small letters."""
    return {str(tag.get("Key", tag.get("key"))): str(tag.get("Value", tag.get("value", ""))) for tag in tags}


def dollars(usd_month: float) -> str:
    """`about 12 USD a month more`, `about 3 USD a month less`; "" when it is next to nothing."""
    if abs(usd_month) < 0.5:
        return ""
    more = "more" if usd_month > 0 else "less"
    return f"about {abs(usd_month):,.0f} USD a month {more}"
