"""Grafana's posts: a title in brackets, then each alert's value, labels and annotations."""

from __future__ import annotations

import re

from agent.models import Alert
from agent.sources.slack.alertmanager import with_labels
from agent.sources.slack.post import Post

_LEGACY = re.compile(r"^\[(?:Alerting|OK|No Data|Pending)\] ")


def is_from(post: Post, alert: Alert) -> bool:
    linked = any("grafana" in link.partition("?")[0] or "/alerting/grafana/" in link for link in alert.links)
    return "grafana" in post.signed or linked or bool(_LEGACY.match(post.title))


def refine(post: Post, alert: Alert) -> Alert:
    return with_labels("grafana", post, alert)
