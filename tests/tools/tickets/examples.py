"""An incident that has been analysed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from agent.models import (
    Alert,
    Claim,
    Diagnosis,
    Evidence,
    EvidenceStatus,
    Gap,
    Incident,
    Resource,
    Severity,
    TimelineEvent,
)

AT = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
LINK = "https://acme.slack.com/archives/C1/p1"
CONSOLE = "https://console.aws.amazon.com/cloudwatch/home#logs"


FOUND = Diagnosis(
    summary="Checkout fails for one order in five.",
    root_cause="Version 42 broke it.",
    claims=(Claim(text="Version 42 broke it.", evidence=("ev_1",)),),
    next_steps=("Roll back to version 41.",),
    gaps=(Gap(tool="find_changes", reason="CloudTrail denied it."),),
)


def incident(**fields: Any) -> Incident:
    alert = Alert(
        source="cloudwatch",
        title="checkout errors",
        severity=Severity.error,
        resource=Resource(service="lambda", id="checkout"),
        started_at=AT,
        fingerprint="f1",
    )
    piece = Evidence(
        id="ev_1",
        tool="search_logs",
        status=EvidenceStatus.ok,
        question="Which errors does checkout log?",
        query="logs:FilterLogEvents",
        summary="KeyError 214 times",
        console_url=CONSOLE,
    )
    given: dict[str, Any] = {
        "id": "inc_0123456789ab",
        "title": "checkout errors",
        "severity": Severity.error,
        "alerts": (alert,),
        "diagnosis": FOUND,
        "evidence": (piece,),
        "timeline": (TimelineEvent(at=AT, kind="opened", text="checkout errors"),),
        "created_at": AT,
        "updated_at": AT,
    }
    return Incident(**(given | fields))
