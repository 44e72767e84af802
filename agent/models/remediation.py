"""Changes that are proposed, allowed, made and written down."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from agent.models.alerts import Resource
from agent.models.base import Model, UtcTime


class Risk(StrEnum):
    low = "low"
    medium = "medium"
    high = "high"


class Action(Model):
    """One typed change that a plan proposes. Code, never a model, turns it into an API call."""

    id: str
    type: str
    target: Resource
    parameters: dict[str, Any] = Field(default={})
    risk: Risk
    reversible: bool
    expected_effect: str
    verification: str


class RemediationPlan(Model):
    id: str
    incident_id: str
    actions: tuple[Action, ...]
    created_at: UtcTime


class Approval(Model):
    """Consent to exactly one payload, by one of the named people, once, before it expires."""

    id: str
    action_id: str
    payload_hash: str
    requested_by: str
    approvers: tuple[str, ...]
    decided_by: str = ""
    decision: Literal["pending", "approved", "rejected", "expired"] = "pending"
    expires_at: UtcTime


class ActionResult(Model):
    action_id: str
    succeeded: bool
    before: dict[str, Any] = Field(default={})
    after: dict[str, Any] = Field(default={})
    rollback_handle: dict[str, Any] = Field(default={})
    message: str = ""


class AuditEntry(Model):
    """One line of the audit trail: who did what to what, and when."""

    at: UtcTime
    actor: str
    event: str
    subject: str
    detail: dict[str, Any] = Field(default={})
