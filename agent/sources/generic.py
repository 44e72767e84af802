"""Any other payload: every text in it, and the facts that can be recognised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from agent.models import Alert, AlertStatus, Severity
from agent.sources import senders
from agent.sources.clean import leaves
from agent.sources.fields import at, flat, known, mapping_at, text_at
from agent.sources.moments import moment
from agent.sources.prose import from_text, in_one_line
from agent.sources.source import Payload, Source
from agent.sources.words import severity_of, status_of, system_of

TITLE_KEYS = (
    *("title", "alert_title", "alertname", "alert_name", "alarmname", "alarm_name", "rulename", "rule_name", "name"),
    *("subject", "short_description", "summary", "headline", "detail-type", "message", "msg", "text", "description"),
)
"""Where tools put what happened, the most telling first, in lower case."""
STATUS_KEYS = ("status", "state", "event_type", "alert_transition", "alert_status", "newstatevalue", "action")
SEVERITY_KEYS = ("severity", "priority", "level", "alert_severity", "urgency", "criticality")
START_KEYS = (
    "started_at",
    "startsat",
    "start_time",
    "starttime",
    "timestamp",
    "time",
    "date",
    "created_at",
    "occurred_at",
)
SAID_KEYS = ("timestamp", "time", "date", "occurred_at", "updated_at")
LINK_KEYS = ("url", "link", "html_url", "dashboard_url", "alert_url", "runbook_url", "permalink")
PARTS = ("event", "detail", "data", "alert", "incident", "labels", "commonLabels", "annotations", "payload", "result")
"""Objects in a payload that speak for the whole of it."""


def matches(payload: Payload) -> bool:
    return True


def parse(payload: Payload, received: datetime) -> list[Alert]:
    return [read(payload, received).model_copy(update={"said_at": said_at(payload)})]


def said_at(payload: Payload) -> datetime | None:
    """When the message was sent, as its sender says. When it all began is no such time: it stays the same."""
    return next((time for time in map(moment, _named(payload, SAID_KEYS)) if time), None)


def read(
    payload: Payload, received: datetime, source: str = "generic", *, title: str = "", prose: Sequence[str] = ()
) -> Alert:
    """A generic alert. An unknown shape keeps all its text in the description.

    A parser that knows the shape gives the title, and the texts that are for people, which then come first.
    """
    found = list(leaves(payload))
    by_key = dict[str, str]()
    for name, value in found:
        by_key.setdefault(name.lower(), value)
    whole = payload if isinstance(payload, str) else "Alert of an unknown shape"
    titles = (title, *(by_key.get(key, "") for key in TITLE_KEYS), whole, "Alert without text")
    heading = next(line for text in titles for line in text.splitlines() if line.strip())
    first = [text for text in prose if text]
    rest = [f"{name}: {value}" if name else value for name, value in found if value not in first]
    alert = from_text(source, heading, "\n".join([*([] if whole is payload else [heading]), *first, *rest]), received)
    labels = flat(mapping_at(payload, "labels")) | flat(mapping_at(payload, "tags"))
    return known(
        alert,
        status=_stated(payload, alert.status),
        severity=_severity(payload, alert.severity),
        started_at=next((start for start in map(moment, _named(payload, START_KEYS)) if start), received),
        labels=labels,
        links=[value for value in _named(payload, LINK_KEYS) if value.startswith(("http://", "https://"))],
        system=system_of(labels | {name: in_one_line(value) for name, value in by_key.items()}),
        resource={
            "service": text_at(payload, "service", "service.name", "labels.service"),
            "id": text_at(payload, "resource", "resource.id", "host", "hostname", "labels.instance"),
        },
    )


def _stated(payload: Payload, else_: AlertStatus) -> AlertStatus:
    """The payload's own status or its event's, not that of some part in it."""
    return next((status for status in map(status_of, _named(payload, STATUS_KEYS)) if status), else_)


def _severity(payload: Payload, else_: Severity) -> Severity:
    return next((severity for severity in map(severity_of, _named(payload, SEVERITY_KEYS)) if severity), else_)


def _named(payload: Payload, keys: tuple[str, ...]) -> Iterator[str]:
    """The texts under these keys, of the payload itself and then of the objects that speak for it."""
    for part in (payload, *(at(payload, name) for name in PARTS), at(payload, "event.data")):
        lower = {name.lower(): value for name, value in flat(part).items()} if isinstance(part, dict) else {}
        yield from (lower[key] for key in keys if key in lower)


SOURCE = Source("generic", matches, parse, senders.signed)
