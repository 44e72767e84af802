"""Which alert was seen how often, and in which incident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from agent.models import Alert, AlertStatus


@dataclass(frozen=True)
class Sighting:
    """What the ledger knows of a fingerprint's window. A window ends when nothing came for `window_seconds`."""

    alert: Alert
    """As it came last."""
    incident_id: str
    count: int
    """How often it fired in this window."""
    events: int
    """How many messages came, those that say "resolved" included."""
    first_seen: datetime
    last_seen: datetime
    status: AlertStatus
    """Of the newest message by the sender's time, in whatever order they arrived."""
    flips: tuple[datetime, ...] = ()
    """When the status changed in this window, oldest first, the last 20."""
    first: bool = False
    """This record opened the window."""
    changed: bool = False
    """This record changed the status."""
    repeated: bool = False
    """This very event had been recorded before: nothing was counted. `incident_id` is the one it was counted for."""
    fired: bool = False
    """This record counted one more firing."""


@dataclass(frozen=True)
class Tally:
    """An incident's alerts, counted: distinct ones, those still firing, firings, and messages."""

    alerts: int
    firing: int
    count: int
    events: int
    last_seen: datetime | None


@dataclass(frozen=True)
class Episode:
    """A window of a fingerprint: when it opened, and which incident it belonged to."""

    at: datetime
    incident_id: str


class AlertLedger(Protocol):
    """Deduplication by conditional write: of any number of concurrent records exactly one opens a window."""

    async def record(
        self, alert: Alert, incident_id: str, window_seconds: float = 3600, event_id: str = ""
    ) -> Sighting:
        """Count one message. In an open window the incident is the window's, whatever is given here.

        An `event_id` is counted once, however often it is recorded. An alert that comes late (it fired before the
        newest "resolved") is counted and changes no status.
        """
        ...

    async def open(self, fingerprint: str, window_seconds: float = 3600) -> Sighting | None:
        """The open window of a fingerprint, if there is one."""
        ...

    async def incident_of(self, fingerprint: str, event_id: str) -> str | None:
        """The incident that an event was counted for, "" where that was not kept; None: it was not counted."""
        ...

    async def of_incident(self, incident_id: str, limit: int = 200) -> list[Sighting]:
        """The alerts of an incident, those that fired most often first."""
        ...

    async def tally(self, incident_id: str) -> Tally: ...
    async def earlier(self, fingerprint: str, limit: int = 60) -> list[Episode]:
        """When its windows opened in the last 90 days, the present one included, newest first."""
        ...

    async def claim(self, key: str, ttl_seconds: float = 86_400) -> bool:
        """True for the first caller with this key only."""
        ...
