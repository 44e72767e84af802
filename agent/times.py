"""Times as people and models write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_OFFSET = re.compile(r"^-(\d+(?:\.\d+)?)\s*(m|min|h|d|w)$")
_UNIT = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_time(text: str, now: datetime) -> datetime:
    """`now`, an offset such as `-90m` or `-3d`, or an ISO 8601 time (UTC when it names no zone); else ValueError."""
    text = text.strip()
    if text.lower() == "now":
        return now
    try:
        if match := _OFFSET.match(text.lower()):
            return now - timedelta(**{_UNIT[match[2]]: float(match[1])})
        value = datetime.fromisoformat(text)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter for what is thousands of years away
        raise ValueError(
            f"{text[:40]!r} is not a time; use ISO 8601 such as 2026-11-20T14:00:00Z, or an offset such as -2h."
        ) from None


def clock_time(value: datetime, now: datetime | None = None) -> str:
    """`14:02 UTC`, with the date when it is not today's: short enough for a sentence."""
    if now is not None and value.date() == now.date():
        return f"{value:%H:%M} UTC"
    return f"{value:%d %b %H:%M} UTC"
