"""Opsgenie's webhook: an action on an alert."""

from __future__ import annotations

from datetime import datetime

from agent.models import Alert, AlertStatus, Severity
from agent.sources import facts, senders
from agent.sources.fields import at, flat, known, mapping_at, tags, text_at
from agent.sources.generic import read
from agent.sources.moments import moment
from agent.sources.source import Payload, Source
from agent.sources.words import severity_of, system_of

CLOSING = frozenset(("close", "delete", "resolve"))
NOTES = frozenset(("addnote", "addtags", "removetags", "adddetails", "removedetails", "addteam", "addrecipient"))
"""Actions on alerts that may be closed."""


def matches(payload: Payload) -> bool:
    return bool(text_at(payload, "action")) and bool(text_at(payload, "alert.alertId", "alert.tinyId"))


def parse(payload: Payload, received: datetime) -> list[Alert]:
    """Every action but closing leaves the alert firing."""
    alert = mapping_at(payload, "alert")
    title = text_at(alert, "message") or "Opsgenie alert"
    base = read(payload, received, "opsgenie", title=title, prose=[text_at(alert, "description")])
    labels = tags(at(alert, "tags")) | flat(mapping_at(alert, "details"))
    action = text_at(payload, "action").lower()
    over = action in CLOSING
    entity = text_at(alert, "entity")
    identity = text_at(alert, "alias")
    return [
        known(
            base,
            external_id=identity or text_at(alert, "alertId"),
            item_id=text_at(alert, "alertId", "tinyId"),
            status=AlertStatus.resolved if over else AlertStatus.firing,
            update=action in NOTES,
            severity=severity_of(text_at(alert, "priority")) or _of_labels(labels) or base.severity,
            started_at=moment(at(alert, "createdAt")) or received,
            said_at=moment(at(alert, "updatedAt")),
            ended_at=(moment(at(alert, "updatedAt")) or received) if over else None,
            resource={"service": labels.get("service", ""), "id": base.resource.id or entity},
            labels=labels,
            system=system_of(labels) or text_at(alert, "source"),
            fingerprint=facts.fingerprint("opsgenie", "" if identity else title, identity or entity),
        )
    ]


def _of_labels(labels: dict[str, str]) -> Severity | None:
    return severity_of(labels.get("severity", ""))


SOURCE = Source("opsgenie", matches, parse, senders.token_or_basic)
