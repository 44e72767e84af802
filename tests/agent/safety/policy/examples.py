"""Requests and policies that tests build on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from agent.models import Action, Check, Preview, Resource, Risk, Severity
from agent.safety.policy import ActionPolicy, Glass, PolicyRequest, parse_policy

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
"""A Wednesday."""
ACCOUNT, REGION = "123456789012", "eu-central-1"
STAGING = {"env": "staging"}
PRODUCTION = {"env": "production"}


def action(kind: str = "lambda_rollback", **changes: Any) -> Action:
    target = Resource(service="lambda", type="function", id="checkout", account=ACCOUNT, region=REGION)
    usual: dict[str, Any] = {
        "id": "act_1",
        "type": kind,
        "target": target,
        "risk": Risk.medium,
        "reversible": True,
        "expected_effect": "Errors end.",
        "verification": Check(kind="alarm", name="checkout-errors", expected="it is OK"),
    }
    return Action(**usual | changes)


def preview(**changes: Any) -> Preview:
    return Preview(**{"at": NOW, "before": {"version": "42"}, **changes})


def request(kind: str = "lambda_rollback", **changes: Any) -> PolicyRequest:
    """Something harmless that is well founded."""
    usual: dict[str, Any] = {
        "action": action(kind),
        "preview": preview(),
        "incident_id": "inc_1",
        "severity": Severity.error,
        "confidence": 0.9,
        "requester": "watchkeeper",
        "tags": STAGING,
        "now": NOW,
    }
    return PolicyRequest(**usual | changes)


def glass(by: str = "U0BOSS", reason: str = "Checkout is down, and nobody else answers.") -> Glass:
    return Glass(by=by, reason=reason)


def policy(text: str = "approvers: [U0ANNA, U0BEN, S0ONCALL]", **more: Any) -> ActionPolicy:
    return parse_policy(text, "policy.yaml", **more)
