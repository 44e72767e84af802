"""What the audit trail says of remediations: its events, and how an entry about one action is made.

Entries are written before and after each effect. `detail` holds the same names in each, as far as they are known:

    remediation_id, round, action_id, action (its type), target, parameters, payload_hash, risk, evidence, expected,
    why, before, after, result, outcome, approval_id, approved_by, break_glass, rule, policy_version, prompt_versions
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from agent.models import Approval, AuditEntry, Remediation, Step


class AuditEvent(StrEnum):
    requested = "remediation.requested"
    """Somebody asked for the known fix."""
    proposed = "action.proposed"
    refused = "action.refused"
    """By the policy or because it is not possible, before anybody was asked."""
    asked = "approval.asked"
    consented = "approval.consented"
    """One person of several that are needed."""
    approved = "approval.approved"
    by_itself = "approval.by_itself"
    """Allowed by a rule of the policy, without a person."""
    rejected = "approval.rejected"
    withdrawn = "approval.withdrawn"
    """Nobody was asked any more: the incident was over."""
    expired = "approval.expired"
    superseded = "approval.superseded"
    click_refused = "approval.click_refused"
    """Somebody's click or command did not count."""
    broke_glass = "approval.broke_glass"
    reviewed = "approval.reviewed"
    """A use of the break-glass was looked at afterwards."""
    claimed = "approval.claimed"
    intended = "action.intended"
    """About to be done: written before the effect."""
    executed = "action.executed"
    failed = "action.failed"
    uncertain = "action.uncertain"
    verified = "action.verified"
    """`outcome` is helped, no_effect, worse or unknown."""
    rolled_back = "action.rolled_back"
    escalated = "remediation.escalated"
    switched_off = "remediation.switched_off"
    switched_on = "remediation.switched_on"


def audit_entry(
    event: AuditEvent,
    actor: str,
    at: datetime,
    remediation: Remediation,
    step: Step | None = None,
    approval: Approval | None = None,
    why: str = "",
    policy_version: str = "",
    prompt_versions: Mapping[str, str] | None = None,
    **more: Any,
) -> AuditEntry:
    """`more` is added to the detail, such as `outcome="helped"`. What is empty is left out."""
    detail: dict[str, Any] = {"remediation_id": remediation.id, "round": remediation.round}
    detail |= _of_step(step, remediation.incident_id) if step else {}
    detail |= _of_approval(approval) if approval else {}
    detail |= {"why": why, "policy_version": policy_version, "prompt_versions": dict(prompt_versions or {})} | more
    kept = {name: value for name, value in detail.items() if value not in ("", None, {}, [])}
    return AuditEntry(at=at, actor=actor, event=event.value, subject=remediation.incident_id, detail=kept)


def _of_step(step: Step, incident_id: str) -> dict[str, Any]:
    action, preview, result = step.action, step.preview, step.result
    seen = result or preview
    return {
        "round": step.round,
        "action_id": action.id,
        "action": action.type,
        "target": action.target.model_dump(mode="json", exclude_defaults=True),
        "parameters": action.parameters,
        "payload_hash": action.payload_hash(incident_id),
        "risk": action.risk.value,
        "evidence": list(action.evidence),
        "expected": action.expected_effect,
        "rolls_back": action.rolls_back,
        "before": seen.before if seen else {},
        "after": seen.after if seen else {},
        "result": result.model_dump(mode="json", include={"succeeded", "reference", "message"}) if result else {},
        "approval_id": step.approval_id,
        "rule": step.rule,
    }


def _of_approval(approval: Approval) -> dict[str, Any]:
    return {
        "approval_id": approval.id,
        "payload_hash": approval.payload_hash,
        "requested_by": approval.requested_by,
        "approved_by": [mark.by for mark in approval.approved_by],
        "needed": approval.needed,
        "break_glass": approval.break_glass or None,
        "reason": approval.reason,
    }
