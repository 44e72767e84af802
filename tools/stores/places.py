"""How the stores write a place in Slack as one text, and where the archive keeps what was said there."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import unquote

from agent.models import SlackPlace


def place_key(place: SlackPlace) -> str:
    """`T1/C1/1772442000.000100`; a slash within an id, which Slack's own have none of, is written otherwise."""
    parts = (place.team, place.channel, place.thread_ts)
    return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in parts)


def place_of(key: str) -> SlackPlace:
    """The inverse of `place_key`."""
    team, channel, thread_ts = map(unquote, key.split("/", 2))
    return SlackPlace(team=team, channel=channel, thread_ts=thread_ts)


def began(place: SlackPlace) -> datetime | None:
    """When a thread's first message was posted: its timestamp is that moment in Unix seconds."""
    if not re.fullmatch(r"\d{1,11}(\.\d{1,9})?", place.thread_ts):
        return None
    return datetime.fromtimestamp(float(place.thread_ts), UTC)


def archive_key(place: SlackPlace) -> str:
    """`conversations/year=2026/month=03/day=02/T1-C1-1772442000.000100.json`, by the day on which the thread began.

    It follows from the place alone, so that a thread is found without an index and written once, however often.
    """
    return f"conversations/{_day(place)}/{_name(place)}.json"


def turn_archive_key(place: SlackPlace, turn: str) -> str:
    """For a single turn that is too large for its store; `turn` names it within the thread."""
    return f"turns/{_day(place)}/{_name(place)}/{_safe(turn)}.json.gz"


def _day(place: SlackPlace) -> str:
    return f"{began(place) or datetime.fromtimestamp(0, UTC):year=%Y/month=%m/day=%d}"


def _name(place: SlackPlace) -> str:
    return "-".join(_safe(part) for part in (place.team, place.channel, place.thread_ts))


def _safe(part: str) -> str:
    """The part itself where it is like Slack's own ids; else what is left of it, told apart by a hash."""
    if re.fullmatch(r"[A-Za-z0-9._]{0,64}", part):
        return part
    return f"{re.sub(r'[^A-Za-z0-9._]', '_', part)[:32]}!{sha256(part.encode()).hexdigest()[:16]}"
