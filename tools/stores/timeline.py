"""The rule every incident store keeps: a timeline only grows, even when two writers save at once."""

from __future__ import annotations

from agent.models import Incident


def with_whole_timeline(given: Incident, stored: Incident | None) -> Incident:
    """`given`, with the stored events that its writer had not seen put back in front of its own new ones."""
    if stored is None:
        return given
    added = tuple(event for event in given.timeline if event not in stored.timeline)
    return given.model_copy(update={"timeline": stored.timeline + added})
