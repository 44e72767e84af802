"""What is said of an alert that was seen before."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from agent.models import Incident
from agent.ports import Sighting
from agent.times import zone_name


def repeated(sighting: Sighting, earlier: Incident, zone: str) -> str:
    """`same as 14:02 UTC, seen 6 times`; with the date where the earlier incident is of another day."""
    local = earlier.created_at.astimezone(ZoneInfo(zone))
    same_day = local.date() == sighting.last_seen.astimezone(ZoneInfo(zone)).date()
    said = f"same as {_moment(local, same_day)}"
    return f"{said}, seen {times(sighting.count)}" if sighting.count > 1 else said


def _moment(local: datetime, same_day: bool) -> str:
    return f"{local:%H:%M} {zone_name(local)}" if same_day else f"{local.day} {local:%b %H:%M} {zone_name(local)}"


def times(count: int) -> str:
    """once, twice, 3 times, 1,200 times."""
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")
