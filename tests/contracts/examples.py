"""Small valid domain objects; a test names only what it is about."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.models import Alert, Approval, AuditEntry, ChatMessage, Evidence, Incident, Job, JobKind, SlackPlace, new_id

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PLACE = SlackPlace(team="T1", channel="C1", thread_ts="1772442000.000100")


def noise(length: int) -> str:
    """Text that hardly packs: random words, of letters that spell nothing which might be taken for a secret."""
    letters = random.Random(length).choices("bcfghjklmnqrtvxz ", k=length)
    return "".join(letters)


def alert(**changes: Any) -> Alert:
    return Alert.model_validate(
        {"source": "cloudwatch", "title": "Errors", "started_at": START, "fingerprint": "f1", **changes}
    )


def evidence(**changes: Any) -> Evidence:
    fields = {
        "id": "ev_1",
        "tool": "metrics",
        "status": "ok",
        "question": "q",
        "query": "GetMetricData",
        "summary": "s",
    }
    return Evidence.model_validate({**fields, **changes})


def incident(**changes: Any) -> Incident:
    return Incident.model_validate(
        {"id": new_id("inc"), "title": "Errors", "created_at": START, "updated_at": START, **changes}
    )


def message(text: str = "why?", **changes: Any) -> ChatMessage:
    return ChatMessage.model_validate({"role": "user", "text": text, "at": START, **changes})


def approval(**changes: Any) -> Approval:
    fields = {
        "id": new_id("apr"),
        "action_id": "act_1",
        "payload_hash": "abc",
        "requested_by": "watchkeeper",
        "approvers": ("U1",),
        "expires_at": START + timedelta(minutes=30),
    }
    return Approval.model_validate({**fields, **changes})


def audit_entry(**changes: Any) -> AuditEntry:
    return AuditEntry.model_validate({"at": START, "actor": "U1", "event": "asked", "subject": "inc_1", **changes})


def job(key: str = "k1", **changes: Any) -> Job:
    fields = {"id": new_id("job"), "kind": JobKind.alert, "idempotency_key": key, "payload": {}, "created_at": START}
    return Job.model_validate({**fields, **changes})
