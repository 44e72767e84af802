"""Parts of bills and metrics that several cost tests use."""

from __future__ import annotations

from typing import Any

from agent.models import Evidence, Finding


def line(service: str, usage_type: str, daily_usd: float, *events: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"service": service, "usage_type": usage_type, "daily_usd": daily_usd, "events": list(events), **more}


def series(
    namespace: str, name: str, dimensions: dict[str, str], baseline: float, *events: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """A count (the Sum of a minute) unless `statistic_kind` says otherwise."""
    kind = {"statistic_kind": "count", "noise": 0.03}
    parts = {"namespace": namespace, "name": name, "dimensions": dimensions, "baseline": baseline}
    return {**kind, **parts, "events": list(events), **more}


def kinds(evidence: Evidence, kind: str) -> list[Finding]:
    return [finding for finding in evidence.findings if finding.kind == kind]


STEADY = [line("Amazon Redshift", "Node:ra3.xlplus", 52), line("Amazon DynamoDB", "WriteRequestUnits", 9)]
NAT_SPIKE = [
    line("EC2 - Other", "NatGateway-Bytes", 22, {"from": "-4d", "add": 240}),
    line("EC2 - Other", "EBS:VolumeUsage.gp3", 10),
]
