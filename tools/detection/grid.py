"""Times on a grid of periods."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

ARRIVAL = timedelta(minutes=2)
"""After so long CloudWatch has the points of most metrics."""


def whole_periods(now: datetime, period: timedelta) -> datetime:
    """The end of the last period whose points are all there."""
    step = period.total_seconds()
    return datetime.fromtimestamp((now - ARRIVAL).timestamp() // step * step, UTC)
