"""Composite alarms: which alarms their rule names, and which of those fired when the composite did."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agent.alarms import Episode
from agent.times import clock_time
from tools.evidence.metrics.alarm_reader import Watched
from tools.evidence.names import matches

LEAD = timedelta(minutes=15)
"""A child that fired so shortly before the composite is one of its causes, though it may have cleared by now."""
_NAMED = re.compile(r"(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*(?:\"([^\"]+)\"|'([^']+)'|([^\"')]+?))\s*\)")


@dataclass(frozen=True)
class Composed:
    """A composite alarm, its stays in ALARM, and those of its alarms that fired around the last one."""

    alarm: dict[str, Any]
    stays: list[Episode]
    fired: list[Watched]

    @property
    def name(self) -> str:
        return str(self.alarm["AlarmName"])

    def in_words(self, now: datetime) -> str:
        """`shop-down went to ALARM at 14:20 UTC and is still in ALARM, after checkout-5xx (14:19 UTC)`"""
        if not self.stays:
            return f"{self.name} (composite) did not fire"
        last = self.stays[-1]
        state = "and is still in ALARM" if last.end is None else f"and went back to OK at {clock_time(last.end, now)}"
        causes = ", ".join(f"{c.name} ({clock_time(c.stays[-1].start, now)})" for c in self.fired)
        after = f", after {causes}" if causes else ", though none of its alarms is known to have fired"
        return f"{self.name} went to ALARM at {clock_time(last.start, now)} {state}{after}"


def children_of(composite: dict[str, Any]) -> list[str]:
    """The alarms that a rule names, without the ARN that may stand before a name."""
    named = [next(name for name in match if name) for match in _NAMED.findall(composite.get("AlarmRule", ""))]
    return list(dict.fromkeys(name.rsplit(":alarm:", 1)[-1].strip() for name in named))


def choose_composites(composites: Sequence[dict[str, Any]], name: str, resource: str) -> list[dict[str, Any]]:
    """Those whose name, or whose rule, fits what was asked for; all when nothing was."""
    wanted = name or resource
    if not wanted:
        return list(composites)
    exact = [composite for composite in composites if composite["AlarmName"] == wanted]
    return exact or [c for c in composites if any(matches(n, wanted) for n in (c["AlarmName"], *children_of(c)))]


def compose(composites: Sequence[tuple[dict[str, Any], list[Episode]]], watched: Sequence[Watched]) -> list[Composed]:
    """Each composite with the children that fired, in the order in which they did."""
    by_name = {each.name: each for each in watched}
    composed: list[Composed] = []
    for alarm, stays in composites:
        children = [by_name[name] for name in children_of(alarm) if name in by_name]
        fired = [child for child in children if stays and _fired_with(child, stays[-1])]
        composed.append(Composed(alarm, stays, sorted(fired, key=lambda child: child.stays[-1].start)))
    return composed


def _fired_with(child: Watched, stay: Episode) -> bool:
    return any(
        each.start <= stay.start + LEAD and (each.end is None or each.end >= stay.start - LEAD) for each in child.stays
    )
