"""What the core asks of the world. One Protocol a port; adapters live in `tools/` and `slack_app/`.

Every adapter of a port passes the same suite in `tests/contracts/`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

from langchain_core.language_models import BaseChatModel

from agent.budgets import RunBudget, RunMeter
from agent.knowledge import KnowledgeBase
from agent.models import (
    Alert,
    Approval,
    AuditEntry,
    ChatMessage,
    Conversation,
    Feedback,
    Incident,
    IncidentStatus,
    Job,
    Mute,
    SlackPlace,
    Spend,
)
from agent.settings import Settings
from agent.telemetry import NO_METRICS, Metrics

T = TypeVar("T")

Clock = Callable[[], datetime]
"""Now, in aware UTC."""

ModelRole = Literal["router", "specialist", "analyst", "offline"]
"""`router` decides who looks, `specialist` gathers, `analyst` explains; `offline` is the last resort of all three."""


class IncidentStore(Protocol):
    """Incidents by id and by Slack thread. Writes replace the whole incident; the timeline only grows."""

    async def save(self, incident: Incident) -> None: ...
    async def get(self, incident_id: str) -> Incident | None: ...
    async def by_thread(self, place: SlackPlace) -> Incident | None: ...
    async def by_status(self, status: IncidentStatus, limit: int = 50) -> list[Incident]:
        """Newest first."""
        ...


class ConversationStore(Protocol):
    """Slack threads with Watchkeeper in them, kept until `expires_at`."""

    async def get(self, place: SlackPlace) -> Conversation | None: ...
    async def append(self, place: SlackPlace, message: ChatMessage) -> Conversation:
        """Add one turn and renew the expiry. A turn with the same role and `ts` is added once."""
        ...

    async def purge_expired(self) -> int:
        """Delete what has expired; returns how many."""
        ...


@dataclass(frozen=True)
class Sighting:
    """What the ledger knows of a fingerprint after recording one more sighting."""

    first: bool
    count: int
    first_seen: datetime
    last_seen: datetime
    incident_id: str


class AlertLedger(Protocol):
    """Deduplication by conditional write: of any number of concurrent sightings exactly one is first in its window."""

    async def record(self, alert: Alert, incident_id: str, window_seconds: float = 3600) -> Sighting: ...
    async def claim(self, key: str, ttl_seconds: float = 86_400) -> bool:
        """True for the first caller with this key only."""
        ...


class ApprovalStore(Protocol):
    """Approvals; `decide` succeeds once."""

    async def save(self, approval: Approval) -> None: ...
    async def get(self, approval_id: str) -> Approval | None: ...
    async def decide(self, approval_id: str, decision: Literal["approved", "rejected", "expired"], by: str) -> bool:
        """False when it was already decided."""
        ...


class AuditLog(Protocol):
    """Append-only."""

    async def append(self, entry: AuditEntry) -> None: ...
    async def read(self, subject: str | None = None, limit: int = 100) -> list[AuditEntry]:
        """Newest first."""
        ...


class Queue(Protocol):
    """At-least-once delivery with leases, as SQS: what is not deleted before its lease ends comes back.

    `send` is synchronous because listeners are; the rest is for the worker.
    """

    def send(self, job: Job, delay_seconds: float = 0) -> bool:
        """False when a job with this idempotency key was queued before."""
        ...

    async def receive(self, max_jobs: int = 1, lease_seconds: float = 60, wait_seconds: float = 0) -> list[Job]:
        """Leased jobs; `attempt` counts receives, from 1. A job received too often moves to the dead letters."""
        ...

    async def extend(self, job: Job, lease_seconds: float) -> None: ...
    async def delete(self, job: Job) -> None: ...
    async def release(self, job: Job, delay_seconds: float = 0) -> None:
        """Give up the lease now; the job comes back after the delay."""
        ...

    async def dead_letters(self, limit: int = 50) -> list[Job]: ...
    async def depth(self) -> int:
        """Jobs that are waiting or leased."""
        ...


class Messenger(Protocol):
    """Shows things to people. Blocks are Slack Block Kit dicts; `text` is the fallback."""

    async def post(self, place: SlackPlace, text: str, blocks: Sequence[dict[str, Any]] = ()) -> str:
        """Post into the thread; returns the message's ts."""
        ...

    async def update(self, place: SlackPlace, ts: str, text: str, blocks: Sequence[dict[str, Any]] = ()) -> None: ...
    async def find_own(self, place: SlackPlace, after_ts: str, known: Collection[str] = ()) -> str:
        """The ts of Watchkeeper's first message in the thread after another that is none of the known; "" if none."""
        ...

    async def set_status(self, place: SlackPlace, text: str) -> bool:
        """What is being done right now; an empty text clears it. False where the status cannot be shown."""
        ...


class Archive(Protocol):
    """Bytes by key, such as `conversations/year=2026/month=11/day=21/….json`; a folder locally, S3 on AWS."""

    async def put(self, key: str, body: bytes) -> str:
        """Where it was put: a `file:` or `s3:` address."""
        ...

    async def get(self, key: str) -> bytes | None: ...
    async def keys(self, prefix: str, limit: int = 1000) -> list[str]:
        """In order of their names."""
        ...


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


class FeedbackStore(Protocol):
    """One opinion for each answer and person; the latest counts."""

    async def save(self, feedback: Feedback) -> None: ...
    async def recent(self, limit: int = 100) -> list[Feedback]:
        """Newest first."""
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


class TicketSystem(Protocol):
    async def open(self, incident: Incident) -> str: ...
    async def comment(self, ticket_id: str, text: str) -> None: ...
    async def close(self, ticket_id: str, text: str) -> None: ...


class AwsSession(Protocol):
    """The AWS port: read-only boto3 clients of one account and region, made once and shared between threads."""

    region: str
    label: str
    """`home`, or the id of another account; unlike `account`, known without asking AWS."""

    @property
    def account(self) -> str: ...
    @property
    def partition(self) -> str: ...
    def client(self, service: str, region: str = "") -> Any: ...
    def at(self, account: str = "", region: str = "") -> AwsSession:
        """Another account, by id or name, and region; InputError when it is not configured."""
        ...


class EvidenceCache(Protocol):
    """Answers kept for a while. Of several that ask for the same at once, one loads and the others wait."""

    def fetch(self, key: str, seconds: float, load: Callable[[], T], keep: Callable[[T], bool] = ...) -> T:
        """What is kept under the key, else what `load` gives, kept for so long when `keep` says so."""
        ...

    def forget(self, prefix: str) -> None:
        """Drop every entry whose key begins so: something happened that makes them old."""
        ...


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
    approvals: ApprovalStore
    audit: AuditLog
    mutes: MuteStore
    feedback: FeedbackStore
    spend: SpendLedger
    locks: LockStore
    stops: StopRequests
    archive: Archive
    queue: Queue
    cache: EvidenceCache
    budget: RunBudget = field(default_factory=RunBudget)
    """What this run may spend on evidence; each run gets its own."""
    meter: RunMeter = field(default_factory=RunMeter)
    """What language models took in this run and may still take; each run gets its own."""
    metrics: Metrics = NO_METRICS
    """What is counted for Prometheus; nothing by default."""
