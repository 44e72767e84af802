"""Opens the stores, the archive and the queue that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from agent.errors import SettingsError
from agent.ports import (
    AlertLedger,
    ApprovalStore,
    Archive,
    AuditLog,
    Clock,
    ConversationStore,
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
from agent.settings import Settings
from tools.archive import FolderArchive, S3Archive
from tools.queues.local import LocalQueue
from tools.stores import sqlite
from tools.stores.archived import ArchivedConversations


@dataclass(frozen=True)
class Persistence:
    """The ports that keep something, and how to close what is behind them."""

    incidents: IncidentStore
    conversations: ConversationStore
    ledger: AlertLedger
    remediations: RemediationStore
    approvals: ApprovalStore
    audit: AuditLog
    mutes: MuteStore
    feedback: FeedbackStore
    spend: SpendLedger
    locks: LockStore
    stops: StopRequests
    state: StateStore
    archive: Archive
    queue: Queue
    close: Callable[[], None]


def open_persistence(settings: Settings, clock: Clock) -> Persistence:
    """SQLite files in `settings.home`, or DynamoDB with SQS. StoreUnavailable when a file cannot be opened."""
    if settings.urgent_queue_url and not settings.queue_url:
        raise SettingsError("WATCHKEEPER_URGENT_QUEUE_URL needs WATCHKEEPER_QUEUE_URL, for all that is not critical.")
    return _on_aws(settings, clock) if settings.store == "dynamodb" else _embedded(settings, clock)


def _embedded(settings: Settings, clock: Clock) -> Persistence:
    stores = sqlite.open_stores(settings.home / "watchkeeper.db", clock, settings.conversation_days)
    archive = _archive(settings)
    conversations = ArchivedConversations(stores.conversations, archive, clock, _lifetime(settings), sweeps=True)
    return _together(stores, conversations, archive, _local_queue(settings, clock))


def _on_aws(settings: Settings, clock: Clock) -> Persistence:
    """Imported only here, so that SQLite's users do not pay for it. Without a queue's URL the queue is a local file."""
    from tools.queues.sqs import SqsQueue
    from tools.stores import dynamodb

    archive = _archive(settings)
    stores = dynamodb.open_stores(
        _client("dynamodb", settings), settings.table_prefix, clock, archive, settings.conversation_days
    )
    conversations = ArchivedConversations(stores.conversations, archive, clock, _lifetime(settings), sweeps=False)
    if settings.queue_url:
        queue = SqsQueue(
            _client("sqs", settings),
            settings.queue_url,
            stores.sent_jobs,
            clock,
            settings.urgent_queue_url,
            settings.queue_limit,
        )
    else:
        queue = _local_queue(settings, clock)
    return _together(stores, conversations, archive, queue)


def _local_queue(settings: Settings, clock: Clock) -> LocalQueue:
    return LocalQueue(settings.home / "queue.db", clock, limit=settings.queue_limit)


def _lifetime(settings: Settings) -> timedelta:
    return timedelta(days=settings.conversation_days)


def _archive(settings: Settings) -> FolderArchive | S3Archive:
    if settings.archive_bucket:
        return S3Archive(_client("s3", settings), settings.archive_bucket)
    return FolderArchive(settings.home / "archive")


def _client(service: Any, settings: Settings) -> Any:
    from tools.stores.dynamodb.client import own_client

    return own_client(service, settings.aws_region, settings.aws_profile, settings.aws_timeout_seconds)


def _together(
    stores: Any, conversations: ArchivedConversations, archive: FolderArchive | S3Archive, queue: LocalQueue | Any
) -> Persistence:
    def close() -> None:
        for part in (queue, archive, stores):
            part.close()

    return Persistence(
        incidents=stores.incidents,
        conversations=conversations,
        ledger=stores.ledger,
        remediations=stores.remediations,
        approvals=stores.approvals,
        audit=stores.audit,
        mutes=stores.mutes,
        feedback=stores.feedback,
        spend=stores.spend,
        locks=stores.locks,
        stops=stores.stops,
        state=stores.state,
        archive=archive,
        queue=queue,
        close=close,
    )
