"""Any other payload: every text in it, and the facts that can be recognised."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from agent.models import Alert, AlertStatus, Resource
from agent.sources import facts

MAX_DESCRIPTION_CHARS = 3000
TITLE_KEYS = (
    *("title", "alert_title", "alertname", "alarmname", "name", "subject", "short_description", "summary"),
    *("detail-type", "message", "text"),
)
"""Where tools put what happened, the most telling first, in lower case."""
STATUS_KEYS = ("status", "state", "event_type", "alert_transition", "newstatevalue")
OVER = ("ok", "resolved", "recovered", "closed", "incident.resolved")
MAX_TITLE_CHARS = 200

Leaf = tuple[str, str]


def matches(payload: Mapping[str, Any]) -> bool:
    return True


def parse(payload: Mapping[str, Any], received: datetime) -> Alert:
    """A generic alert. An unknown shape keeps all its text in the description."""
    leaves = list(_leaves(payload))
    found = (value for key in TITLE_KEYS for name, value in leaves if name.lower() == key)
    title = next((value for value in found if value.strip()), "Alert of an unknown shape")
    text = "\n".join(f"{name}: {value}" if name else value for name, value in leaves)
    alert = from_text("generic", title, f"{title}\n{text}", received)
    status = next((AlertStatus.resolved if over else AlertStatus.firing for over in _stated(payload)), alert.status)
    return alert.model_copy(update={"status": status})


def _stated(payload: Mapping[str, Any]) -> Iterator[bool]:
    """Whether it is over, from the payload's own status or its event's, not from those of the parts in it."""
    for level in (payload, payload.get("event"), payload.get("detail")):
        if isinstance(level, Mapping):
            for name, value in cast("Mapping[str, Any]", level).items():
                if name.lower() in STATUS_KEYS and isinstance(value, str):
                    yield value.lower() in OVER


def _leaves(node: Any, name: str = "") -> Iterator[Leaf]:
    """Every text and number with its key, outermost first; JSON inside a text is opened."""
    if isinstance(node, Mapping):
        items = list(cast("Mapping[str, Any]", node).items())
        nested = [(key, _opened(value)) for key, value in items]
        for key, value in sorted(nested, key=lambda item: isinstance(item[1], Mapping | list)):
            yield from _leaves(value, key)
    elif isinstance(node, Sequence) and not isinstance(node, str | bytes):
        for item in cast("Sequence[Any]", node):
            yield from _leaves(item, name)
    elif node is not None and str(node).strip():
        yield name, str(node)


def _opened(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


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
