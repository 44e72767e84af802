"""Digests: what rules kept back is told once a period, in one message a channel; nothing where there is nothing.

A digest is told once a period: one job claims it, and finds its message again by the mark on it when it is tried again.
How far a channel was told is written down only afterwards, so that nothing is left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk.errors import SlackApiError

from agent.alert_rules import read_rules
from agent.alert_rules.flapping import flapping
from agent.alert_rules.recurrence import recurrence
from agent.errors import RetryLater, SettingsError
from agent.models import AlertStatus, Incident, Job, JobKind, SlackPlace, Urgency, new_id
from agent.ports import Deps, Sighting
from agent.settings import Settings
from slack_app.blocks.digest import MAX_ENTRIES, Digest, Entry, digest_blocks, digest_text
from slack_app.channel_budget import NORMAL
from slack_app.handlers.desk import Desk
from slack_app.handlers.places import joined

MAX_INCIDENTS = 1000
MAX_KINDS = 50
"""Of one incident."""
ANCHOR = datetime(2024, 1, 1)
"""A Monday: weekly digests come on Mondays."""


def due(deps: Deps, now: datetime) -> list[Job]:
    """A job for each channel's present period; the queue takes each once, however often it is asked."""
    settings = deps.settings
    if not settings.digest_hours:
        return []
    period = period_of(settings, now)
    return [_job(channel, period, now) for channel in _channels(settings)]


def period_of(settings: Settings, now: datetime) -> str:
    """The period that `now` is in, by its beginning on the clocks of the digest's zone: `2026-11-20T09:00`."""
    local = now.astimezone(ZoneInfo(settings.digest_zone)).replace(tzinfo=None)
    first, length = datetime.combine(ANCHOR, time.fromisoformat(settings.digest_at)), _length(settings)
    return f"{first + math.floor((local - first) / length) * length:%Y-%m-%dT%H:%M}"


def _length(settings: Settings) -> timedelta:
    return timedelta(hours=settings.digest_hours)


def _channels(settings: Settings) -> list[str]:
    """Those that are watched, and those that rules post to. Rules that became wrong name none for now."""
    named: tuple[str, ...] = ()
    with suppress(SettingsError):
        named = read_rules(settings.alert_rules).channels
    return list(dict.fromkeys((*settings.alert_channels, *named)))


def _job(channel: str, period: str, now: datetime) -> Job:
    return Job(
        id=new_id("job"),
        kind=JobKind.digest,
        idempotency_key=f"digest:{channel}:{period}",
        payload={"channel": channel, "period": period},
        urgency=Urgency.low,
        created_at=now,
    )


async def handle_digest(job: Job, desk: Desk) -> None:
    """Tell a channel what was kept back since the last digest; nothing where it is muted, then it is told later."""
    deps, channel = desk.app.deps, str(job.payload["channel"])
    told = Told(deps, channel, str(job.payload["period"]), job.id)
    now, since = deps.clock(), await told.until()
    place = SlackPlace(channel=await desk.messenger.channel_id(channel) or channel, thread_ts="")
    recent = await deps.incidents.recent(since, MAX_INCIDENTS)
    digest = await collect(deps, [i for i in recent if _kept_back(i, (channel, place.channel))], since, now)
    if not digest.entries or await deps.mutes.active(place.channel) or not await told.claim():
        return
    mark = f"digest:{told.period}"
    found = await desk.messenger.find_marked(place, mark, job.created_at.timestamp()) if job.attempt > 1 else ""
    if not found:
        await _post(place, mark, digest, desk)
    await told.done(now)


async def _post(place: SlackPlace, mark: str, digest: Digest, desk: Desk) -> None:
    """RetryLater while the channel has no room for it, and when Slack let Watchkeeper into the channel just now."""
    if wait := await desk.budget.take(place.channel, NORMAL):
        raise RetryLater("The channel has no room for the digest.", wait)
    try:
        await desk.messenger.post_marked(place, mark, digest_text(digest), digest_blocks(digest))
    except SlackApiError as error:
        if error.response.get("error") == "not_in_channel" and await joined(place.channel, desk):
            raise RetryLater("The channel was joined just now.", 1) from None
        raise


@dataclass(frozen=True)
class Told:
    """How far a channel has been told. `job`: the one that tells this period; whoever comes later does not."""

    deps: Deps
    channel: str
    period: str
    job: str

    @property
    def key(self) -> str:
        return f"digest:{self.channel}"

    async def until(self) -> datetime:
        known = await self.deps.state.get(self.key) or {}
        if "until" in known:
            return datetime.fromisoformat(str(known["until"]))
        return self.deps.clock() - _length(self.deps.settings)

    async def claim(self) -> bool:
        """True for one job in a period, however often it is tried."""

        def claimed(known: dict[str, Any]) -> dict[str, Any]:
            return known if known.get("period") == self.period else {**known, "period": self.period, "job": self.job}

        return (await self.deps.state.change(self.key, claimed)).get("job") == self.job

    async def done(self, now: datetime) -> None:
        await self.deps.state.change(self.key, lambda known: {**known, "until": now.isoformat()})


def _kept_back(incident: Incident, channel: Sequence[str]) -> bool:
    """Held back in this channel, which goes by its name or its id, and not asked for meanwhile."""
    held = incident.decision is not None and incident.decision.treatment == "digest" and incident.diagnosis is None
    return held and incident.place is not None and incident.place.channel in channel


async def collect(deps: Deps, incidents: Sequence[Incident], since: datetime, now: datetime) -> Digest:
    """The kinds of alerts in these incidents since a time; flapping and rhythm of those that are shown."""
    kinds: dict[str, list[Sighting]] = {}
    rules: Counter[str] = Counter()
    for incident in incidents:
        for sighting in await deps.ledger.of_incident(incident.id, MAX_KINDS):
            if sighting.last_seen >= since:
                kinds.setdefault(sighting.alert.fingerprint, []).append(sighting)
                rules[incident.decision.rule if incident.decision else ""] += sighting.count
    entries = sorted((_entry(found, now) for found in kinds.values()), key=lambda e: (not e.firing, -e.count))
    shown = [await _with_rhythm(entry, deps, now) for entry in entries[:MAX_ENTRIES]]
    return Digest(since, now, [*shown, *entries[MAX_ENTRIES:]], rules.most_common())


def _entry(sightings: Sequence[Sighting], now: datetime) -> Entry:
    """One kind of alert, whichever incidents it was in."""
    newest = max(sightings, key=lambda each: each.last_seen)
    return Entry(
        alert=newest.alert,
        incident_id=newest.incident_id,
        count=sum(each.count for each in sightings),
        first_seen=min(each.first_seen for each in sightings),
        last_seen=newest.last_seen,
        firing=newest.status is AlertStatus.firing,
        flap=flapping([flip for each in sightings for flip in each.flips], now),
    )


async def _with_rhythm(entry: Entry, deps: Deps, now: datetime) -> Entry:
    episodes = await deps.ledger.earlier(entry.alert.fingerprint)
    zone = deps.settings.digest_zone
    return replace(entry, recurrence=recurrence([episode.at for episode in episodes], now, zone))
