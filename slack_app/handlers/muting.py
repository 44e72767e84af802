"""Words about mutes."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from agent.models import Mute, SlackPlace


def muted_place(where: Mute | SlackPlace) -> str:
    return "This thread" if where.thread_ts else "This channel"


def until_words(mute: Mute, zone: str) -> str:
    """` until Mon 23 Nov 09:00 (America/Toronto)`, or "" when it has no end."""
    if mute.until is None:
        return ""
    return f" until {mute.until.astimezone(ZoneInfo(zone)):%a %d %b %H:%M} ({zone})"


def unmute_words(where: Mute) -> str:
    return "Mentioning me here with `unmute`" if where.thread_ts else "`/watchkeeper unmute`"
