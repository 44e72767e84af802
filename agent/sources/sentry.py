"""Sentry's webhooks: an issue alert, a metric alert, a change of an issue, and the older plugin's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agent.models import Alert, AlertStatus
from agent.sources import facts, senders
from agent.sources.fields import at, known, mapping_at, tags, text_at
from agent.sources.generic import read
from agent.sources.moments import moment
from agent.sources.source import Payload, Request, Source
from agent.sources.words import severity_of, status_of

SUBJECTS = ("data.metric_alert", "data.issue", "data.event", "data.error")


def matches(payload: Payload) -> bool:
    if text_at(payload, "action") and any(mapping_at(payload, path) for path in SUBJECTS):
        return True
    return bool(text_at(payload, "project_slug", "project_name")) and bool(mapping_at(payload, "event"))


def verify(request: Request, secret: str) -> str:
    """`Sentry-Hook-Signature` is the HMAC-SHA256 of the body with the integration's client secret."""
    return senders.body_signed(request, "sentry-hook-signature", secret)


def parse(payload: Payload, received: datetime) -> list[Alert]:
    metric = mapping_at(payload, "data.metric_alert")
    return [_metric_alert(payload, metric, received) if metric else _issue(payload, received)]


def _metric_alert(payload: Payload, metric: dict[str, Any], received: datetime) -> Alert:
    """The action is the state: critical, warning or resolved."""
    action = text_at(payload, "action").lower()
    rule = mapping_at(metric, "alert_rule")
    title = text_at(rule, "name") or text_at(payload, "data.description_title") or "Sentry metric alert"
    base = read(payload, received, "sentry", title=title, prose=[text_at(payload, "data.description_text")])
    over = action == "resolved"
    project = text_at(metric, "projects.0")
    return known(
        base,
        external_id=text_at(rule, "id") or text_at(metric, "id"),
        status=AlertStatus.resolved if over else AlertStatus.firing,
        severity=severity_of(action) or base.severity,
        started_at=moment(at(metric, "date_started")) or received,
        said_at=moment(at(metric, "date_closed" if over else "date_started")),
        ended_at=moment(at(metric, "date_closed")) if over else None,
        metric=text_at(rule, "aggregate"),
        threshold=text_at(rule, "triggers.0.alert_threshold"),
        resource={"service": project, "id": project},
        links=[text_at(payload, "data.web_url")],
        system=project,
        fingerprint=facts.fingerprint("sentry", "", "metric", text_at(rule, "id") or title, project),
    )


def _issue(payload: Payload, received: datetime) -> Alert:
    parts = [mapping_at(payload, path) for path in ("data.issue", "data.event", "data.error", "event")]
    part = next((each for each in parts if each), {})
    title = text_at(part, "title", "metadata.title", "message") or text_at(payload, "message") or "Sentry issue"
    base = read(payload, received, "sentry", title=title, prose=[text_at(part, "culprit")])
    project = text_at(part, "project.slug", "project.name") or text_at(payload, "project_slug", "project_name")
    project = project or text_at(part, "project")
    issue = text_at(part, "issue_id", "id") if "data" in payload else text_at(payload, "id")
    action = text_at(payload, "action")
    labels = tags([":".join(map(str, pair)) for pair in at(part, "tags") or () if isinstance(pair, list)])
    return known(
        base,
        external_id=text_at(part, "shortId") or issue,
        status=(status_of(action) or status_of(text_at(part, "status")) or AlertStatus.firing),
        severity=severity_of(text_at(part, "level") or text_at(payload, "level")) or base.severity,
        started_at=next((time for time in map(moment, _times(part)) if time), received),
        resource={"service": project, "id": base.resource.id or project},
        labels=labels | ({"project": project} if project else {}),
        links=[text_at(part, name) for name in ("web_url", "permalink", "issue_url")] + [text_at(payload, "url")],
        system=project,
        fingerprint=facts.fingerprint("sentry", "" if issue else title, project, issue),
    )


def _times(part: dict[str, Any]) -> list[Any]:
    return [at(part, name) for name in ("datetime", "lastSeen", "timestamp", "firstSeen")]


SOURCE = Source("sentry", matches, parse, verify)
