"""Whether an alert goes back and forth between firing and resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.times import zone_name

CHANGES = 4
"""Twice there and back, within the window, is flapping."""
WINDOW = timedelta(hours=1)
CALM = timedelta(hours=1)
"""Without any change for this long, it is over. Longer than the gaps that begin it, so that the word itself stays."""


@dataclass(frozen=True)
class Flap:
    since: datetime
    changes: int
    last: datetime

    def words(self, zone: str) -> str:
        """`flapping since 14:02 UTC: its status changed 7 times`."""
        local = self.since.astimezone(ZoneInfo(zone))
        return f"flapping since {local:%H:%M} {zone_name(local)}: its status changed {self.changes} times"


def flapping(flips: Sequence[datetime], now: datetime) -> Flap | None:
    """From the times at which the status changed, in any order; those after `now` are of another clock and count."""
    times = sorted(flips)
    start: int | None = None
    for n, at in enumerate(times):
        if start is not None and at - times[n - 1] > CALM:
            start = None
        first = n - CHANGES + 1
        if start is None and first >= 0 and at - times[first] <= WINDOW:
            start = first
    if start is None or now - times[-1] > CALM:
        return None
    return Flap(times[start], len(times) - start, times[-1])
