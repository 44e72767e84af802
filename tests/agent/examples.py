"""Evidence for tests, in one line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from agent.models import Alert, Evidence, EvidenceStatus, Finding, evidence_id

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def finding(
    kind: str, statement: str = "", *, resource: str = "checkout", strength: float = 0.9, **more: Any
) -> Finding:
    """`finding("metric_rise", metric="Errors")`: what is not a field of Finding is an attribute."""
    at = more.pop("at", None)
    return Finding(
        kind=kind,
        statement=statement or f"A {kind} of {resource}.",
        strength=strength,
        resource=resource,
        at=at,
        attributes=more,
    )


def evidence(*findings: Finding, tool: str = "resource_metrics", status: str = "ok", **more: Any) -> Evidence:
    fields: dict[str, Any] = {"question": f"What does {tool} show?", "query": f"{tool} {{}}", "summary": "Looked."}
    fields |= more
    return Evidence(
        id=fields.pop("id", evidence_id(tool, {"seed": [f.statement for f in findings]})),
        tool=tool,
        status=EvidenceStatus(status),
        findings=findings,
        **fields,
    )


def alert(title: str = "checkout errors", **fields: Any) -> Alert:
    return Alert(source="test", title=title, started_at=fields.pop("started_at", NOW), fingerprint="f", **fields)
