"""Which of two messages about one alert is the newer one, in whatever order they arrived.

A sender's clock and ours are never compared with each other: either may be hours off.
"""

from __future__ import annotations

from typing import NamedTuple

from agent.models import Alert, AlertStatus


class Said(NamedTuple):
    """What a message said, and when: by its sender's clock, if it tells, and by ours. Unix seconds."""

    firing: bool
    sent: float | None
    received: float

    @property
    def at(self) -> float:
        return self.received if self.sent is None else self.sent


def said(alert: Alert, now: float) -> Said:
    """`now`: when it was received, if it does not say."""
    sent = alert.said_at.timestamp() if alert.said_at else None
    return Said(alert.status is AlertStatus.firing, sent, alert.received_at.timestamp() if alert.received_at else now)


def follows(message: Said, other: Said, now: float) -> bool:
    """By the sender's clock where both tell, else by ours; of two of one moment, the one that says it is over.

    What was received in the future was received before our clock went back.
    """
    if message.sent is not None and other.sent is not None and message.sent != other.sent:
        return message.sent > other.sent
    if message.received == other.received:
        return other.firing
    return message.received > other.received or other.received > now
