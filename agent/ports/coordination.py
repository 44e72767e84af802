"""What processes tell each other: locks, stops, mutes, and what models took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from agent.models import Mute, SlackPlace, Spend


class MuteStore(Protocol):
    """Channels and threads in which Watchkeeper keeps quiet."""

    async def mute(self, mute: Mute) -> None: ...
    async def unmute(self, channel: str, thread_ts: str = "") -> bool:
        """False when it was not muted. Unmuting a channel leaves its threads as they are."""
        ...

    async def active(self, channel: str, thread_ts: str = "") -> Mute | None:
        """What keeps a thread quiet now: its own mute, else its channel's; expired ones do not count."""
        ...

    async def all(self) -> list[Mute]:
        """The active ones, newest first."""
        ...


class SpendLedger(Protocol):
    """What models took, by day (UTC) and user; kept for 40 days."""

    async def add(self, user: str, spend: Spend) -> None: ...
    async def today(self, user: str = "") -> Spend:
        """A user's, or everybody's together."""
        ...


@dataclass(frozen=True)
class Lease:
    """A lock that is held. `token` grows each time that the lock changes hands (a fencing token)."""

    key: str
    owner: str
    token: int


class LockStore(Protocol):
    """Locks with an expiry, shared by all processes."""

    async def acquire(self, key: str, owner: str, seconds: float) -> Lease | None:
        """None while somebody else holds it. Whoever holds it already gets the same token and a later expiry."""
        ...

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """False when the lock has been lost."""
        ...

    async def release(self, lease: Lease) -> None: ...


class StopRequests(Protocol):
    """Runs that somebody wants stopped, by thread; forgotten after an hour."""

    async def request(self, place: SlackPlace, at: datetime, by: str) -> None: ...
    async def since(self, place: SlackPlace, began: datetime) -> str:
        """Who asked for it at or after `began`; "" if nobody did."""
        ...
