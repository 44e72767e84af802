"""Sentry's posts: an issue's title with a link to it, its project and state."""

from __future__ import annotations

import re

from agent.models import Alert, AlertStatus
from agent.sources import facts
from agent.sources.fields import known
from agent.sources.slack.post import Post
from agent.sources.words import severity_of, status_of

_ISSUE = re.compile(r"sentry\.io/\S{0,200}?issues/(\d{1,30})|/organizations/[\w-]{1,100}/issues/(\d{1,30})")
_SHORT_ID = re.compile(r"^([A-Z][A-Z0-9]{0,40}(?:-[A-Z0-9]{1,40}){0,4})-[0-9A-Z]{1,8} via ", re.M)
"""`CHECKOUT-4F via Very frequent errors`: the project, the issue's number and the rule."""


def is_from(post: Post, alert: Alert) -> bool:
    linked = any("sentry.io/" in link for link in alert.links)
    return "sentry" in post.signed or linked or bool(_SHORT_ID.search(post.text))


def refine(post: Post, alert: Alert) -> Alert:
    issue = next((match[1] or match[2] for link in alert.links if (match := _ISSUE.search(link))), "")
    short = _SHORT_ID.search(post.text)
    project = post.fields.get("project", "") or (short[1].lower() if short else "")
    over = status_of(post.field("status")) is AlertStatus.resolved
    return known(
        alert,
        external_id=issue or alert.external_id,
        status=AlertStatus.resolved if over else alert.status,
        severity=severity_of(post.fields.get("level", "")) or alert.severity,
        resource={"service": project, "id": alert.resource.id or project},
        labels={"project": project} if project else {},
        system=alert.system or project,
        fingerprint=facts.fingerprint("sentry", "" if issue else post.title, project, issue),
    )
