"""What every describer returns, and the finding that says what a resource is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.changes import Change
from agent.models import Finding
from tools.evidence.infra.inventory import Item


@dataclass
class Described:
    """Findings about one resource, where to see it, and what could not be read."""

    findings: list[Finding]
    console_url: str
    caveat: str = ""


def state_finding(item: Item, facts: Mapping[str, object], at: datetime | None = None) -> Finding:
    """`resource_state`: the facts that are there, as a sentence and as attributes."""
    known = {name: _words(value) for name, value in facts.items() if value not in (None, "", [], (), {})}
    listed = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in known.items())
    return Finding(
        kind="resource_state",
        statement=f"{item.type.replace('-', ' ').capitalize()} {item.name}: {listed}."[:380],
        strength=0.3,
        at=at,
        resource=item.name,
        attributes={"service": item.service, "type": item.type, **{k: v[:120] for k, v in known.items()}},
    )


def has_failed(change: Change) -> bool:
    """Whether a rollout failed or was taken back, by what its detail begins with or says in CloudFormation's words."""
    return "ROLLBACK" in change.detail or re.search(r"(^|; |_)failed", change.detail, re.IGNORECASE) is not None


def recent_strength(at: datetime, now: datetime, fresh: float = 0.7) -> float:
    """How telling it is that something happened at `at`: `fresh` within three hours, less by the day, 0.15 at least."""
    hours = max((now - at).total_seconds() / 3600, 0)
    return round(fresh if hours <= 3 else max(fresh / (1 + (hours - 3) / 12), 0.15), 3)


def _words(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, Mapping):
        return "; ".join(f"{k}={v}" for k, v in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(part) for part in value)
    return str(value)
