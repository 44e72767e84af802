"""Any other payload: every text in it, and the facts that can be recognised."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from agent.models import Alert, Resource
from agent.sources import facts

MAX_DESCRIPTION_CHARS = 3000
TITLE_KEYS = ("title", "alert_title", "alertname", "name", "subject", "summary", "message", "text")
MAX_TITLE_CHARS = 200


def matches(payload: Mapping[str, Any]) -> bool:
    return True


def parse(payload: Mapping[str, Any], received: datetime) -> Alert:
    """A generic alert. An unknown shape keeps all its text in the description."""
    title = next((str(payload[key]) for key in TITLE_KEYS if payload.get(key)), "Alert of an unknown shape")
    text = json.dumps(payload, default=str, ensure_ascii=False)
    return from_text("generic", title, f"{title}\n{text}", received)


def from_text(source: str, title: str, text: str, started_at: datetime, *, external_id: str = "") -> Alert:
    """An alert from prose: whatever `facts` recognises fills the fields."""
    dimensions = facts.dimensions_in(text)
    metric_service, metric = facts.metric_in(text)
    dag, task, run = facts.airflow_in(text)
    service = facts.service_of(text, dimensions, metric_service, dag)
    resource = next((v for name, v in dimensions.items() if facts.DIMENSIONS[name] == service), "") or dag
    alarm = facts.alarm_in(text)
    return Alert(
        source=source,
        external_id=external_id,
        title=" ".join(title.split())[:MAX_TITLE_CHARS],
        description=" ".join(text.split())[:MAX_DESCRIPTION_CHARS],
        severity=facts.severity_in(text),
        status=facts.status_in(text),
        resource=Resource(service=service, id=resource, region=facts.region_in(text), account=facts.account_in(text)),
        metric=metric,
        dag_id=dag,
        task_id=task,
        run_id=run,
        started_at=started_at.astimezone(UTC),
        labels={"alarm_name": alarm} if alarm else {},
        links=facts.links_in(text),
        fingerprint=facts.fingerprint(source, title, alarm, resource, task),
    )
