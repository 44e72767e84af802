"""Small valid domain objects; a test names only what it is about."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.models import (
    Action,
    Alert,
    Approval,
    AuditEntry,
    ChatMessage,
    Check,
    Evidence,
    Incident,
    Job,
    JobKind,
    Remediation,
    Resource,
    SlackPlace,
    Step,
    new_id,
)

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
        "incident_id": "inc_1",
        "remediation_id": "rem_1",
        "action_id": "act_1",
        "payload_hash": "abc",
        "requested_by": "watchkeeper",
        "approvers": ("U1", "U2", "U3"),
        "created_at": START,
        "expires_at": START + timedelta(minutes=30),
    }
    return Approval.model_validate({**fields, **changes})


def action(**changes: Any) -> Action:
    fields = {
        "id": "act_1",
        "type": "lambda_rollback",
        "target": Resource(service="lambda", type="function", id="checkout"),
        "parameters": {"alias": "live", "version": "41"},
        "risk": "medium",
        "reversible": True,
        "expected_effect": "The alias serves version 41 again.",
        "verification": Check(kind="alarm", name="checkout-errors", expected="OK"),
    }
    return Action.model_validate({**fields, **changes})


def remediation(**changes: Any) -> Remediation:
    fields = {
        "id": new_id("rem"),
        "incident_id": "inc_1",
        "steps": (Step(action=action()),),
        "created_at": START,
        "updated_at": START,
    }
    return Remediation.model_validate({**fields, **changes})


def audit_entry(**changes: Any) -> AuditEntry:
    return AuditEntry.model_validate({"at": START, "actor": "U1", "event": "asked", "subject": "inc_1", **changes})


def job(key: str = "k1", **changes: Any) -> Job:
    fields = {"id": new_id("job"), "kind": JobKind.alert, "idempotency_key": key, "payload": {}, "created_at": START}
    return Job.model_validate({**fields, **changes})
