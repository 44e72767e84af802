"""AWS's plain texts, such as a budget's notice, that somebody forwards to a channel."""

from __future__ import annotations

from agent.models import Alert
from agent.sources import aws
from agent.sources.fields import known
from agent.sources.slack.post import Post


def is_from(post: Post, alert: Alert) -> bool:
    return aws.matches(post.text)


def refine(post: Post, alert: Alert) -> Alert:
    """Read as it is when it comes through SNS; how the post has it stays where AWS says nothing."""
    told = aws.parse(post.text, alert.started_at)[0]
    stated = {name: getattr(told, name) for name in ("severity", "status", "metric", "value", "threshold", "system")}
    return known(
        alert,
        **stated,
        title=told.title,
        external_id=told.external_id or alert.external_id,
        resource=told.resource.model_dump(),
        labels=told.labels,
        fingerprint=told.fingerprint,
    ).model_copy(update={"source": told.source})
