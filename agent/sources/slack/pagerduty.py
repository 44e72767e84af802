"""PagerDuty's posts: what happened to which incident, its service and urgency."""

from __future__ import annotations

import re

from agent.models import Alert
from agent.sources import facts
from agent.sources.fields import known
from agent.sources.pagerduty import URGENCIES
from agent.sources.slack.post import Post
from agent.sources.words import severity_of, status_of

_INCIDENT = re.compile(r"pagerduty\.com/incidents/(\w{4,40})")
_EVENT = re.compile(r"^\W{0,4}(triggered|acknowledged|resolved|escalated|reassigned|reopened)\b\W{0,4}", re.I)
_NUMBER = re.compile(r"^\W{0,4}#\d{1,12}\W{0,4}")


def is_from(post: Post, alert: Alert) -> bool:
    return "pagerduty" in post.signed or any("pagerduty.com/" in link for link in alert.links)


def refine(post: Post, alert: Alert) -> Alert:
    incident = next((match[1] for link in alert.links if (match := _INCIDENT.search(link))), "")
    event = _EVENT.match(post.title)
    service, urgency = post.field("service"), post.fields.get("urgency", "").lower()
    about = _NUMBER.sub("", _EVENT.sub("", post.title))
    return known(
        alert,
        external_id=incident or alert.external_id,
        item_id=incident,
        status=(status_of(event[1]) if event else None) or alert.status,
        severity=severity_of(post.fields.get("priority", "")) or URGENCIES.get(urgency) or alert.severity,
        resource={"id": alert.resource.id or service},
        labels={"service": service} if service else {},
        system=alert.system or service,
        fingerprint=facts.fingerprint("pagerduty", about, service),
    )
