"""Other systems that are told something: Slack, ticket systems, monitoring tools."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from agent.models import Alert, Incident, SlackPlace, TicketRef


class Messenger(Protocol):
    """Shows things to people. Blocks are Slack Block Kit dicts; `text` is the fallback."""

    async def post(self, place: SlackPlace, text: str, blocks: Sequence[dict[str, Any]] = ()) -> str:
        """Post into the thread; returns the message's ts."""
        ...

    async def update(self, place: SlackPlace, ts: str, text: str, blocks: Sequence[dict[str, Any]] = ()) -> None: ...
    async def find_own(self, place: SlackPlace, after_ts: str, known: Collection[str] = ()) -> str:
        """The ts of Watchkeeper's first message in the thread after another that is none of the known; "" if none."""
        ...

    async def set_status(self, place: SlackPlace, text: str) -> bool:
        """What is being done right now; an empty text clears it. False where the status cannot be shown."""
        ...


class TicketSystem(Protocol):
    """Where an incident has a ticket. Every call may be repeated: a second `open` finds the first one's ticket."""

    @property
    def name(self) -> Literal["servicenow", "jira", "pagerduty"]: ...
    async def open(self, incident: Incident, link: str) -> TicketRef:
        """`link` leads to the incident's message in Slack."""
        ...

    async def comment(self, ticket: TicketRef, text: str) -> None: ...
    async def acknowledge(self, ticket: TicketRef) -> None:
        """Somebody is at work on it: nobody else has to be called."""
        ...

    async def close(self, ticket: TicketRef, text: str) -> None: ...


@dataclass(frozen=True)
class Page:
    """What wakes somebody. The same `key` rings once as long as the incident is open."""

    key: str
    title: str
    text: str


@runtime_checkable
class Pager(Protocol):
    """A ticket system that can wake people."""

    async def page(self, ticket: TicketRef, incident: Incident, link: str, page: Page) -> TicketRef:
        """Also where somebody has acknowledged the ticket, and where there is none yet. It ends with the ticket."""
        ...


class AlertOrigin(Protocol):
    """The monitoring tool that an alert came from, where it may be told that the alert is dealt with."""

    @property
    def source(self) -> str:
        """As in `Alert.source`."""
        ...

    async def silence(self, alert: Alert, until: datetime, by: str, reason: str) -> bool:
        """False where this tool cannot do that, or does not know the alert."""
        ...

    async def lift(self, alert: Alert) -> bool:
        """End the silence that Watchkeeper asked for. False where there is none."""
        ...

    async def resolve(self, alert: Alert, by: str, reason: str) -> bool: ...
