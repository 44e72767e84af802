"""The rules that every alert ledger keeps, whatever stores its windows: what one more message makes of a window."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from agent.alert_order import Said, follows, said
from agent.models import Alert, AlertStatus
from agent.ports import Sighting, Tally

SIGHTINGS_KEPT_SECONDS = 7 * 86_400
EPISODES_KEPT_SECONDS = 90 * 86_400
MAX_EPISODES = 60
MAX_FLIPS = 20
MAX_ITEMS = 50


@dataclass(frozen=True)
class Window:
    """A fingerprint's window. Times are Unix seconds."""

    fingerprint: str
    incident_id: str
    count: int
    events: int
    first_seen: float
    last_seen: float
    status: AlertStatus
    decided: Mapping[str, Said]
    """The newest message of each of the sender's items, "" of a sender who has none. While one fires, all does."""
    flips: tuple[float, ...]
    body: str
    """The alert that decided the status, as redacted JSON; empty in what the first version wrote."""

    def is_open(self, now: float, seconds: float) -> bool:
        """Also for a clock that went back: what is seen in the future is seen just now."""
        return now - self.last_seen < seconds


def opened(alert: Alert, body: str, incident_id: str, now: float, before: Window | None = None) -> Window:
    """The first message of a window. What fired in the one `before`, if it was of this incident, may still do so."""
    same = before.decided if before and before.incident_id == incident_id else {}
    kept = {item: each for item, each in same.items() if _still_fires(item, each, alert)}
    decided = _decided(kept, alert, now)
    body = before.body if before and decided is kept else body
    firing = alert.status is AlertStatus.firing
    return Window(alert.fingerprint, incident_id, int(firing), 1, now, now, _status(decided), decided, (), body)


def _still_fires(item: str, last: Said, alert: Alert) -> bool:
    """One of the sender's items does until somebody says that it is over; an alert without items, if its sender said so
    after what comes only now, when the window has ended.

    But no late firing is taken for over: senders that tell when it began tell the same each time that they say it.
    """
    later = last.sent is not None and alert.said_at is not None and last.sent > alert.said_at.timestamp()
    return last.firing and (bool(item) or later)


def counted(window: Window, alert: Alert, body: str, now: float) -> Window:
    """The window with one more message. Its status does not depend on the order in which messages arrive."""
    after = replace(
        window,
        count=window.count + fires(window, alert),
        events=window.events + 1,
        last_seen=max(window.last_seen, now),
    )
    decided = window.decided if alert.update else _decided(window.decided, alert, now)
    if decided is window.decided:
        return after
    status, at = _status(decided), said(alert, now).at
    flips = window.flips if status is window.status else (*window.flips, at)[-MAX_FLIPS:]
    body = body if alert.status is status else window.body
    return replace(after, status=status, decided=decided, flips=flips, body=body)


def fires(window: Window, alert: Alert) -> bool:
    """Whether a message is one more firing. What is said of an item that fires already tells how it goes on."""
    known = window.decided.get(alert.item_id)
    goes_on = alert.update or (alert.item_id and known is not None and known.firing)
    return alert.status is AlertStatus.firing and not goes_on


def _decided(before: Mapping[str, Said], alert: Alert, now: float) -> Mapping[str, Said]:
    """What was heard of each item, with one more message; `before` itself when that is none of the newest.

    That all is over is what one says that names no item.
    """
    message = said(alert, now)
    items = {alert.item_id} if alert.item_id or message.firing else {"", *before}
    newer = {item: message for item in items if item not in before or follows(message, before[item], now)}
    if not newer:
        return before
    after = {**before, **newer}
    spare = sorted(after, key=lambda item: (after[item].firing, after[item].received))[: max(0, len(after) - MAX_ITEMS)]
    return {item: after[item] for item in after if item not in spare}


def _status(decided: Mapping[str, Said]) -> AlertStatus:
    return AlertStatus.firing if any(each.firing for each in decided.values()) else AlertStatus.resolved


def written(decided: Mapping[str, Said]) -> str:
    return json.dumps(decided)


def heard(text: str, status: AlertStatus, last_seen: float) -> Mapping[str, Said]:
    """What `written` wrote; of a window of the first version, which wrote nothing, its last message."""
    kept = json.loads(text) if text else {}
    last = Said(status is AlertStatus.firing, None, last_seen)
    return {item: Said(*each) for item, each in kept.items()} or {"": last}


def sighting(
    window: Window, first: bool = False, changed: bool = False, repeated: bool = False, fired: bool = False
) -> Sighting:
    return Sighting(
        alert=_alert(window),
        incident_id=window.incident_id,
        count=window.count,
        events=window.events,
        first_seen=_time(window.first_seen),
        last_seen=_time(window.last_seen),
        status=window.status,
        flips=tuple(_time(flip) for flip in window.flips),
        first=first,
        changed=changed,
        repeated=repeated,
        fired=fired,
    )


def again(window: Window, incident_id: str) -> Sighting:
    """Of an event that had been counted, be it in a window of another incident; "" where that was not kept."""
    return replace(sighting(window, repeated=True), incident_id=incident_id or window.incident_id)


def by_alert(windows: Iterable[Window]) -> list[Window]:
    """One for each fingerprint, its windows counted together, those that fired most often first."""
    apart: dict[str, list[Window]] = defaultdict(list)
    for window in windows:
        apart[window.fingerprint].append(window)
    return sorted((_together(each) for each in apart.values()), key=lambda window: (-window.count, window.fingerprint))


def tally(windows: Iterable[Window]) -> Tally:
    alerts = by_alert(windows)
    return Tally(
        alerts=len(alerts),
        firing=sum(window.status is AlertStatus.firing for window in alerts),
        count=sum(window.count for window in alerts),
        events=sum(window.events for window in alerts),
        last_seen=_time(max(window.last_seen for window in alerts)) if alerts else None,
    )


def _together(windows: list[Window]) -> Window:
    newest = max(windows, key=lambda window: window.last_seen)
    return replace(
        newest,
        count=sum(window.count for window in windows),
        events=sum(window.events for window in windows),
        first_seen=min(window.first_seen for window in windows),
        flips=tuple(sorted(flip for window in windows for flip in window.flips))[-MAX_FLIPS:],
    )


def _alert(window: Window) -> Alert:
    if window.body:
        return Alert.model_validate_json(window.body)
    return Alert(
        source="unknown",
        title=f"Alert {window.fingerprint}",
        status=window.status,
        started_at=_time(window.first_seen),
        fingerprint=window.fingerprint,
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
