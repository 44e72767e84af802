"""Deduplication: who is first, and what is counted, is decided by one conditional write.

A fingerprint's newest window is one item (`sighting#…`) with a version. A record reads it, counts, and writes it back
together with the event's own item (`event#…`) in one transaction, which is refused when somebody else wrote in between
or when the event is known. A window that gives way to a new one stays as `past#…` for the tally of its incident, and
`episodes#…` lists when the windows opened.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
from datetime import UTC, datetime
from uuid import uuid4

from agent.errors import RetryLater
from agent.models import Alert, AlertStatus
from agent.ports import Clock, Episode, Sighting, Tally
from agent.redaction.plain import redacted_json
from tools.stores.dynamodb.table import UNMET, Connection, Item, Put, Table, key_text
from tools.stores.dynamodb.tables import ALERTS
from tools.stores.dynamodb.turns import Turns
from tools.stores.windows import (
    EPISODES_KEPT_SECONDS,
    MAX_EPISODES,
    SIGHTINGS_KEPT_SECONDS,
    Window,
    again,
    by_alert,
    counted,
    fires,
    heard,
    opened,
    sighting,
    tally,
    written,
)

_ATTEMPTS = 30
"""Rounds of "read, count, write". Further rounds are needed only while other processes record the same alert."""


class DynamoAlertLedger:
    """A window stays open as long as sightings keep coming less than `window_seconds` apart."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._table = Table(connection, ALERTS)
        self._clock = clock
        self._turns = Turns()

    async def record(
        self, alert: Alert, incident_id: str, window_seconds: float = 3600, event_id: str = ""
    ) -> Sighting:
        """RetryLater when other processes record the same alert so often that no turn is left."""
        body = redacted_json(alert)
        token = uuid4().hex
        async with self._turns.of(alert.fingerprint):
            for attempt in range(_ATTEMPTS):
                seen = await self._record(alert, body, incident_id, window_seconds, event_id, token)
                if seen:
                    return seen
                await asyncio.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 5)))
        raise RetryLater("The alert could not be recorded: too many others record the same one; try again.", seconds=1)

    async def open(self, fingerprint: str, window_seconds: float = 3600) -> Sighting | None:
        item = await self._table.get(id=key_text("sighting", fingerprint))
        window = _window(item) if item else None
        return sighting(window) if window and window.is_open(self._now(), window_seconds) else None

    async def incident_of(self, fingerprint: str, event_id: str) -> str | None:
        item = await self._table.get(id=_event_key(fingerprint, event_id))
        return item.get("counted_for", "") if item and item["delete_after"] > self._now() else None

    async def of_incident(self, incident_id: str, limit: int = 200) -> list[Sighting]:
        return [sighting(window) for window in by_alert(await self._windows(incident_id))[:limit]]

    async def tally(self, incident_id: str) -> Tally:
        return tally(await self._windows(incident_id))

    async def earlier(self, fingerprint: str, limit: int = 60) -> list[Episode]:
        episodes = await self._episodes(fingerprint)
        return [Episode(datetime.fromtimestamp(at, UTC), incident_id) for at, incident_id in episodes[:limit]]

    async def claim(self, key: str, ttl_seconds: float = 86_400) -> bool:
        now = self._now()
        token = uuid4().hex
        item: Item = {
            "id": key_text("claim", key),
            "expires_at": now + ttl_seconds,
            "delete_after": math.ceil(now + ttl_seconds),
            "claimed_by": token,
        }
        free = "attribute_not_exists(#id) OR #expires_at <= :now OR #claimed_by = :own"
        return await self._table.put(item, free, now=now, own=token)

    async def _record(
        self, alert: Alert, body: str, incident_id: str, window_seconds: float, event_id: str, token: str
    ) -> Sighting | None:
        """None when somebody else wrote the window meanwhile."""
        now = self._now()
        item = await self._table.get(id=key_text("sighting", alert.fingerprint))
        window = _window(item) if item else None
        if window and item and item.get("writer") == token:  # the answer to this very write was lost
            fired = alert.status is AlertStatus.firing and not alert.update
            return sighting(window, first=window.events == 1, fired=fired)
        opening: list[Put] = []
        if window is None or not window.is_open(now, window_seconds):
            after, first = opened(alert, body, incident_id, now, window), True
            opening = [Put(await self._with_episode(after)), *_put_aside(item, window)]
        else:
            after, first = counted(window, alert, body, now), False
        kept = max(after.last_seen, now) + max(window_seconds, SIGHTINGS_KEPT_SECONDS)
        marker = [_marker(alert.fingerprint, event_id, after.incident_id, kept, now)] if event_id else []
        refused = await self._table.put_all([_in_place_of(item, _item(after, kept), token, now), *marker, *opening])
        if not refused:
            changed = window is not None and not first and after.status is not window.status
            fired = after.count > 0 if first or window is None else fires(window, alert)
            return sighting(after, first=first, changed=changed, fired=fired)
        return await self._known(alert.fingerprint, event_id, token) if marker and refused.get(1) == UNMET else None

    async def _known(self, fingerprint: str, event_id: str, token: str) -> Sighting | None:
        """What the ledger has, of an event that had been counted before, or by a request whose answer was lost."""
        item = await self._table.get(id=key_text("sighting", fingerprint))
        if item is None or item.get("writer") == token:
            return None
        return again(_window(item), await self.incident_of(fingerprint, event_id) or "")

    async def _windows(self, incident_id: str) -> list[Window]:
        key = key_text("incident", incident_id)
        entries = self._table.query("#incident = :incident", "by_incident", incident=key)
        keys = list(dict.fromkeys([entry["id"] async for entry in entries]))
        items = await self._table.get_many([{"id": each} for each in keys])
        return [_window(item) for item in items if item["incident_id"] == incident_id]

    async def _with_episode(self, window: Window) -> Item:
        known = await self._episodes(window.fingerprint)
        episodes = [(window.first_seen, window.incident_id), *known][:MAX_EPISODES]
        return {
            "id": key_text("episodes", window.fingerprint),
            "body": json.dumps(episodes),
            "delete_after": math.ceil(window.first_seen + EPISODES_KEPT_SECONDS),
        }

    async def _episodes(self, fingerprint: str) -> list[tuple[float, str]]:
        """Newest first."""
        item = await self._table.get(id=key_text("episodes", fingerprint))
        oldest = self._now() - EPISODES_KEPT_SECONDS
        return [(at, incident_id) for at, incident_id in json.loads(item["body"]) if at > oldest] if item else []

    def _now(self) -> float:
        return self._clock().timestamp()


def _in_place_of(stored: Item | None, window: Item, token: str, now: float) -> Put:
    """On condition that nobody wrote the window since it was read."""
    head = {**window, "version": 1, "writer": token}
    if stored is None:
        return Put(head, "attribute_not_exists(#id) OR #delete_after <= :now", {"now": now})
    if "version" not in stored:  # written by the first version
        unchanged = "attribute_not_exists(#version) AND #occurrences = :count AND #last_seen = :last"
        return Put(head, unchanged, {"count": stored["occurrences"], "last": stored["last_seen"]})
    return Put(head | {"version": stored["version"] + 1}, "#version = :seen", {"seen": stored["version"]})


def _marker(fingerprint: str, event_id: str, incident_id: str, kept: float, now: float) -> Put:
    item: Item = {"id": _event_key(fingerprint, event_id), "counted_for": incident_id, "delete_after": math.ceil(kept)}
    return Put(item, "attribute_not_exists(#id) OR #delete_after <= :now", {"now": now})


def _event_key(fingerprint: str, event_id: str) -> str:
    return key_text("event", json.dumps([fingerprint, event_id]))


def _put_aside(item: Item | None, window: Window | None) -> list[Put]:
    """The window that gives way to a new one, under a key of its own."""
    if item is None or window is None:
        return []
    key = key_text("past", json.dumps([window.fingerprint, window.first_seen]))
    return [Put(_item(window, item["delete_after"]) | {"id": key})]


def _item(window: Window, kept_until: float) -> Item:
    return {
        "id": key_text("sighting", window.fingerprint),
        "incident": key_text("incident", window.incident_id),
        "incident_id": window.incident_id,
        "fingerprint": window.fingerprint,
        "occurrences": window.count,
        "events": window.events,
        "first_seen": window.first_seen,
        "last_seen": window.last_seen,
        "status": window.status.value,
        "decided": written(window.decided),
        "flips": json.dumps(window.flips),
        "body": window.body,
        "delete_after": math.ceil(kept_until),
    }


def _window(item: Item) -> Window:
    """Of an item of the first version, too, which knows nothing of status, flips and the alert itself."""
    status = AlertStatus(item.get("status", "firing"))
    return Window(
        fingerprint=item.get("fingerprint") or item["id"].removeprefix("sighting#"),
        incident_id=item["incident_id"],
        count=int(item["occurrences"]),
        events=int(item.get("events", item["occurrences"])),
        first_seen=item["first_seen"],
        last_seen=item["last_seen"],
        status=status,
        decided=heard(item.get("decided", ""), status, item["last_seen"]),
        flips=tuple(json.loads(item.get("flips", "[]"))),
        body=item.get("body", ""),
    )
