"""The adapters under contract. Each opens by (folder, clock), so that a second process can open the same one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from agent.ports import (
    AlertLedger,
    ApprovalStore,
    Archive,
    AuditLog,
    Clock,
    FeedbackStore,
    IncidentStore,
    LockStore,
    MuteStore,
    Queue,
    RemediationStore,
    SpendLedger,
    StateStore,
    StopRequests,
)
from tests.contracts.emulators import EMULATORS, Emulator, emulator, prefix
from tools.archive import FolderArchive, S3Archive
from tools.queues.local import LocalQueue
from tools.queues.sqs import SqsQueue
from tools.queues.sqs_definition import create_queues
from tools.stores import dynamodb, sqlite
from tools.stores.archived import LiveConversations
from tools.stores.dynamodb.tables import (
    ALERTS,
    APPROVALS,
    CONVERSATIONS,
    COORDINATION,
    FEEDBACK,
    HISTORY,
    INCIDENTS,
    PLANS,
    create_request,
)

CONVERSATION_DAYS = 7
MAX_RECEIVES = 3
LIMIT = 10
"""Of the queues that may be full."""


class Stores(Protocol):
    @property
    def incidents(self) -> IncidentStore: ...
    @property
    def conversations(self) -> LiveConversations: ...
    @property
    def ledger(self) -> AlertLedger: ...
    @property
    def remediations(self) -> RemediationStore: ...
    @property
    def approvals(self) -> ApprovalStore: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def mutes(self) -> MuteStore: ...
    @property
    def feedback(self) -> FeedbackStore: ...
    @property
    def spend(self) -> SpendLedger: ...
    @property
    def locks(self) -> LockStore: ...
    @property
    def stops(self) -> StopRequests: ...
    @property
    def state(self) -> StateStore: ...
    def close(self) -> None: ...


class ClosableArchive(Archive, Protocol):
    def close(self) -> None: ...


class ClosableQueue(Queue, Protocol):
    def close(self) -> None: ...


@dataclass
class SettableClock:
    """A clock that stands still until it is told to move; an emulator's clock goes on from it, and moves with it."""

    now: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    followers: list[Emulator] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        for follower in self.followers:
            follower.advance(seconds)


def wall_clock() -> datetime:
    return datetime.now(UTC)


class EmulatedQueue(SqsQueue):
    """An SQS queue, and one for critical jobs, that closes the table behind it too."""

    def __init__(self, running: Emulator, folder: Path, clock: Clock, limit: int = 0) -> None:
        self.client = running.client("sqs")
        self.url = create_queues(self.client, f"{prefix(folder)}jobs", MAX_RECEIVES)
        self.urgent_url = create_queues(self.client, f"{prefix(folder)}urgent", MAX_RECEIVES)
        self.stores = open_dynamodb(running, folder, clock)
        super().__init__(self.client, self.url, self.stores.sent_jobs, clock, self.urgent_url, limit)

    def close(self) -> None:
        super().close()
        self.stores.close()


def open_dynamodb(running: Emulator, folder: Path, clock: Clock) -> dynamodb.Stores:
    """Over tables as they are at the start of their life: TTL and recovery, which emulators ignore, are left out."""
    client = running.client("dynamodb")
    for table in (ALERTS, INCIDENTS, PLANS, APPROVALS, HISTORY, CONVERSATIONS, COORDINATION, FEEDBACK):
        with suppress(client.exceptions.ResourceInUseException):
            client.create_table(**create_request(table, prefix(folder)))
    return dynamodb.open_stores(client, prefix(folder), clock, FolderArchive(folder / "archive"), CONVERSATION_DAYS)


def synchronised(name: str, clock: Clock) -> Emulator:
    """The emulator, keeping the test's time from now on."""
    running = emulator(name)
    if not isinstance(clock, SettableClock):
        running.keep_time(clock())
    elif running not in clock.followers:
        running.keep_time(clock())
        clock.followers.append(running)
    return running


def _stores(name: str) -> Callable[[Path, Clock], Stores]:
    return lambda folder, clock: open_dynamodb(synchronised(name, clock), folder, clock)


def _archive(name: str) -> Callable[[Path, Clock], ClosableArchive]:
    def open_bucket(folder: Path, clock: Clock) -> ClosableArchive:
        client = synchronised(name, clock).client("s3", s3={"addressing_style": "path"})
        bucket = f"{prefix(folder)}archive"
        with suppress(client.exceptions.BucketAlreadyOwnedByYou):
            client.create_bucket(Bucket=bucket)
        return S3Archive(client, bucket)

    return open_bucket


def _queue(name: str, limit: int = 0) -> Callable[[Path, Clock], ClosableQueue]:
    return lambda folder, clock: EmulatedQueue(synchronised(name, clock), folder, clock, limit)


def _local_queue(limit: int = 0) -> Callable[[Path, Clock], ClosableQueue]:
    return lambda folder, clock: LocalQueue(folder / "queue.db", clock, MAX_RECEIVES, limit)


STORES: dict[str, Callable[[Path, Clock], Stores]] = {
    "sqlite": lambda folder, clock: sqlite.open_stores(folder / "stores.db", clock, CONVERSATION_DAYS),
    **{name: _stores(name) for name in EMULATORS},
}
ARCHIVES: dict[str, Callable[[Path, Clock], ClosableArchive]] = {
    "folder": lambda folder, clock: FolderArchive(folder / "archive"),
    **{name: _archive(name) for name in EMULATORS},
}
QUEUES: dict[str, Callable[[Path, Clock], ClosableQueue]] = {
    "sqlite": _local_queue(),
    **{name: _queue(name) for name in EMULATORS},
}
LIMITED_QUEUES: dict[str, Callable[[Path, Clock], ClosableQueue]] = {
    "sqlite": _local_queue(LIMIT),
    **{name: _queue(name, LIMIT) for name in EMULATORS},
}
