"""What detection could not read: told when it is new, kept while it lasts, and forgotten when it can be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

GAPS_KEY = "detect:gaps"
MAX_GAPS = 40


def noted(before: Mapping[str, Any], gaps: Sequence[str], now: datetime) -> tuple[dict[str, Any], list[str]]:
    """The document of gaps (`since` by gap), and those that are new."""
    known: Mapping[str, str] = before.get("since", {})
    since = {gap: known.get(gap, now.isoformat()) for gap in gaps[:MAX_GAPS]}
    return {"since": since}, [gap for gap in since if gap not in known]
