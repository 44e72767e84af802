"""ServiceNow: an incident's record as a business rule or flow posts it, and events of its event management."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from agent.models import Alert, AlertStatus, Severity
from agent.sources import facts, senders
from agent.sources.clean import opened
from agent.sources.fields import at, flat, known, mapping_at, parts_at, text_at
from agent.sources.generic import read
from agent.sources.moments import moment
from agent.sources.source import Payload, Source
from agent.sources.words import ranked, status_of

PRIORITIES = {
    "1": Severity.critical,
    "2": Severity.error,
    "3": Severity.warning,
    "4": Severity.info,
    "5": Severity.info,
}
EVENT_SEVERITIES = {
    "1": Severity.critical,
    "2": Severity.error,
    "3": Severity.warning,
    "4": Severity.warning,
    "5": Severity.info,
    "0": Severity.info,
}
"""Of event management: critical, major, minor, warning, info, clear."""
STATES = {
    **dict.fromkeys(("1", "2", "3"), AlertStatus.firing),
    **dict.fromkeys(("6", "7", "8"), AlertStatus.resolved),
}
"""New, in progress, on hold; resolved, closed, canceled."""
WRAPPERS = ("result", "records", "record", "incident", "data", "current")
_INSTANCE = re.compile(r"https://[\w-]{1,60}\.service-now\.com")
RECORD_KEYS = frozenset(("sys_id", "short_description", "incident_state", "sys_created_on", "cmdb_ci", "opened_at"))
EVENT_KEYS = frozenset(("node", "message_key", "metric_name", "event_class", "additional_info"))


def matches(payload: Payload) -> bool:
    return any(_is_record(part) or _is_event(part) for part in _records(payload))


def parse(payload: Payload, received: datetime) -> list[Alert]:
    """One alert a record; what is posted beside the records is the first one's."""
    records = [part for part in _records(payload) if _is_record(part) or _is_event(part)]
    if not records:
        return [read(payload, received, "servicenow")]
    return [_event(part, received) if _is_event(part) else _record(part, received) for part in records]


def _records(payload: Payload) -> list[dict[str, Any]]:
    found = [payload] if isinstance(payload, dict) else []
    for name in WRAPPERS:
        found += [part] if (part := mapping_at(payload, name)) else parts_at(payload, name)
    return found


def _is_record(part: Payload) -> bool:
    return len(RECORD_KEYS & part.keys()) >= 2 or ("number" in part and "short_description" in part)


def _is_event(part: Payload) -> bool:
    return len(EVENT_KEYS & part.keys()) >= 2 and "severity" in part


def _said(record: Payload, *names: str) -> str:
    """A field's text: as it is shown where both are given, `{"display_value": …, "value": …}`."""
    return text_at(record, *(path for name in names for path in (f"{name}.display_value", name, f"{name}.value")))


def _record(record: dict[str, Any], received: datetime) -> Alert:
    number = _said(record, "number", "task_effective_number", "sys_id")
    title = _said(record, "short_description") or number or "ServiceNow incident"
    base = read(record, received, "servicenow", title=title, prose=[_said(record, "description")])
    state = _said(record, "state", "incident_state")
    status = STATES.get(text_at(record, "state.value", "state", "incident_state")) or status_of(state) or base.status
    severity = ranked(_said(record, "priority"), PRIORITIES) or ranked(_said(record, "severity"), PRIORITIES)
    thing = _said(record, "cmdb_ci", "business_service", "service_offering")
    told = known(
        base,
        external_id=number,
        item_id=number,
        status=status,
        severity=severity or base.severity,
        started_at=_first_moment(record, "opened_at", "sys_created_on") or received,
        said_at=_first_moment(record, "sys_updated_on"),
        ended_at=_first_moment(record, "resolved_at", "closed_at") if status is AlertStatus.resolved else None,
        resource={
            "id": base.resource.id or thing,
            "service": base.resource.service or _said(record, "business_service"),
        },
        labels=_labels(record, ("number", "priority", "category", "assignment_group", "cmdb_ci", "business_service")),
        fingerprint=facts.fingerprint("servicenow", "", _said(record, "correlation_id") or number or title),
    )
    return told.model_copy(update={"links": _page(record, told.links)})


def _event(event: dict[str, Any], received: datetime) -> Alert:
    """https://…/api/global/em/jsonv2 takes these; severity 0 clears the alert with the same message key."""
    title = _said(event, "description", "message_key") or "ServiceNow event"
    base = read(event, received, "servicenow", title=title)
    severity = _said(event, "severity")
    node, metric = _said(event, "node"), _said(event, "metric_name")
    key = _said(event, "message_key") or f"{node} {_said(event, 'type')} {_said(event, 'resource')} {metric}"
    over = severity[:1] == "0" or severity.lower() == "clear" or _said(event, "resolution_state").lower() == "closing"
    return known(
        base,
        external_id=key,
        status=AlertStatus.resolved if over else AlertStatus.firing,
        severity=ranked(severity, EVENT_SEVERITIES) or base.severity,
        started_at=_first_moment(event, "time_of_event") or base.started_at,
        said_at=_first_moment(event, "time_of_event"),
        metric=base.metric or metric,
        resource={"id": base.resource.id or _said(event, "resource") or node},
        labels=flat(event) | flat(mapping_at({"": opened(event.get("additional_info"))}, "")),
        fingerprint=facts.fingerprint("servicenow", "", key),
    )


def _page(record: Payload, links: tuple[str, ...]) -> tuple[str, ...]:
    """The record's own page: as it is posted, or on the instance that its other links lead to."""
    if (stated := text_at(record, "url", "record_url", "link")).startswith("https://"):
        return (stated,)
    host = next((match[0] for link in links if (match := _INSTANCE.match(link))), "")
    sys_id, table = text_at(record, "sys_id.value", "sys_id"), text_at(record, "sys_class_name") or "incident"
    return (f"{host}/nav_to.do?uri={table}.do?sys_id={sys_id}",) if host and sys_id else ()


def _first_moment(record: Payload, *names: str) -> datetime | None:
    """The stored value is in UTC; the shown one is in the zone of whoever looks."""
    found = (moment(text_at(record, f"{name}.value") or at(record, name)) for name in names)
    return next((time for time in found if time), None)


def _labels(record: Payload, names: tuple[str, ...]) -> dict[str, str]:
    return {name: said for name in names if (said := _said(record, name))}


SOURCE = Source("servicenow", matches, parse, senders.signed)
