"""Datadog's posts: a monitor's title with its transition and scope, its query, and a link to it."""

from __future__ import annotations

import re

from agent.models import Alert
from agent.sources import datadog
from agent.sources.slack.post import Post

_TRANSITION = re.compile(
    r"^\W{0,3}(?:\[P\d\]\s?)?\[?(?:(?:re-)?(?:triggered|warn|no data)|recovered)(?: on \{|\])", re.I
)
_TAGS = re.compile(r"\btags?\W{1,4}((?:[\w.-]{1,60}:[\w./-]{1,120}(?:,\s?)?)+)", re.I)


def is_from(post: Post, alert: Alert) -> bool:
    signed = "datadog" in post.signed or any("datadoghq." in link or "ddog-gov.com" in link for link in alert.links)
    return signed or bool(_TRANSITION.match(post.title))


def refine(post: Post, alert: Alert) -> Alert:
    """Read as the webhook's payload is, so that both have one fingerprint."""
    found = _TAGS.search(post.text[:20_000])
    link = next((link for link in alert.links if "/monitors" in link), "")
    payload = {"title": post.title, "body": post.text, "link": link, "tags": found[1] if found else ""}
    read = datadog.parse(payload, alert.started_at)[0]
    return read.model_copy(
        update={
            "description": alert.description,
            "external_id": read.external_id or alert.external_id,
            "delivery_id": "",
            "labels": alert.labels | read.labels,
            "severity": read.severity
            if read.severity != read.__class__.model_fields["severity"].default
            else alert.severity,
        }
    )
