"""Datadog's webhook: its default payload, and templates of one's own with the variables under their usual names."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from agent.models import Alert, AlertStatus, Severity
from agent.sources import facts, senders
from agent.sources.fields import flat, known, tags, text_at
from agent.sources.generic import read
from agent.sources.moments import moment
from agent.sources.source import Payload, Source
from agent.sources.words import severity_of, status_of, system_of

OWN_KEYS = frozenset(
    (
        *(
            "alert_id",
            "alert_cycle_key",
            "aggreg_key",
            "alert_transition",
            "alert_scope",
            "alert_query",
            "alert_metric",
        ),
        *("alert_type", "alert_status", "event_msg", "text_only_msg", "alert_title", "event_title"),
    )
)
TRANSITIONS = {
    "recovered": AlertStatus.resolved,
    "success": AlertStatus.resolved,
}
SEVERITY_OF_TRANSITION = {
    "triggered": Severity.error,
    "re-triggered": Severity.error,
    "warn": Severity.warning,
    "re-warn": Severity.warning,
    "no data": Severity.warning,
    "renotify": Severity.error,
    "recovered": Severity.info,
}

_TRANSITION = re.compile(r"^\W{0,3}((?:re-)?(?:triggered|warn|no data)|recovered|renotify)\b", re.I)
_SCOPE = re.compile(r"\{([^{}]{1,500})\}")
_MONITOR = re.compile(r"/monitors[/#](\d+)")


def matches(payload: Payload) -> bool:
    if not isinstance(payload, dict):
        return False
    named = _lower(payload)
    return (
        len(OWN_KEYS & named.keys()) >= 2
        or str(named.get("source", "")).lower() == "datadog"
        or {"event_type", "last_updated", "title", "body"} <= named.keys()
    )


def parse(payload: Payload, received: datetime) -> list[Alert]:
    named = _lower(payload)
    title = text_at(named, "alert_title", "title", "event_title") or "Datadog alert"
    body = text_at(named, "event_msg", "text_only_msg", "alert_msg", "body", "message")
    base = read(payload, received, "datadog", title=title, prose=[body])
    transition = (text_at(named, "alert_transition", "transition") or _in_title(title)).lower()
    labels = flat({"host": named.get("hostname") or named.get("host")}) | tags(named.get("tags")) | _scope(named, title)
    monitor = text_at(named, "alert_id", "monitor_id") or _monitor(base.links)
    status = _status(transition, text_at(named, "alert_type", "alert_status", "status"))
    return [
        known(
            _without_guess(base, labels),
            external_id=monitor or text_at(named, "alert_cycle_key", "aggreg_key"),
            delivery_id=text_at(named, "id", "event_id"),
            status=status or base.status,
            severity=_severity(named, transition) or base.severity,
            started_at=moment(named.get("date")) or moment(named.get("last_updated")) or base.started_at,
            said_at=moment(named.get("last_updated")) or moment(named.get("date")),
            ended_at=moment(named.get("last_updated")) if status is AlertStatus.resolved else None,
            metric=base.metric or text_at(named, "alert_metric", "metric"),
            labels=labels,
            system=system_of(labels),
            links=[text_at(named, "link", "event_link", "alert_url", "url")],
            resource=_resource(base, labels),
            fingerprint=facts.fingerprint("datadog", "", monitor, _scope_text(named, title), labels.get("host", ""))
            if monitor
            else facts.fingerprint("datadog", title, labels.get("host", "")),
        )
    ]


def _lower(payload: Payload) -> dict[str, Any]:
    """Templates are written by people: `ALERT_TITLE` and `alertTitle` are `alert_title`."""
    snake = (
        ((re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(), name) for name in payload)
        if isinstance(payload, dict)
        else ()
    )
    return {lower: payload[name] for lower, name in snake}


def _in_title(title: str) -> str:
    return match[1] if (match := _TRANSITION.match(title)) else ""


def _status(transition: str, kind: str) -> AlertStatus | None:
    return TRANSITIONS.get(transition) or status_of(transition) or TRANSITIONS.get(kind.lower()) or status_of(kind)


def _severity(named: dict[str, Any], transition: str) -> Severity | None:
    """The severity or priority (P1 to P5) that the monitor has, else what the transition means."""
    stated = severity_of(text_at(named, "severity", "alert_severity")) or severity_of(text_at(named, "alert_priority"))
    priority = text_at(named, "priority")
    if stated is None and re.fullmatch(r"P[1-5]", priority, re.I):
        stated = severity_of(priority)
    return stated or SEVERITY_OF_TRANSITION.get(transition) or severity_of(text_at(named, "alert_type"))


def _scope_text(named: dict[str, Any], title: str) -> str:
    scope = text_at(named, "alert_scope", "scope")
    return scope or (match[1] if (match := _SCOPE.search(title[:1000])) else "")


def _scope(named: dict[str, Any], title: str) -> dict[str, str]:
    """`functionname:checkout,env:prod`, in a field or in the title's braces."""
    return tags(_scope_text(named, title))


def _resource(base: Alert, labels: dict[str, str]) -> dict[str, str]:
    dimension = next((name for name in facts.DIMENSIONS if name in labels), "")
    return {
        "service": facts.DIMENSIONS.get(dimension, "") or labels.get("service", ""),
        "id": labels.get(dimension, "") or base.resource.id or labels.get("service", "") or labels.get("host", ""),
        "region": labels.get("region", "") or labels.get("aws_region", ""),
        "account": labels.get("aws_account", "") or labels.get("account_id", ""),
    }


def _without_guess(base: Alert, labels: dict[str, str]) -> Alert:
    """What a host is called says nothing of AWS's services: `DB Host is busy` need not be of RDS."""
    host = labels.get("host", "")
    if base.metric or not host or base.resource.id not in ("", host):
        return base
    return base.model_copy(update={"resource": base.resource.model_copy(update={"service": ""})})


def _monitor(links: tuple[str, ...]) -> str:
    return next((match[1] for link in links if (match := _MONITOR.search(link))), "")


SOURCE = Source("datadog", matches, parse, senders.token_or_basic)
