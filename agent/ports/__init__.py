"""What the core asks of the world. One Protocol a port; adapters live in `tools/` and `slack_app/`.

Every adapter of a port passes the same suite in `tests/contracts/`.
"""

from agent.ports.aws import AwsSession, EvidenceCache
from agent.ports.coordination import Lease, LockStore, MuteStore, SpendLedger, StopRequests
from agent.ports.core import Clock, ModelRole
from agent.ports.deps import Deps
from agent.ports.ledger import AlertLedger, Episode, Sighting, Tally
from agent.ports.outside import AlertOrigin, Messenger, Page, Pager, TicketSystem
from agent.ports.queue import DeadLetter, Queue, Waiting
from agent.ports.sealing import Sealer
from agent.ports.stores import (
    ApprovalStore,
    Archive,
    AuditLog,
    ConversationStore,
    FeedbackStore,
    IncidentStore,
    RemediationStore,
    StateStore,
)

__all__ = [
    "AlertLedger",
    "AlertOrigin",
    "ApprovalStore",
    "Archive",
    "AuditLog",
    "AwsSession",
    "Clock",
    "ConversationStore",
    "DeadLetter",
    "Deps",
    "Episode",
    "EvidenceCache",
    "FeedbackStore",
    "IncidentStore",
    "Lease",
    "LockStore",
    "Messenger",
    "ModelRole",
    "MuteStore",
    "Page",
    "Pager",
    "Queue",
    "RemediationStore",
    "Sealer",
    "Sighting",
    "SpendLedger",
    "StateStore",
    "StopRequests",
    "Tally",
    "TicketSystem",
    "Waiting",
]
