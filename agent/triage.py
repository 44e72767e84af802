"""Triage: which incident an alert belongs to, before any token is spent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.correlation import Correlator
from agent.models import Alert, Resource, digest

__all__ = ["Correlator", "alert_from_stream"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def alert_from_stream(row: Mapping[str, Any]) -> Alert:
    """A row of a recorded stream, `{"t": seconds, "system", "service", "title"}`, as an alert.

    `t` counts from 1970. Whatever else the row has, such as the incident that it belonged to, is not read.
    """
    system, service, title = (str(row.get(key) or "") for key in ("system", "service", "title"))
    return Alert(
        source="stream",
        title=title,
        system=system,
        resource=Resource(type="service", id=service),
        started_at=_EPOCH + timedelta(seconds=float(row["t"])),
        fingerprint=digest("stream", system, service, title),
    )
