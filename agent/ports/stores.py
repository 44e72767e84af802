"""Where incidents, conversations, consent and the audit trail are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from agent.audit_chain import ChainHead, Line
from agent.models import (
    Approval,
    AuditEntry,
    ChatMessage,
    Conversation,
    Feedback,
    Incident,
    IncidentStatus,
    Mark,
    Remediation,
    RemediationStatus,
    SlackPlace,
)


class IncidentStore(Protocol):
    """Incidents by id, Slack thread, status and time. A write replaces the whole incident; its timeline only grows."""

    async def save(self, incident: Incident) -> None: ...
    async def create(self, incident: Incident) -> bool:
        """False, and nothing is written, when there is one with this id."""
        ...

    async def change(self, incident_id: str, change: Callable[[Incident], Incident]) -> Incident | None:
        """Apply a change atomically; returns the incident after it, or None when there is none.

        `change` is pure: it may be called again with a newer incident when somebody else wrote in between. Giving back
        its argument writes nothing.
        """
        ...

    async def get(self, incident_id: str) -> Incident | None: ...
    async def by_thread(self, place: SlackPlace) -> Incident | None: ...
    async def by_status(self, status: IncidentStatus, limit: int = 50) -> list[Incident]:
        """Newest first."""
        ...

    async def recent(self, since: datetime, limit: int = 200) -> list[Incident]:
        """Those with an alert (or, without one, made) at or after a time, newest first, whatever their status."""
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


class RemediationStore(Protocol):
    """Remediations by id, incident and status. What comes back is what is stored: redacted."""

    async def create(self, remediation: Remediation) -> bool:
        """False, and nothing is written, when there is one with this id."""
        ...

    async def get(self, remediation_id: str) -> Remediation | None: ...
    async def change(self, remediation_id: str, change: Callable[[Remediation], Remediation]) -> Remediation | None:
        """Apply a pure change atomically, as `IncidentStore.change` does."""
        ...

    async def of_incident(self, incident_id: str) -> list[Remediation]:
        """Newest first."""
        ...

    async def by_status(self, status: RemediationStatus, limit: int = 50) -> list[Remediation]:
        """Newest first."""
        ...

    async def open(self, limit: int = 50) -> list[Remediation]:
        """Those that are not over, oldest first: what to go on with after a crash."""
        ...


class ApprovalStore(Protocol):
    """Approvals, by the rules of `agent.consent`, each applied atomically. None: unknown, or it did not count."""

    async def save(self, approval: Approval) -> None:
        """The first save of an id counts."""
        ...

    async def get(self, approval_id: str) -> Approval | None: ...
    async def pending(self, limit: int = 50) -> list[Approval]:
        """Oldest first, those whose time is over included."""
        ...

    async def approve(self, approval_id: str, mark: Mark) -> Approval | None:
        """One person's consent, once; it is approved when `needed` different people have given theirs."""
        ...

    async def reject(self, approval_id: str, mark: Mark) -> Approval | None: ...
    async def expire(self, approval_id: str) -> Approval | None: ...
    async def supersede(self, approval_id: str) -> Approval | None: ...
    async def place(self, approval_id: str, place: SlackPlace, message_ts: str) -> Approval | None:
        """Where its card is; settable once."""
        ...

    async def claim(self, approval_id: str, by: str) -> bool:
        """Whether `by`, an execution, may use it: one may, and may ask again."""
        ...


class AuditLog(Protocol):
    """Append-only, and one hash chain (`agent.audit_chain`)."""

    @property
    def keeps(self) -> timedelta | None:
        """How long at least; None for ever."""
        ...

    async def append(self, entry: AuditEntry) -> AuditEntry:
        """What is stored: redacted, and chained to the line before. RetryLater when too many write at once."""
        ...

    async def read(self, subject: str | None = None, limit: int = 100) -> list[AuditEntry]:
        """Newest first."""
        ...

    def walk(self, since_sequence: int = 0) -> AsyncIterator[Line]:
        """All lines after that one, oldest first, as they lie there; from 0 on also those from before the chain."""
        ...

    async def head(self) -> ChainHead | None:
        """Where the chain ends, which is kept apart from its lines; None before the first."""
        ...


class FeedbackStore(Protocol):
    """One opinion for each answer and person; the latest counts."""

    async def save(self, feedback: Feedback) -> None: ...
    async def recent(self, limit: int = 100) -> list[Feedback]:
        """Newest first."""
        ...


class StateStore(Protocol):
    """Small JSON documents by key, such as what a detector has learnt or when a digest was last told."""

    async def get(self, key: str) -> dict[str, Any] | None: ...
    async def put(self, key: str, value: dict[str, Any], ttl_seconds: float = 2_592_000) -> None: ...
    async def change(
        self, key: str, change: Callable[[dict[str, Any]], dict[str, Any]], ttl_seconds: float = 2_592_000
    ) -> dict[str, Any]:
        """Apply a pure change atomically to what is there, `{}` at first; returns what is there after it."""
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
