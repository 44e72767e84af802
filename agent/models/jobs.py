"""What the queue carries."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any

from agent.models.base import Model, UtcTime


class JobKind(StrEnum):
    """`alert`: something arrived; `analysis`: an incident wants a diagnosis; `living`: its message is to be redrawn;
    `ownership`: somebody acknowledged, took, snoozed, escalated or resolved it; `digest`: what was held back is told;
    `sweep`: analyses that died without a word are given up.
    """

    alert = "alert"
    mention = "mention"
    stop = "stop"
    feedback = "feedback"
    evidence = "evidence"
    command = "command"
    analysis = "analysis"
    living = "living"
    ownership = "ownership"
    digest = "digest"
    ticket = "ticket"
    approval = "approval"
    tick = "tick"
    sweep = "sweep"
    verify = "verify"


class Urgency(IntEnum):
    """In which order waiting jobs are taken; what is equally urgent, oldest first."""

    critical = 0
    normal = 1
    low = 2


class Job(Model):
    """What the queue carries. `payload` is small and plain; the same `idempotency_key` is never queued twice."""

    id: str
    kind: JobKind
    idempotency_key: str
    payload: dict[str, Any]
    urgency: Urgency = Urgency.normal
    attempt: int = 0
    created_at: UtcTime
    retried_at: UtcTime | None = None
    """When a person took it out of the dead letters: from then on it has a day again."""
