"""Plain text, from a file or a webhook that sends no JSON: read as a post is, since it may be one that was copied."""

from __future__ import annotations

from datetime import datetime

from agent.models import Alert
from agent.sources.slack.post import Post
from agent.sources.slack_post import read_post
from agent.sources.source import Payload, Source


def matches(payload: Payload) -> bool:
    return isinstance(payload, str)


def parse(payload: Payload, received: datetime) -> list[Alert]:
    return [read_post(Post({"text": str(payload)}), received, "generic")]


SOURCE = Source("text", matches, parse)
