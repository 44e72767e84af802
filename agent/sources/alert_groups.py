"""Groups of alerts as Alertmanager sends them, and Grafana after it: one alert for each element."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from agent.models import Alert, AlertStatus
from agent.sources import facts
from agent.sources.fields import at, flat, known, mapping_at, parts_at, text_at
from agent.sources.generic import read
from agent.sources.moments import moment
from agent.sources.source import Payload
from agent.sources.words import severity_of, status_of, system_of

GROUP_TEXT_CHARS = 2000
"""What a group says of all its alerts is repeated in each up to this length, else only in the first."""
SEVERITY_LABELS = ("severity", "priority", "level", "criticality")
RESOURCE_LABELS = ("service", "job", "deployment", "statefulset", "pod", "instance", "host", "node", "container")
PROSE = ("summary", "description", "message", "title")
EXCERPT_LABELS = ("alertname", "rule_name", "name")

_COMPARISON = re.compile(r"[<>]=?\s{0,3}(-?\d[\d.e+-]{0,20})\s{0,3}$")
_CURRENT = re.compile(r"\bvalue=(-?\d[\d.e+-]{0,20})")


def parse_group(source: str, payload: Payload, received: datetime) -> list[Alert]:
    """A group without elements, or something else at this address, is one alert."""
    group = dict(payload) if isinstance(payload, dict) else {}
    elements = parts_at(group, "alerts")
    if not elements:
        return [read(payload, received, source)]
    shared = {name: value for name, value in group.items() if name != "alerts"}
    short = sum(map(len, map(str, shared.values()))) < GROUP_TEXT_CHARS
    told = (shared if short or not index else {} for index in range(len(elements)))
    return [_alert(source, element, group, about, received) for element, about in zip(elements, told, strict=True)]


def _alert(source: str, element: dict[str, Any], group: Mapping[str, Any], told: Payload, received: datetime) -> Alert:
    labels = flat(mapping_at(group, "commonLabels")) | flat(mapping_at(element, "labels"))
    notes = flat(mapping_at(group, "commonAnnotations")) | flat(mapping_at(element, "annotations"))
    title = next((labels[name] for name in EXCERPT_LABELS if labels.get(name)), "") or notes.get("summary", "")
    prose = [notes[name] for name in PROSE if notes.get(name)]
    base = read({"alert": element, "group": told}, received, source, title=title or f"{source} alert", prose=prose)
    stated = status_of(text_at(element, "status")) or status_of(text_at(group, "status", "state"))
    over = stated is AlertStatus.resolved
    named = next((severity for name in SEVERITY_LABELS if (severity := severity_of(labels.get(name, "")))), None)
    expression = text_at(element, "generatorURL")
    return known(
        base,
        external_id=text_at(element, "fingerprint"),
        status=stated or AlertStatus.firing,
        severity=named or base.severity,
        started_at=moment(at(element, "startsAt")) or received,
        said_at=moment(at(element, "endsAt" if over else "startsAt")),  # it begins anew each time that it fires
        ended_at=moment(at(element, "endsAt")) if over else None,
        resource=resource_of(base, labels),
        metric=base.metric or labels.get("metric", ""),
        threshold=base.threshold or _threshold(expression),
        value=base.value or _value(element),
        labels=labels | {name: value for name, value in notes.items() if name not in labels},
        links=[text_at(element, name) for name in ("dashboardURL", "panelURL", "generatorURL")]
        + [notes.get("runbook_url", ""), text_at(group, "externalURL")],
        system=system_of(labels),
        fingerprint=facts.fingerprint(source, "", text_at(element, "fingerprint") or sorted(labels.items())),
    )


def resource_of(base: Alert, labels: Mapping[str, str]) -> dict[str, str]:
    """CloudWatch exporters put dimensions into labels, `dimension_FunctionName`; others name a pod or a host."""
    plain = {name.lower().removeprefix("dimension_").replace("_", ""): value for name, value in labels.items()}
    dimension = next((name for name in facts.DIMENSIONS if plain.get(name)), "")
    named = next((labels[name] for name in RESOURCE_LABELS if labels.get(name)), "")
    return {
        "service": facts.DIMENSIONS.get(dimension, "") or labels.get("service", "") or base.resource.service,
        "id": plain.get(dimension, "") or base.resource.id or named,
        "region": labels.get("region", "") or labels.get("aws_region", ""),
        "account": labels.get("account_id", "") or labels.get("account", ""),
        "arn": labels.get("arn", ""),
    }


def _threshold(link: str) -> str:
    """The number that the rule's expression compares with, from the link to Prometheus."""
    expression = _expression(link)
    return match[1] if (match := _COMPARISON.search(expression)) else ""


def _expression(link: str) -> str:
    try:
        return parse_qs(urlsplit(link[:4000]).query).get("g0.expr", [""])[0].strip()
    except ValueError:
        return ""


def _value(element: Mapping[str, Any]) -> str:
    """Grafana's `values: {"A": 93.2}`, or `valueString`."""
    values = flat(mapping_at(element, "values"))
    stated = _CURRENT.search(text_at(element, "valueString")[:2000])
    return next(iter(values.values()), "") or (stated[1] if stated else "")
