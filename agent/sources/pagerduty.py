"""PagerDuty's webhooks: version 3, an event on an incident, and version 2, a list of messages."""

from __future__ import annotations

from datetime import datetime

from agent.models import Alert, AlertStatus, Severity
from agent.sources import facts, senders
from agent.sources.fields import at, known, mapping_at, parts_at, text_at
from agent.sources.generic import read
from agent.sources.moments import moment
from agent.sources.source import Payload, Request, Source
from agent.sources.words import severity_of, status_of

URGENCIES = {"high": Severity.error, "low": Severity.warning}


def matches(payload: Payload) -> bool:
    if parts_at(payload, "messages"):
        return any(text_at(part, "event").startswith("incident.") for part in parts_at(payload, "messages"))
    return isinstance(at(payload, "event.event_type"), str) and isinstance(at(payload, "event.data"), dict)


def verify(request: Request, secret: str) -> str:
    """`X-PagerDuty-Signature: v1=…,v1=…`: during a change of secrets there is one for each."""
    return senders.body_signed(request, "x-pagerduty-signature", secret, prefix="v1=")


def parse(payload: Payload, received: datetime) -> list[Alert]:
    """Every event is about one incident; that it was acknowledged leaves it firing, and a note says nothing of that."""
    messages = [part for part in parts_at(payload, "messages") if mapping_at(part, "incident")]
    if messages:
        return [_alert(part, text_at(part, "event"), mapping_at(part, "incident"), received) for part in messages]
    data = mapping_at(payload, "event.data")
    # An event on a part of an incident, such as a note or a responder, names the incident beside it.
    incident = mapping_at(data, "incident") | data if text_at(data, "type") == "incident" else data
    return [_alert(payload, text_at(payload, "event.event_type"), incident, received)]


def _alert(payload: Payload, event: str, incident: Payload, received: datetime) -> Alert:
    title = text_at(incident, "title", "summary", "incident.summary", "description", "trigger_summary_data.subject")
    base = read(payload, received, "pagerduty", title=title or event or "PagerDuty event")
    service = text_at(incident, "service.summary", "service.name")
    identity = text_at(incident, "incident.id") or text_at(incident, "id")
    happened = moment(at(payload, "event.occurred_at")) or moment(at(payload, "created_on"))
    stated = status_of(text_at(incident, "status")) or status_of(event)
    told = known(
        base,
        external_id=identity,
        item_id=identity,
        delivery_id=text_at(payload, "event.id", "id"),
        status=stated or base.status,
        update=stated is None,
        severity=severity_of(text_at(incident, "priority.summary", "priority.name"))
        or URGENCIES.get(text_at(incident, "urgency").lower())
        or base.severity,
        started_at=moment(at(incident, "created_at")) or happened or received,
        said_at=happened,
        ended_at=happened if stated is AlertStatus.resolved else None,
        resource={"service": base.resource.service if base.resource.id else service, "id": base.resource.id or service},
        labels={
            name: value
            for name, value in (
                ("service", service),
                ("incident_number", text_at(incident, "number", "incident_number")),
                ("urgency", text_at(incident, "urgency")),
                ("escalation_policy", text_at(incident, "escalation_policy.summary")),
            )
            if value
        },
        system=service,
        fingerprint=facts.fingerprint("pagerduty", title or identity, text_at(incident, "service.id") or service),
    )
    pages = (text_at(incident, "html_url", "incident.html_url"), text_at(incident, "service.html_url"))
    return told.model_copy(update={"links": tuple(page for page in pages if page)})


SOURCE = Source("pagerduty", matches, parse, verify)
