"""The words that tools have for how bad something is and whether it is over, in ours."""

from __future__ import annotations

import re
from collections.abc import Mapping

from agent.models import AlertStatus, Severity

SEVERITIES: dict[str, Severity] = {
    **dict.fromkeys(
        ("critical", "crit", "fatal", "emergency", "disaster", "page", "p0", "p1", "sev0", "sev1", "s1", "blocker"),
        Severity.critical,
    ),
    **dict.fromkeys(
        ("error", "err", "high", "major", "p2", "sev2", "s2", "alarm", "severe", "urgent"),
        Severity.error,
    ),
    **dict.fromkeys(
        ("warning", "warn", "medium", "moderate", "average", "minor", "p3", "sev3", "s3"),
        Severity.warning,
    ),
    **dict.fromkeys(
        (
            "info",
            "informational",
            "information",
            "low",
            "p4",
            "p5",
            "sev4",
            "sev5",
            "s4",
            "notice",
            "debug",
            "planning",
        ),
        Severity.info,
    ),
}
OVER = frozenset(
    (
        *("ok", "resolved", "resolve", "recovered", "recovery", "closed", "close", "normal", "success", "succeeded"),
        *("solved", "done", "completed", "fixed", "healthy", "inactive", "canceled", "cancelled", "green", "up"),
    )
)
FIRING = frozenset(
    (
        *("firing", "alerting", "alert", "alarm", "triggered", "trigger", "open", "opened", "active", "new", "created"),
        *("problem", "failed", "failing", "failure", "error", "errored", "warning", "warn", "critical", "down", "red"),
        *("acknowledged", "re-triggered", "renotify", "no data", "unresolved", "in progress", "on hold", "reopened"),
    )
)
SYSTEM_LABELS = (
    *("system", "product", "application", "app", "cluster", "kubernetes_cluster", "kube_cluster_name", "namespace"),
    *("kube_namespace", "env", "environment"),
)
"""Labels that name what several alerts have in common, the most telling first."""

_LEADING = re.compile(r"^\W*(?:\d\s*[-–:]\s*)?([a-z]+(?:[ -]?\d)?)", re.I)
_LAST = re.compile(r"[.:]")
_ARROW = re.compile(r"\s{0,3}(?:→|->|=>)\s{0,3}")


def severity_of(word: str) -> Severity | None:
    """`critical`, `P1`, `SEV-2`, `1 - Critical`, `Level: high`; None where the word says nothing."""
    lower = word.strip().lower()
    if lower in SEVERITIES:
        return SEVERITIES[lower]
    match = _LEADING.match(lower[:60])
    return SEVERITIES.get(match[1].replace("-", "").replace(" ", "")) if match else None


def ranked(level: str, levels: Mapping[str, Severity]) -> Severity | None:
    """A severity that a tool gives as a number, `1` or `1 - High`."""
    return levels.get(level.strip()[:1]) or severity_of(level)


def status_of(word: str) -> AlertStatus | None:
    """`Resolved`, `incident.triggered`, `OK → ALARM` (the last counts); None where the word says nothing."""
    lower = _ARROW.split(word.strip().lower()[:60])[-1].strip("*_`'\" ")
    for said in (lower, _LAST.split(lower)[-1], lower.partition(" ")[0]):
        if said in OVER:
            return AlertStatus.resolved
        if said in FIRING:
            return AlertStatus.firing
    return None


def system_of(labels: Mapping[str, str]) -> str:
    lower = {name.lower(): value for name, value in labels.items()}
    return next((lower[name] for name in SYSTEM_LABELS if lower.get(name)), "")
