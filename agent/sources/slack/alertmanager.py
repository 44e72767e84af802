"""Alertmanager's posts: `[FIRING:2] HighErrorRate (checkout prod)`, and as many labels as the template shows."""

from __future__ import annotations

import re

from agent.models import Alert, AlertStatus
from agent.sources import facts
from agent.sources.alert_groups import resource_of
from agent.sources.fields import known
from agent.sources.slack.post import Post
from agent.sources.words import severity_of, system_of

STATED = ("firing", "resolved", "alerting", "ok")
_HEADING = re.compile(
    r"^\[(FIRING|RESOLVED|Alerting|OK|No Data)(?::\d{1,6})?[^\]\n]{0,40}\]\s{0,3}(\S[^\n]{0,200})", re.I
)
_LABEL = re.compile(r"[a-z_][\w]{0,60}")


def is_from(post: Post, alert: Alert) -> bool:
    return "alertmanager" in post.signed or bool(_HEADING.match(post.title))


def refine(post: Post, alert: Alert) -> Alert:
    return with_labels("alertmanager", post, alert)


def with_labels(source: str, post: Post, alert: Alert) -> Alert:
    """Labels are the lines `name = value` and `name: value` with a name that a label may have."""
    labels = {name: value.strip("`") for name, value in post.fields.items() if _LABEL.fullmatch(name)}
    labels = {name: value for name, value in labels.items() if name not in STATED and value}
    heading = _HEADING.match(post.title)
    over = bool(heading) and heading[1].lower() in ("resolved", "ok")
    name = labels.get("alertname", "") or (heading[2] if heading else post.title)
    return known(
        alert,
        status=AlertStatus.resolved if over else AlertStatus.firing if heading else alert.status,
        severity=severity_of(labels.get("severity", "")) or alert.severity,
        resource=resource_of(alert, labels),
        labels=labels,
        system=alert.system or system_of(labels),
        fingerprint=facts.fingerprint(source, name, labels.get("instance", ""), labels.get("service", "")),
    )
