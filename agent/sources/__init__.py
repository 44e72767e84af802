"""Alert sources. Each file knows one shape; the first match parses. `generic` takes the rest. Nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.models import Alert
from agent.sources import cloudwatch, generic, slack_post

Payload = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    name: str
    matches: Callable[[Payload], bool]
    parse: Callable[[Payload, datetime], Alert]


SOURCES: tuple[Source, ...] = (
    Source("cloudwatch", cloudwatch.matches, cloudwatch.parse),
    Source("slack_post", slack_post.matches, slack_post.parse),
    Source("generic", generic.matches, generic.parse),
)


def parse_alert(payload: Payload, received: datetime) -> Alert:
    """A normalised alert from whatever a tool sent."""
    source = next(source for source in SOURCES if source.matches(payload))
    return source.parse(payload, received)
