"""How the stores write a place in Slack as one text."""

from __future__ import annotations

from agent.models import SlackPlace


def place_key(place: SlackPlace) -> str:
    """No part of a Slack id holds a slash."""
    return f"{place.team}/{place.channel}/{place.thread_ts}"
