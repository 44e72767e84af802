"""The months of an index that lists by month."""

from __future__ import annotations

from datetime import datetime, timedelta


def months_back(now: datetime, days: int) -> list[str]:
    """This month and those before it that the last `days` days reach into, newest first: `2026-03`, `2026-02`, ..."""
    return list(dict.fromkeys(f"{now - timedelta(days=back):%Y-%m}" for back in range(days + 1)))
