"""The adapters under contract. Each opens by (folder, clock), so that a second process can open the same one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from agent.ports import AlertLedger, ApprovalStore, AuditLog, Clock, ConversationStore, IncidentStore, Queue
from tools.queues.local import LocalQueue
from tools.stores.sqlite import open_stores

CONVERSATION_DAYS = 7
MAX_RECEIVES = 3


class Stores(Protocol):
    @property
    def incidents(self) -> IncidentStore: ...
    @property
    def conversations(self) -> ConversationStore: ...
    @property
    def ledger(self) -> AlertLedger: ...
    @property
    def approvals(self) -> ApprovalStore: ...
    @property
    def audit(self) -> AuditLog: ...
    def close(self) -> None: ...


class ClosableQueue(Queue, Protocol):
    def close(self) -> None: ...


@dataclass
class SettableClock:
    """A clock that stands still until it is told to move."""

    now: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def wall_clock() -> datetime:
    return datetime.now(UTC)


STORES: dict[str, Callable[[Path, Clock], Stores]] = {
    "sqlite": lambda folder, clock: open_stores(folder / "stores.db", clock, CONVERSATION_DAYS),
}
QUEUES: dict[str, Callable[[Path, Clock], ClosableQueue]] = {
    "sqlite": lambda folder, clock: LocalQueue(folder / "queue.db", clock, max_receives=MAX_RECEIVES),
}
