"""Slack's response URLs on their way through the queue: who has one may post as the app for half an hour.

So they are sealed, and each is bound to who asked, and where: moved into somebody else's job, it cannot be opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.ports import Sealer

FIELD = "response_url"


def sealed_url(sealer: Sealer, payload: Mapping[str, Any], url: str) -> str:
    return sealer.seal(url, _asker(payload))


def opened_url(sealer: Sealer, payload: Mapping[str, Any]) -> str:
    """ "" where there is none, or none that can be opened: then the answer goes to the channel, for the asker only."""
    sealed = str(payload.get(FIELD, ""))
    return sealer.open(sealed, _asker(payload)) if sealed else ""


def _asker(payload: Mapping[str, Any]) -> str:
    return f"{FIELD}:{payload.get('channel', '')}:{payload.get('user', '')}"
