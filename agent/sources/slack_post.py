"""A monitoring app's post in a Slack channel. Many have an empty `text` and everything in attachments or blocks."""

from __future__ import annotations

import re
from datetime import datetime

from agent.models import Alert
from agent.sources.fields import known, text_at
from agent.sources.moments import moment
from agent.sources.prose import from_text
from agent.sources.slack import APPS
from agent.sources.slack.post import CONTENT, ENVELOPE_KEYS, TECHNICAL_KEYS, Post, post_text
from agent.sources.source import Payload, Source
from agent.sources.words import severity_of, status_of

__all__ = ["matches", "parse", "post_text"]

UNSAID_KEYS = (TECHNICAL_KEYS | ENVELOPE_KEYS) - {"id"}

_SERVICE_NAME = re.compile(r"[\w. /-]{1,60}")


def matches(payload: Payload) -> bool:
    """What a post has, and where that is little, nothing that none has: log lines have a `ts` and a text too."""
    keys = payload.keys() if isinstance(payload, dict) else set[str]()
    if "text" in keys:
        return keys <= {*CONTENT, "ts"} | ENVELOPE_KEYS or {"text", "ts", "type"} <= keys
    return bool(keys & {"attachments", "blocks"}) or ("ts" in keys and keys <= UNSAID_KEYS)


def parse(payload: Payload, received: datetime) -> list[Alert]:
    event = payload if isinstance(payload, dict) else {"text": str(payload)}
    return [read_post(Post(event), received, "slack_post")]


def read_post(post: Post, received: datetime, unknown: str) -> Alert:
    """The post as an alert of the app that wrote it; `unknown` is the source where that does not say who it is."""
    started = min(post.posted or received, received) if "attachments" in post.event else post.posted or received
    alert = from_text(post.author or unknown, post.title, post.text, started, external_id=text_at(post.event, "ts"))
    said_at = moment(text_at(post.event, "edited.ts", "ts"))
    alert = _with_fields(post, alert).model_copy(update={"said_at": said_at})
    app = next((app for app in APPS if app.is_from(post, alert)), None)
    told = app.refine(post, alert) if app else alert
    return told.model_copy(update={"source": app.name}) if app and app.name else told


def _with_fields(post: Post, alert: Alert) -> Alert:
    """What the post names as a field is surer than what its prose suggests."""
    region, account, service = post.field("region"), post.field("account"), post.field("service")
    return known(
        alert,
        severity=severity_of(post.field("severity")) or alert.severity,
        status=status_of(post.field("status")) or alert.status,
        started_at=_not_after(moment(post.field("started_at")), alert.started_at),
        threshold=alert.threshold or post.field("threshold"),
        value=alert.value or post.field("value"),
        metric=alert.metric or post.field("metric"),
        system=post.field("system"),
        resource={
            "region": alert.resource.region or region,
            "account": alert.resource.account or (account if account.isdigit() else ""),
            "service": alert.resource.service or (service if _SERVICE_NAME.fullmatch(service) else ""),
            "id": alert.resource.id or post.field("resource"),
        },
    )


def _not_after(stated: datetime | None, posted: datetime) -> datetime:
    """A time that a post names may be of anything; that of the trouble is before the post, by no more than a week."""
    return stated if stated and 0 <= (posted - stated).total_seconds() <= 7 * 86_400 else posted


SOURCE = Source("slack_post", matches, parse)
