"""What a detector found, as an alert like any other."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from agent.models import Alert, Resource, Severity, digest

SOURCE = "watchkeeper"
Detector = Literal["alarms", "bands", "metrics", "logs", "unified_log", "airflow"]


def own_alert(
    detector: Detector,
    subject: str,
    title: str,
    description: str,
    started_at: datetime,
    resource: Resource,
    *,
    severity: Severity = Severity.warning,
    metric: str = "",
    value: str = "",
    threshold: str = "",
    dag_id: str = "",
    run_id: str = "",
    link: str = "",
) -> Alert:
    """An alert of our own. The same detector and subject have the same fingerprint, whatever the figures."""
    return Alert(
        source=SOURCE,
        external_id=f"{detector}:{subject}",
        title=title,
        description=description,
        severity=severity,
        resource=resource,
        metric=metric,
        value=value,
        threshold=threshold,
        dag_id=dag_id,
        run_id=run_id,
        started_at=started_at,
        labels={"detector": detector},
        links=(link,) if link else (),
        fingerprint=digest(SOURCE, detector, subject),
    )


def severity_of(strength: float) -> Severity:
    """From four fifths of certainty on it is an error."""
    return Severity.error if strength >= 0.8 else Severity.warning
