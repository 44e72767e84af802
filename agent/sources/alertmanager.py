"""Prometheus Alertmanager's webhook: a group of alerts, each with a status of its own."""

from __future__ import annotations

from datetime import datetime

from agent.models import Alert
from agent.sources import senders
from agent.sources.alert_groups import parse_group
from agent.sources.fields import at, parts_at
from agent.sources.source import Payload, Source


def matches(payload: Payload) -> bool:
    described = any(at(payload, name) is not None for name in ("groupKey", "receiver", "commonLabels", "groupLabels"))
    return described and any("labels" in part for part in parts_at(payload, "alerts"))


def parse(payload: Payload, received: datetime) -> list[Alert]:
    return parse_group("alertmanager", payload, received)


SOURCE = Source("alertmanager", matches, parse, senders.token_or_basic)
