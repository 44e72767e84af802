"""The stores on DynamoDB, for a deployment in AWS or several processes on several machines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from agent.ports import Archive, Clock
from tools.stores.dynamodb.approvals import DynamoApprovalStore
from tools.stores.dynamodb.audit import DynamoAuditLog
from tools.stores.dynamodb.conversations import DynamoConversationStore
from tools.stores.dynamodb.feedback import DynamoFeedbackStore
from tools.stores.dynamodb.incidents import DynamoIncidentStore
from tools.stores.dynamodb.ledger import DynamoAlertLedger
from tools.stores.dynamodb.locks import DynamoLockStore
from tools.stores.dynamodb.mutes import DynamoMuteStore
from tools.stores.dynamodb.remediations import DynamoRemediationStore
from tools.stores.dynamodb.sent import SentJobs
from tools.stores.dynamodb.spend import DynamoSpendLedger
from tools.stores.dynamodb.state import DynamoStateStore
from tools.stores.dynamodb.stops import DynamoStopRequests
from tools.stores.dynamodb.table import Connection


@dataclass(frozen=True)
class Stores:
    """The stores over one client, and the record of queued jobs that an SQS queue needs."""

    incidents: DynamoIncidentStore
    conversations: DynamoConversationStore
    ledger: DynamoAlertLedger
    remediations: DynamoRemediationStore
    approvals: DynamoApprovalStore
    audit: DynamoAuditLog
    mutes: DynamoMuteStore
    feedback: DynamoFeedbackStore
    spend: DynamoSpendLedger
    locks: DynamoLockStore
    stops: DynamoStopRequests
    state: DynamoStateStore
    sent_jobs: SentJobs
    connection: Connection

    def close(self) -> None:
        self.connection.close()


def open_stores(client: Any, prefix: str, clock: Clock, archive: Archive, conversation_days: int = 7) -> Stores:
    """`client` is boto3's, from `own_client`; `archive` takes what is too large for an item.

    No request is made here; a missing table is reported when it is used.
    """
    connection = Connection(client, prefix, clock)
    return Stores(
        incidents=DynamoIncidentStore(connection, clock, archive),
        conversations=DynamoConversationStore(connection, clock, timedelta(days=conversation_days), archive),
        ledger=DynamoAlertLedger(connection, clock),
        remediations=DynamoRemediationStore(connection, archive),
        approvals=DynamoApprovalStore(connection, clock),
        audit=DynamoAuditLog(connection, clock),
        mutes=DynamoMuteStore(connection, clock),
        feedback=DynamoFeedbackStore(connection, clock),
        spend=DynamoSpendLedger(connection, clock),
        locks=DynamoLockStore(connection, clock),
        stops=DynamoStopRequests(connection, clock),
        state=DynamoStateStore(connection, clock),
        sent_jobs=SentJobs(connection, clock),
        connection=connection,
    )
