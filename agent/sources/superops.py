"""SuperOps: an alert on an asset, or a ticket, as a webhook's or an event trigger's payload carries it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from agent.models import Alert, AlertStatus
from agent.sources import facts, senders
from agent.sources.fields import flat, known, mapping_at, text_at
from agent.sources.generic import read
from agent.sources.moments import moment
from agent.sources.source import Payload, Source
from agent.sources.words import severity_of, status_of

WRAPPERS = ("alert", "data.alert", "payload.alert", "ticket", "data.ticket", "payload.ticket", "data", "payload")


def matches(payload: Payload) -> bool:
    """Only with a word that it is theirs: their fields alone could be anybody's."""
    named = text_at(payload, "source", "product", "app", "vendor", "provider").lower()
    return named.startswith("superops") or _has_asset(_subject(payload))


def parse(payload: Payload, received: datetime) -> list[Alert]:
    part = _subject(payload)
    title = text_at(part, "message", "subject", "title", "alert_name", "name") or "SuperOps alert"
    base = read(payload, received, "superops", title=title, prose=[text_at(part, "description")])
    status = status_of(text_at(part, "status", "state")) or status_of(text_at(payload, "event", "event_type"))
    over = (status or base.status) is AlertStatus.resolved
    asset = text_at(part, "asset.name", "asset.host_name", "asset_name", "asset", "hostname", "device")
    client = text_at(part, "client.name", "client", "requester.client", "site.name", "site")
    identity = text_at(part, "alert_id", "id", "ticket_id", "display_id")
    policy = text_at(part, "policy.name", "policy")
    return [
        known(
            base,
            external_id=identity,
            item_id=identity,
            status=status or base.status,
            severity=severity_of(text_at(part, "severity", "priority")) or base.severity,
            started_at=moment(text_at(part, "created_time", "created_at", "triggered_time")) or base.started_at,
            ended_at=moment(text_at(part, "resolved_time", "resolution_time", "updated_time")) if over else None,
            resource={"id": base.resource.id or asset},
            labels=flat({"asset": asset, "client": client, "policy": policy}),
            system=client or asset,
            fingerprint=facts.fingerprint("superops", title, asset, policy, client),
        )
    ]


def _has_asset(part: dict[str, Any]) -> bool:
    return "asset" in part and {"message", "severity", "status"} <= part.keys()


def _subject(payload: Payload) -> dict[str, Any]:
    """The alert or ticket in the payload, with the names of its fields in snake case."""
    found = next((part for name in WRAPPERS if (part := mapping_at(payload, name))), None)
    part = found or (payload if isinstance(payload, dict) else {})
    return {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(): value for name, value in part.items()}


SOURCE = Source("superops", matches, parse, senders.signed)
