"""Everything together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.budgets import RunBudget, RunMeter
from agent.knowledge import KnowledgeBase
from agent.ports.aws import AwsSession, EvidenceCache
from agent.ports.coordination import LockStore, MuteStore, SpendLedger, StopRequests
from agent.ports.core import Clock, ModelRole
from agent.ports.ledger import AlertLedger
from agent.ports.outside import AlertOrigin, TicketSystem
from agent.ports.queue import Queue
from agent.ports.sealing import NobodysSealer, Sealer
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
from agent.settings import Settings
from agent.telemetry import NO_METRICS, Metrics

if TYPE_CHECKING:  # half a second to import, which commands that ask no model need not wait for
    from langchain_core.language_models import BaseChatModel


@dataclass(frozen=True)
class Deps:
    """All that the graphs and tools may know of the world. Built only by `slack_app.bootstrap`."""

    settings: Settings
    clock: Clock
    aws: AwsSession
    models: Callable[[ModelRole], BaseChatModel]
    knowledge: KnowledgeBase
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
    cache: EvidenceCache
    tickets: tuple[TicketSystem, ...] = ()
    origins: tuple[AlertOrigin, ...] = ()
    """The monitoring tools that may be told that an alert is dealt with."""
    budget: RunBudget = field(default_factory=RunBudget)
    """What this run may spend on evidence; each run gets its own."""
    meter: RunMeter = field(default_factory=RunMeter)
    """What language models took in this run and may still take; each run gets its own."""
    metrics: Metrics = NO_METRICS
    """What is counted for Prometheus; nothing by default."""
    sealer: Sealer = field(default_factory=NobodysSealer)
    """What encrypts the fields that must be stored and would let a reader act."""
