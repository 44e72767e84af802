"""Who holds a database's connections, and who waits for whom. From rows of its session and lock views."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

LockKey = tuple[str, str, str]


@dataclass(frozen=True)
class Session:
    """One connection. Times are None where the database does not tell."""

    pid: str
    user: str
    application: str
    client: str
    state: str
    query: str
    connected: datetime | None = None
    since: datetime | None = None
    """When its present statement, or its present state, began."""


@dataclass(frozen=True)
class Holder:
    """The sessions of one application (or user) in one state."""

    name: str
    user: str
    state: str
    sessions: tuple[Session, ...]
    connected: datetime | None
    """When half of them had connected: close to the moment at which they piled up."""

    @property
    def count(self) -> int:
        return len(self.sessions)


@dataclass(frozen=True)
class LockRow:
    pid: str
    key: LockKey
    """What is locked: its kind, the relation, the transaction."""
    granted: bool
    relation: str = ""
    mode: str = ""


@dataclass(frozen=True)
class Wait:
    """`waiter` waits for a lock on `relation` that `blocker` holds."""

    waiter: str
    blocker: str
    relation: str
    mode: str


def holders(sessions: Sequence[Session]) -> list[Holder]:
    """Sessions grouped by application, user and state, the largest group first."""
    groups: dict[tuple[str, str, str], list[Session]] = defaultdict(list)
    for session in sessions:
        groups[session.application or session.user, session.user, session.state].append(session)
    found = [
        Holder(name, user, state, tuple(members), _middle(members)) for (name, user, state), members in groups.items()
    ]
    return sorted(found, key=lambda holder: -holder.count)


def waits(locks: Sequence[LockRow]) -> list[Wait]:
    """Every lock that is not granted, with the session that holds the same one; the blocker is empty when unknown."""
    held: dict[LockKey, list[LockRow]] = defaultdict(list)
    for lock in locks:
        if lock.granted:
            held[lock.key].append(lock)
    result: list[Wait] = []
    for lock in locks:
        if not lock.granted:
            blocker = next((row.pid for row in held[lock.key] if row.pid != lock.pid), "")
            result.append(Wait(lock.pid, blocker, lock.relation, lock.mode))
    return result


def root_blockers(found: Sequence[Wait]) -> Mapping[str, int]:
    """The sessions at the end of the chains of waiting, and how many wait behind each, directly or not."""
    blocked_by = {wait.waiter: wait.blocker for wait in found if wait.blocker}
    behind: dict[str, int] = defaultdict(int)
    for waiter in blocked_by:
        seen, pid = {waiter}, blocked_by[waiter]
        while pid in blocked_by and pid not in seen:
            seen.add(pid)
            pid = blocked_by[pid]
        behind[pid] += 1
    return behind


def _middle(sessions: Sequence[Session]) -> datetime | None:
    times = sorted(session.connected for session in sessions if session.connected)
    return times[len(times) // 2] if times else None
