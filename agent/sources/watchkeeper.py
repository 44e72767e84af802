"""Our own alerts, as detection queues them: the Alert itself as JSON, so that nothing has to be guessed from a text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from pydantic import ValidationError

from agent.detection.alerts import SOURCE as NAME
from agent.models import Alert
from agent.sources import generic
from agent.sources.source import Payload, Source

BODY_KEY = "watchkeeper_alert"


def body_of(alert: Alert) -> dict[str, Any]:
    return {BODY_KEY: alert.model_dump(mode="json", exclude_defaults=True)}


def matches(payload: Payload) -> bool:
    return isinstance(payload, Mapping) and BODY_KEY in payload


def parse(payload: Payload, received: datetime) -> list[Alert]:
    """The alert in it. What is none, which only another version of this can have queued, is kept with all its text."""
    body = cast("Mapping[str, Any]", payload) if isinstance(payload, Mapping) else {"text": str(payload)}
    try:
        return [Alert.model_validate(body.get(BODY_KEY))]
    except ValidationError:
        return generic.parse(body, received)


WATCHKEEPER = Source(NAME, matches, parse)
"""Without `verify`: nobody may send these over HTTP."""
