"""The embedded stores: one SQLite file, no server, correct under several threads and processes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from agent.ports import Clock
from tools.stores.sqlite.approvals import SqliteApprovalStore
from tools.stores.sqlite.audit import SqliteAuditLog
from tools.stores.sqlite.conversations import SqliteConversationStore
from tools.stores.sqlite.database import Database
from tools.stores.sqlite.feedback import SqliteFeedbackStore
from tools.stores.sqlite.incidents import SqliteIncidentStore
from tools.stores.sqlite.ledger import SqliteAlertLedger
from tools.stores.sqlite.locks import SqliteLockStore
from tools.stores.sqlite.mutes import SqliteMuteStore
from tools.stores.sqlite.remediations import SqliteRemediationStore
from tools.stores.sqlite.schema import MIGRATIONS
from tools.stores.sqlite.spend import SqliteSpendLedger
from tools.stores.sqlite.state import SqliteStateStore
from tools.stores.sqlite.stops import SqliteStopRequests


@dataclass(frozen=True)
class Stores:
    """The stores over one file."""

    incidents: SqliteIncidentStore
    conversations: SqliteConversationStore
    ledger: SqliteAlertLedger
    remediations: SqliteRemediationStore
    approvals: SqliteApprovalStore
    audit: SqliteAuditLog
    mutes: SqliteMuteStore
    feedback: SqliteFeedbackStore
    spend: SqliteSpendLedger
    locks: SqliteLockStore
    stops: SqliteStopRequests
    state: SqliteStateStore
    database: Database

    def close(self) -> None:
        self.database.close()


def open_stores(path: Path, clock: Clock, conversation_days: int = 7) -> Stores:
    """Open or create the file at `path`, its folder too. StoreUnavailable says what to do when that fails."""
    database = Database(path, MIGRATIONS)
    return Stores(
        incidents=SqliteIncidentStore(database),
        conversations=SqliteConversationStore(database, clock, timedelta(days=conversation_days)),
        ledger=SqliteAlertLedger(database, clock),
        remediations=SqliteRemediationStore(database),
        approvals=SqliteApprovalStore(database, clock),
        audit=SqliteAuditLog(database, clock),
        mutes=SqliteMuteStore(database, clock),
        feedback=SqliteFeedbackStore(database),
        spend=SqliteSpendLedger(database, clock),
        locks=SqliteLockStore(database, clock),
        stops=SqliteStopRequests(database, clock),
        state=SqliteStateStore(database, clock),
        database=database,
    )
