"""How many jobs a queue may hold. Only what monitoring tools send is refused: they try again, and people do not.

Posts in Slack always get in, too: they are few, and Slack gives up after three attempts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from agent.errors import QueueFull
from agent.models import Job, JobKind, Urgency

RESERVE = 0.2
"""What critical alerts may take besides, as a part of the limit."""


class Headroom:
    """Counts seldom, since counting takes longer than sending: again when half of what was free has been sent, and
    before each refusal. So it is exact where it matters, and almost so where several processes send."""

    def __init__(self, limit: int, count: Callable[[], int]) -> None:
        self._limit = limit
        self._count = count
        self._lock = threading.Lock()
        self._held = 0
        self._unchecked = 0

    def admit(self, jobs: Sequence[Job]) -> None:
        """QueueFull when there is no room for them; work that follows from other work always gets in."""
        arriving = [job for job in jobs if job.kind is JobKind.alert and "event" not in job.payload]
        if not self._limit or not arriving:
            return
        critical = all(job.urgency is Urgency.critical for job in arriving)
        limit = self._limit + (int(self._limit * RESERVE) if critical else 0)
        with self._lock:
            if len(arriving) > self._unchecked:
                self._held = self._count()
                self._unchecked = max(self._limit - self._held, 0) // 2
            if self._held + len(arriving) > limit:
                self._unchecked = 0
                raise QueueFull(f"{self._held} jobs are waiting, and {self._limit} may; send it again in a minute.")
            self._held += len(arriving)
            self._unchecked -= len(arriving)
