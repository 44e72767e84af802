"""How urgent a job is, seen from outside: a look at the words, before anything is parsed."""

from __future__ import annotations

import re

from agent.models import Urgency

LOOKED_AT_CHARS = 20_000
_CRITICAL = re.compile(r"\b(?:critical|fatal|emergency|SEV-?[01]|P[01])\b", re.I)


def urgency_of(text: str) -> Urgency:
    """Alerts that say that they are critical go first. Whatever comes of it, it is only about who goes first."""
    return Urgency.critical if _CRITICAL.search(text, 0, LOOKED_AT_CHARS) else Urgency.normal
