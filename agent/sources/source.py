"""What an alert source is: one file with `matches` and `parse`, and `verify` where it may send over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.models import Alert

Payload = Any
"""A JSON document (usually an object), or the text that was no JSON."""


@dataclass(frozen=True)
class Request:
    """One HTTP request as it came: signatures are over the exact bytes. Header names are in lower case."""

    body: bytes
    headers: Mapping[str, str]
    received: datetime


@dataclass(frozen=True)
class Source:
    """`matches` never raises. `parse` never raises and gives at least one alert.

    `verify(request, secret)` gives "" when the sender may send, else the reason for our own log, never for the sender.
    A source without `verify` cannot send over HTTP.
    """

    name: str
    matches: Callable[[Payload], bool]
    parse: Callable[[Payload, datetime], list[Alert]]
    verify: Callable[[Request, str], str] | None = None
