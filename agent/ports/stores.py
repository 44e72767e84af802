"""Where incidents, conversations, consent and the audit trail are kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, Protocol

from agent.models import Approval, AuditEntry, ChatMessage, Conversation, Feedback, Incident, IncidentStatus, SlackPlace


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
