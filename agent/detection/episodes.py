"""From what a detector sees tick by tick to alerts: told once when it begins, told once when it is over.

memory, alerts = follow(memory, [Anomaly("checkout errors", alert)], now)

Something is over when it has not been seen for its hold, ten minutes at first. What comes back soon after it was told
to be over is held twice as long the next time, up to four hours: a flapping signal becomes one long episode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from agent.models import Alert, AlertStatus

HOLD = timedelta(minutes=10)
LONGEST_HOLD = timedelta(hours=4)
REMEMBERED = timedelta(hours=4)
"""How long an episode that is over makes the next one of its subject last longer."""
MAX_EPISODES = 250
"""The memory is one document in a store. What is over gives way first; what then finds no room is not told either."""
MAX_TEXT = 300
"""Of what is kept of an alert's description, for the word that it is over."""

Memory = dict[str, Any]
"""By subject: `alert`, `mark`, `told`, `hold` (seconds), `gone` and `over` (ISO times or "")."""


@dataclass(frozen=True)
class Anomaly:
    """What a detector sees now, as the alert that it would make. A new `mark` while it lasts is told again."""

    subject: str
    alert: Alert
    mark: str = ""


def follow(
    memory: Memory,
    seen: Sequence[Anomaly],
    now: datetime,
    *,
    quiet: Callable[[Anomaly], bool] = lambda _: False,
    unread: Callable[[str], bool] = lambda _: False,
) -> tuple[Memory, list[Alert]]:
    """The memory after this tick, and what is to be told.

    `quiet` anomalies (while learning, or told by somebody else) are remembered and not told, neither are their ends.
    Subjects that are `unread` could not be looked at: whether they are over is not known.
    """
    alerts: list[Alert] = []
    current = {anomaly.subject: anomaly for anomaly in seen}
    before: Memory = {}
    for subject, episode in memory.items():
        if subject not in current:
            kept, told = (episode, []) if unread(subject) else _missing(episode, now)
            alerts += told
            before |= {subject: kept} if kept else {}
    room = MAX_EPISODES - len(lasting(before))
    episodes: Memory = {}
    for subject, anomaly in sorted(current.items(), key=lambda pair: pair[0] not in memory)[:room]:
        episodes[subject], told = _seen(memory.get(subject), anomaly, quiet(anomaly))
        alerts += told
    episodes |= dict(sorted(before.items(), key=lambda pair: bool(pair[1]["over"])))
    return dict(list(episodes.items())[:MAX_EPISODES]), alerts


def lasting(memory: Memory) -> list[str]:
    """The subjects that are not over."""
    return [subject for subject, episode in memory.items() if not episode["over"]]


def _seen(episode: Memory | None, anomaly: Anomaly, quiet: bool) -> tuple[Memory, list[Alert]]:
    if episode and not episode["over"]:
        news = episode["told"] and anomaly.mark != episode["mark"]
        kept = {**episode, "gone": "", "mark": anomaly.mark}
        if news:
            kept["alert"] = _plain(anomaly.alert)
        return kept, [anomaly.alert] if news else []
    hold = HOLD.total_seconds()
    if episode:
        hold = min(2 * cast("float", episode["hold"]), LONGEST_HOLD.total_seconds())
    fresh = {"alert": _plain(anomaly.alert), "mark": anomaly.mark, "told": not quiet, "hold": hold}
    return {**fresh, "gone": "", "over": ""}, [] if quiet else [anomaly.alert]


def _missing(episode: Memory, now: datetime) -> tuple[Memory | None, list[Alert]]:
    if episode["over"]:
        return (episode if now - _time(episode["over"]) < REMEMBERED else None), []
    gone = _time(episode["gone"]) if episode["gone"] else now
    if (now - gone).total_seconds() < episode["hold"]:
        return {**episode, "gone": gone.isoformat()}, []
    alert = Alert.model_validate(episode["alert"])
    over = alert.model_copy(update={"status": AlertStatus.resolved, "ended_at": gone})
    return {**episode, "over": now.isoformat()}, [over] if episode["told"] else []


def _plain(alert: Alert) -> dict[str, Any]:
    short = alert.model_copy(update={"description": alert.description[:MAX_TEXT]})
    return short.model_dump(mode="json", exclude_defaults=True, exclude={"links"})


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
