"""Suppose that somebody wanted an action: the request that `watchkeeper policy explain` asks the policy about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agent.models import Action, Check, Preview, Resource, Risk, Severity
from agent.safety.policy import PolicyRequest
from tools.actions.catalog import ACTIONS


def supposed(
    kind: str,
    *,
    target: dict[str, Any],
    tags: dict[str, str],
    risk: Risk | None,
    affected: int,
    usd_month: float,
    severity: Severity,
    confidence: float,
    environment: str,
    requester: str,
    now: datetime,
) -> PolicyRequest:
    """Risk and reversibility are those of the kind; the worst, for one that nobody knows."""
    known = ACTIONS.get(kind)
    place = {"service": known.service, "type": known.resource_type} if known else {}
    action = Action(
        id="supposed",
        type=kind,
        target=Resource(**place, **target),
        risk=risk or (known.risk if known else Risk.high),
        reversible=known.reversible if known else False,
        expected_effect="",
        verification=Check(kind="state", name=kind, expected=""),
    )
    return PolicyRequest(
        action=action,
        preview=Preview(at=now, before={}, affected=affected, usd_month=usd_month, tags=tags),
        incident_id="supposed",
        severity=severity,
        confidence=confidence,
        requester=requester or "watchkeeper",
        asked_by_person=bool(requester),
        environment=environment,
        tags=tags,
        now=now,
    )
