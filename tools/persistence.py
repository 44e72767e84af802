"""Opens the stores and the queue that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent.ports import AlertLedger, ApprovalStore, AuditLog, Clock, ConversationStore, IncidentStore, Queue
from agent.settings import Settings
from tools.queues.local import LocalQueue
from tools.stores import sqlite


@dataclass(frozen=True)
class Persistence:
    """The ports that keep something, and how to close what is behind them."""

    incidents: IncidentStore
    conversations: ConversationStore
    ledger: AlertLedger
    approvals: ApprovalStore
    audit: AuditLog
    queue: Queue
    close: Callable[[], None]


def open_persistence(settings: Settings, clock: Clock) -> Persistence:
    """SQLite files in `settings.home`, or DynamoDB with SQS. StoreUnavailable when a file cannot be opened."""
    return _on_aws(settings, clock) if settings.store == "dynamodb" else _embedded(settings, clock)


def _embedded(settings: Settings, clock: Clock) -> Persistence:
    stores = sqlite.open_stores(settings.home / "watchkeeper.db", clock, settings.conversation_days)
    queue = LocalQueue(settings.home / "queue.db", clock)

    def close() -> None:
        queue.close()
        stores.close()

    return Persistence(
        stores.incidents, stores.conversations, stores.ledger, stores.approvals, stores.audit, queue, close
    )


def _on_aws(settings: Settings, clock: Clock) -> Persistence:
    """Imported only here, so that SQLite's users do not pay for it. Without a queue's URL the queue is a local file."""
    from tools.queues.sqs import SqsQueue
    from tools.stores import dynamodb
    from tools.stores.dynamodb.client import own_client

    where = (settings.aws_region, settings.aws_profile, settings.aws_timeout_seconds)
    stores = dynamodb.open_stores(
        own_client("dynamodb", *where), settings.table_prefix, clock, settings.conversation_days
    )
    if settings.queue_url:
        queue = SqsQueue(own_client("sqs", *where), settings.queue_url, stores.sent_jobs, clock)
    else:
        queue = LocalQueue(settings.home / "queue.db", clock)

    def close() -> None:
        queue.close()
        stores.close()

    return Persistence(
        stores.incidents, stores.conversations, stores.ledger, stores.approvals, stores.audit, queue, close
    )
