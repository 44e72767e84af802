"""A clock that runs faster than the world's, so that what takes minutes can be waited for in seconds."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class FastClock:
    """Aware UTC. Give the same one to the account and to whatever reads it: FastClock(speed=60)."""

    def __init__(self, speed: float, start: datetime | None = None) -> None:
        self.speed = speed
        self._start = start or datetime.now(UTC)
        self._began = time.monotonic()

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._began) * self.speed)
