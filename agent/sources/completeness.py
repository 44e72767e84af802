"""Nothing is dropped: what a parser put nowhere is added to the description."""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence
from typing import Any

from agent.models import Alert
from agent.sources.clean import leaves

SEARCHED_CHARS = 200_000_000
"""Characters looked through for texts inside texts; beyond, only whole lines count as said. Keeps 1 MB linear."""


def complete(payload: Any, alerts: Sequence[Alert], ignored: Collection[str] = ()) -> list[Alert]:
    """The same alerts, the first one's description followed by every text of the payload that none of them has."""
    said = " ".join(_flat(text) for alert in alerts for text in _texts(alert))
    lines = {_flat(line) for alert in alerts for text in _texts(alert) for line in text.splitlines()}
    lines |= {line.partition(": ")[2] for line in lines}
    missing, left = dict[str, None](), SEARCHED_CHARS
    for name, value in leaves(payload, ignored):
        text = _flat(value)
        if text in lines or html.unescape(text) in lines:
            continue
        left -= len(said)
        if left < 0 or (text not in said and html.unescape(text) not in said):
            missing[f"{name}: {value}" if name else value] = None
    if not missing:
        return list(alerts)
    first, *others = alerts
    description = "\n".join(part for part in (first.description, *missing) if part)
    return [first.model_copy(update={"description": description}), *others]


def _texts(alert: Alert) -> tuple[str, ...]:
    return (alert.title, alert.description, *alert.labels.values(), *alert.links)


def _flat(text: str) -> str:
    return " ".join(text.split())
