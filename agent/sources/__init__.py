"""Alert sources. Each file knows one shape; the first match parses. `generic` takes the rest. Nothing is lost.

    alerts = parse_alerts(payload, received)

A source that sends over HTTP is at /webhooks/NAME: what comes there is read by it, whatever it looks like.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from agent.models import Alert, AlertStatus
from agent.sources import (
    alertmanager,
    datadog,
    dbt,
    generic,
    grafana,
    opsgenie,
    pagerduty,
    sentry,
    servicenow,
    slack_post,
    superops,
    text,
    watchkeeper,
)
from agent.sources.aws import AWS_SOURCES
from agent.sources.aws.lenient import document
from agent.sources.aws.opening import NOT_TEXT
from agent.sources.clean import cleaned
from agent.sources.completeness import complete
from agent.sources.located import located
from agent.sources.mapped import NO_MAPPINGS, Mappings, mapped_source, read_mappings
from agent.sources.source import Payload, Request, Source

__all__ = ["SOURCES", "Mappings", "Request", "Source", "parse_alert", "parse_alerts", "read_mappings", "source_named"]

SOURCES: tuple[Source, ...] = (
    *AWS_SOURCES,
    watchkeeper.WATCHKEEPER,
    pagerduty.SOURCE,
    grafana.SOURCE,
    alertmanager.SOURCE,
    opsgenie.SOURCE,
    sentry.SOURCE,
    dbt.SOURCE,
    datadog.SOURCE,
    servicenow.SOURCE,
    slack_post.SOURCE,
    superops.SOURCE,
    text.SOURCE,
    generic.SOURCE,
)
JOB_KEYS = frozenset(("source", "body", "delivery", "team", "channel"))
"""What a job that a webhook queued has. SNS's are of no source by name: what is in them says whose they are."""
MAX_IN_A_LIST = 1000
"""Payloads in one list that are read one by one; a longer list is one alert with all its text."""
UNSAID: Mapping[str, frozenset[str]] = {
    "slack_post": slack_post.UNSAID_KEYS,
    "watchkeeper": frozenset((watchkeeper.BODY_KEY,)),
    "aws": frozenset((*NOT_TEXT, "data", "receiptHandle", "ReceiptHandle")),
}
"""Keys of a source's payloads whose values are for machines only. `data` is packed; what is in it is told."""

_log = logging.getLogger(__name__)


def parse_alerts(payload: Payload, received: datetime, mappings: Mappings = NO_MAPPINGS) -> list[Alert]:
    """Normalised alerts, at least one, from a job's payload or from whatever a tool sent. Never raises.

    A job's payload is `{"event": Slack's event, "channel": …}`, or `{"source": name, "body": …, "delivery": …}`.
    """
    payload = _read_out(cleaned(payload))
    event = payload.get("event") if isinstance(payload, dict) and "channel" in payload else None
    if isinstance(event, dict):
        return _read(slack_post.SOURCE, event, received)
    if _is_job(payload, mappings):
        source = source_named(str(payload["source"]), mappings)
        alerts = _all(_read_out(payload["body"]), received, source)
        delivery = str(payload.get("delivery") or "")
        return [a.model_copy(update={"delivery_id": a.delivery_id or delivery}) for a in alerts]
    return _all(payload, received, None)


def parse_alert(payload: Payload, received: datetime) -> Alert:
    """The first of them that fires, else the first."""
    alerts = parse_alerts(payload, received)
    return next((alert for alert in alerts if alert.status is AlertStatus.firing), alerts[0])


def source_named(name: str, mappings: Mappings = NO_MAPPINGS) -> Source | None:
    """The source at /webhooks/`name`: one of the user's own mappings, or one of ours."""
    if name in mappings:
        return mapped_source(name, mappings[name])
    return next((source for source in SOURCES if source.name == name), None)


def _read_out(payload: Payload) -> Payload:
    """What a text holds, where it holds JSON, also of the kind that ends lists with a comma; else the text."""
    held = document(payload) if isinstance(payload, str) else None
    return payload if held is None else held


def _is_job(payload: Payload, mappings: Mappings) -> bool:
    """Datadog's payloads have a source and a body too, and more beside them."""
    if not isinstance(payload, dict) or not {"source", "body"} <= payload.keys() <= JOB_KEYS:
        return False
    return "delivery" in payload or source_named(str(payload["source"]), mappings) is not None


def _all(body: Payload, received: datetime, source: Source | None) -> list[Alert]:
    """A list of objects is that many payloads, unless the source that it came to reads lists itself."""
    items = cast("list[Any]", body) if isinstance(body, list) else []
    if source is None and 0 < len(items) <= MAX_IN_A_LIST and all(isinstance(item, dict) for item in items):
        return [alert for item in items for alert in _read(_matching(item), item, received)]
    return _read(source or _matching(body), body, received)


def _matching(body: Payload) -> Source:
    return next(source for source in SOURCES if source.matches(body))


def _read(source: Source, body: Payload, received: datetime) -> list[Alert]:
    """A parser that fails is our mistake, and costs the alert its fields but not its text."""
    try:
        alerts = source.parse(body, received)
    except Exception:
        _log.exception("the parser of %s failed; the alert is read as generic", source.name)
        alerts = []
    alerts = complete(body, alerts or generic.parse(body, received), UNSAID.get(source.name, ()))
    return alerts if source in AWS_SOURCES else [located(alert) for alert in alerts]
