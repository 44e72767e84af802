"""How long incidents took: until somebody said that they had seen it (MTTA), and until it was over (MTTR).

Both are counted from when the incident was opened. One that was opened again is over when it was resolved the last
time, since it had not been over before. What is not acknowledged or not over yet has no time, and is counted apart.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.models import Incident, IncidentStatus, Severity, TimelineEvent

SEEN = ("acknowledged", "assigned", "snoozed")
"""What a person does who has seen it, as kinds of timeline events."""
OVER = "resolved"
AGAIN = ("reopened", "refired")


@dataclass(frozen=True)
class Spread:
    """Seconds: the median, and what nine of ten stay within (nearest rank)."""

    count: int
    median: float
    p90: float


@dataclass(frozen=True)
class Times:
    incidents: int
    acknowledged: Spread | None
    resolved: Spread | None
    not_acknowledged: int
    not_resolved: int
    reopened: int


def acknowledged_after(incident: Incident) -> float | None:
    """Seconds; None while nobody has seen it."""
    seen = [event.at for event in incident.timeline if event.kind in SEEN or _closed_by_hand(event)]
    mark = incident.ownership.acknowledged or incident.ownership.assigned
    seen += [mark.at] if mark else []
    return _since_opened(incident, min(seen)) if seen else None


def _closed_by_hand(event: TimelineEvent) -> bool:
    """Whoever closes it has seen it."""
    return event.kind == OVER and event.actor != "watchkeeper"


def resolved_after(incident: Incident) -> float | None:
    """Seconds; None while it is not over."""
    if incident.status is not IncidentStatus.resolved:
        return None
    over = [event.at for event in incident.timeline if event.kind == OVER]
    over += [incident.ownership.resolved.at] if incident.ownership.resolved else []
    return _since_opened(incident, max(over)) if over else None


def was_reopened(incident: Incident) -> bool:
    return any(event.kind in AGAIN for event in incident.timeline)


def times_of(incidents: Sequence[Incident]) -> Times:
    acknowledged = [seconds for each in incidents if (seconds := acknowledged_after(each)) is not None]
    resolved = [seconds for each in incidents if (seconds := resolved_after(each)) is not None]
    return Times(
        incidents=len(incidents),
        acknowledged=_spread(acknowledged),
        resolved=_spread(resolved),
        not_acknowledged=len(incidents) - len(acknowledged),
        not_resolved=len(incidents) - len(resolved),
        reopened=sum(was_reopened(each) for each in incidents),
    )


def times_by_severity(incidents: Iterable[Incident]) -> dict[Severity, Times]:
    """The most severe first; severities without an incident are left out."""
    kept = list(incidents)
    apart = {severity: [each for each in kept if each.severity is severity] for severity in Severity}
    return {severity: times_of(found) for severity, found in apart.items() if found}


def _spread(seconds: list[float]) -> Spread | None:
    if not seconds:
        return None
    rank = math.ceil(0.9 * len(seconds))
    return Spread(len(seconds), statistics.median(seconds), sorted(seconds)[rank - 1])


def _since_opened(incident: Incident, at: datetime) -> float:
    """Never negative, whichever clock was ahead."""
    return max((at - incident.created_at).total_seconds(), 0.0)
