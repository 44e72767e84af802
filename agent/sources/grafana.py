"""Grafana's webhook: groups of alerts since version 8, one state of one rule before."""

from __future__ import annotations

from datetime import datetime

from agent.models import Alert, Severity
from agent.sources import facts, senders
from agent.sources.alert_groups import parse_group
from agent.sources.fields import at, flat, known, mapping_at, parts_at, text_at
from agent.sources.generic import read
from agent.sources.source import Payload, Source
from agent.sources.words import severity_of, status_of, system_of

SEVERITY_OF_STATE = {"alerting": Severity.error, "no_data": Severity.warning, "pending": Severity.info}


def matches(payload: Payload) -> bool:
    if _is_legacy(payload):
        return True
    owned = at(payload, "orgId") is not None or at(payload, "truncatedAlerts") is not None
    return owned and any("labels" in part for part in parts_at(payload, "alerts"))


def parse(payload: Payload, received: datetime) -> list[Alert]:
    return [_legacy(payload, received)] if _is_legacy(payload) else parse_group("grafana", payload, received)


def _is_legacy(payload: Payload) -> bool:
    return bool(text_at(payload, "ruleName")) and at(payload, "evalMatches") is not None


def _legacy(payload: Payload, received: datetime) -> Alert:
    rule, match = text_at(payload, "ruleName"), next(iter(parts_at(payload, "evalMatches")), {})
    labels = flat(mapping_at(payload, "tags")) | flat(mapping_at(match, "tags"))
    base = read(payload, received, "grafana", title=rule, prose=[text_at(payload, "message")])
    state = text_at(payload, "state").lower()
    identity = text_at(payload, "ruleId") or rule
    return known(
        base,
        external_id=identity,
        status=status_of(state) or base.status,
        severity=severity_of(labels.get("severity", "")) or SEVERITY_OF_STATE.get(state) or base.severity,
        metric=base.metric or text_at(match, "metric"),
        value=text_at(match, "value"),
        labels=labels,
        links=[text_at(payload, "ruleUrl")],
        system=system_of(labels),
        fingerprint=facts.fingerprint("grafana", "", text_at(payload, "orgId"), identity),
    )


SOURCE = Source("grafana", matches, parse, senders.token_or_basic)
