"""What becomes of one alert before a token is spent: a rule decides, the ledger counts, an incident takes it in.

Everything here may be repeated. An event is counted once by its id; the ledger's conditional write says which incident
a fingerprint belongs to; and only an alert that opens a window is correlated, under a lock that all processes share.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from agent import incident_changes
from agent.alert_order import follows, said
from agent.alert_rules import is_louder, read_rules
from agent.errors import RetryLater, WatchkeeperError
from agent.incident_changes import Grouping
from agent.living import last_run
from agent.models import Alert, AlertStatus, Decision, Incident, IncidentStatus, Severity, SlackPlace
from agent.ports import Deps, Lease, Sighting
from agent.redaction import redact
from agent.triage import Correlator

LOCK = "triage"
LOCK_SECONDS, LOCK_WAIT_SECONDS, LOCK_POLL_SECONDS = 10.0, 20.0, 0.1
HORIZON = timedelta(hours=2)
"""How old an incident's last alert may be for another one to join."""
MEMORY_SECONDS = 15.0
"""How long a correlator is used again, when nobody else has correlated since."""
OVERLOOKED = timedelta(minutes=1)
"""After this an analysis that was wanted would have begun, unless something kept it off or it waits in a queue."""
EVER = 30 * 86_400.0
"""Seconds: longer than any window is kept."""
LOOK_SECONDS = 1.0
"""How often an incident is read while its alerts are counted: somebody may have resolved it."""
TOUCH_SECONDS = 30.0
"""How often an incident is told that its alerts still come; in between only the ledger counts."""
OPENED = "triage:opened"
"""The state in which processes tell each other what they opened: lists of incidents lag behind on some stores."""
LAG = timedelta(minutes=1)
MAX_OPENED = 48
MAX_DESCRIPTION_CHARS = 20_000
MAX_KNOWN = 1000
LOOKED_BACK = 10
"""Windows of an alert in which an incident that a crash kept from being made is looked for."""
APART = "apart:"
"""What is counted but has no incident keeps a window of its own, lest a later alert of its kind have none either."""


@dataclass(frozen=True)
class Taken:
    """What became of an alert. `incident_id` is empty when it was only counted."""

    incident_id: str
    sighting: Sighting
    decision: Decision
    opened: bool = False
    joined: bool = False
    wants_analysis: bool = False
    overlooked: bool = False
    """It fires, its incident wants an analysis, and for a while none was begun: perhaps a mute kept it off."""
    place: SlackPlace | None = None
    """Of the incident."""


@dataclass
class _Known:
    """What this process remembers of an incident, so as not to read it for each repetition."""

    severity: Severity
    decision: Decision | None
    place: SlackPlace | None
    untouched: bool
    """Nobody looked into it, in all the time since it was opened."""
    seen: datetime


class AlertIntake:
    """One for each process: it remembers what it saw a moment ago. What it forgets it reads again."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._owner = f"intake-{uuid4().hex[:8]}"
        self._mine = asyncio.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._correlators = {kept_back: Correlator() for kept_back in (False, True)}
        self._token, self._restored = -1, datetime.min
        self._rules = read_rules(deps.settings.alert_rules)

    async def take_in(
        self,
        alert: Alert,
        event_id: str,
        place: SlackPlace | None,
        channel: str | tuple[str, ...],
        *,
        update: bool = False,
    ) -> Taken:
        """Count an alert and put it into its incident.

        `place`: the thread of the post that it came as; None, or without a `thread_ts`, of what came otherwise.
        `channel`: its channel's name, id or both.
        `update`: the same message was edited, which is counted only when the status is another one.
        StoreUnavailable or RetryLater when it has to be done again; doing it again changes nothing twice.
        """
        alert = await self._shortened(alert, event_id)
        alert = alert.model_copy(update={"received_at": alert.received_at or self._deps.clock()})
        decision = self._rules.decide(alert, channel, self._deps.clock())
        over = alert.status is AlertStatus.resolved
        if decision.treatment == "drop" and not over:
            return await self._only_counted(alert, decision, event_id)
        window = self._deps.settings.alert_window_seconds
        ledger = self._deps.ledger
        known = await ledger.open(alert.fingerprint, window)
        if known is not None and update and known.status is alert.status:
            return await self._again(alert, known, decision, place)
        if known is not None:
            sighting = await ledger.record(alert, known.incident_id, window, event_id)
            return await self._again(alert, sighting, decision, place)
        if alert.update:
            return await self._only_counted(alert, decision, event_id)
        if over:
            return await self._over(alert, event_id, decision, place)
        async with self._alone() as lease:
            known = await ledger.open(alert.fingerprint, window)
            if known is not None:  # somebody else took one of its kind in meanwhile
                sighting = await ledger.record(alert, known.incident_id, window, event_id)
                return await self._again(alert, sighting, decision, place)
            return await self._new(alert, event_id, decision, place, lease)

    async def _new(
        self, alert: Alert, event_id: str, decision: Decision, place: SlackPlace | None, lease: Lease
    ) -> Taken:
        window, ledger = self._deps.settings.alert_window_seconds, self._deps.ledger
        grouping = await self._grouping(alert, decision, lease)
        sighting = await ledger.record(alert, grouping.id, window, event_id)
        if sighting.incident_id != grouping.id:  # our lock had run out, and somebody was faster
            return await self._again(alert, sighting, decision, place)
        opened = await self._put(alert, decision, place, grouping)
        if opened:
            await self._announce(grouping.id)
        await self._overtaken(sighting)
        await self._reconcile(sighting, reopens=True)
        return self._taken(alert, sighting, decision, opened=opened, joined=not opened)

    async def _over(self, alert: Alert, event_id: str, decision: Decision, place: SlackPlace | None) -> Taken:
        """Resolved, and no window is open: its window has ended, or it overtook the alert that fired."""
        window, ledger = self._deps.settings.alert_window_seconds, self._deps.ledger
        incident_id = await self._unresolved_before(alert)
        if not incident_id:
            counted = await self._only_counted(alert, decision, event_id)
            known = await ledger.open(alert.fingerprint, window)
            if known is None:
                return counted
            incident_id, event_id = known.incident_id, _over_id(alert)
        sighting = await ledger.record(alert, incident_id, window, event_id)
        return await self._again(alert, sighting, decision, place)

    async def _overtaken(self, sighting: Sighting) -> None:
        """What said "resolved" before its alert had come in, if it did, is heard now.

        Both write first and then look for the other, so that one of them sees it.
        """
        window, ledger = self._deps.settings.alert_window_seconds, self._deps.ledger
        over = await ledger.open(APART + sighting.alert.fingerprint, window)
        if over is None or over.status is AlertStatus.firing:
            return
        now = self._deps.clock().timestamp()
        if not follows(said(sighting.alert, now), said(over.alert, now), now):
            alert = over.alert.model_copy(update={"fingerprint": sighting.alert.fingerprint})
            await ledger.record(alert, sighting.incident_id, window, _over_id(alert))

    async def _again(self, alert: Alert, sighting: Sighting, decision: Decision, place: SlackPlace | None) -> Taken:
        """A fingerprint whose window is open. What a crash left undone when it opened is done now."""
        sighting = await self._of_its_window(alert, sighting)
        incident_id, fires = sighting.incident_id, alert.status is AlertStatus.firing
        known, opened, reopened = self._known.get(incident_id), False, False
        louder = fires and known is not None and is_louder(decision, known.decision)
        if sighting.repeated or known is None or louder:
            opened = await self._put(alert, decision, place, Grouping(incident_id))
        elif self._is_stale(known, alert):
            reopened = await self._look_again(alert, incident_id, known) and sighting.fired
        worse = known is not None and incident_changes.is_worse(alert.severity, known.severity)
        if sighting.repeated or sighting.first:
            await self._overtaken(sighting)
        if sighting.changed or sighting.repeated or sighting.first or reopened or known is None:
            await self._reconcile(sighting, reopens=sighting.fired)
        news = opened or worse or louder or sighting.changed or sighting.repeated or reopened
        return self._taken(alert, sighting, decision, opened=opened, joined=False, news=news)

    async def _of_its_window(self, alert: Alert, sighting: Sighting) -> Sighting:
        """Of an event that comes again: its own window, if a crash kept that window's incident from being made.

        The ledger then answers with the newest window, which by now may be another one.
        """
        if sighting.repeated:
            for episode in await self._deps.ledger.earlier(alert.fingerprint, LOOKED_BACK):
                if await self._deps.incidents.get(episode.incident_id) is None:
                    return replace(sighting, incident_id=episode.incident_id)
        return sighting

    def _is_stale(self, known: _Known, alert: Alert) -> bool:
        since = (self._deps.clock() - known.seen).total_seconds()
        return incident_changes.is_worse(alert.severity, known.severity) or not 0 <= since < LOOK_SECONDS

    async def _look_again(self, alert: Alert, incident_id: str, known: _Known) -> bool:
        """Tells an incident now and then that its alerts still come; true when somebody has resolved it."""
        now = self._deps.clock()
        incident = await self._deps.incidents.get(incident_id)
        last = incident.last_alert_at if incident else None
        worse = incident_changes.is_worse(alert.severity, known.severity)
        if worse or last is None or not 0 <= (now - last).total_seconds() < TOUCH_SECONDS:
            incident = await self._deps.incidents.change(
                incident_id, lambda incident: incident_changes.heard_again(incident, alert, now)
            )
        if incident is None:
            return False
        self._remember(incident, now)
        return incident.status is IncidentStatus.resolved

    async def _grouping(self, alert: Alert, decision: Decision, lease: Lease) -> Grouping:
        """Which incident a new alert belongs to, as the correlator says.

        What is kept for the digest is grouped apart: nothing that is told lives in the thread of a quiet post.
        """
        now = self._deps.clock()
        ours = lease.token == self._token + 1 and (now - self._restored).total_seconds() < MEMORY_SECONDS
        if not ours:
            recent = await self._recent(now)
            for kept_back in self._correlators:
                of_kind = [incident for incident in recent if _is_kept_back(incident.decision) is kept_back]
                self._correlators[kept_back] = Correlator.restored(of_kind)
            self._restored = now
        self._token = lease.token
        correlator = self._correlators[_is_kept_back(decision)]
        key = correlator.assign(alert)
        return Grouping(key, correlator.why(key), correlator.storming(key))

    async def _recent(self, now: datetime) -> list[Incident]:
        """Also those that another process opened a moment ago, and that no list shows yet."""
        recent = await self._deps.incidents.recent(now - HORIZON)
        listed = {incident.id for incident in recent}
        told = (await self._deps.state.get(OPENED) or {}).get("opened", [])
        missing = [key for key, at in told if key not in listed and abs(now - datetime.fromisoformat(at)) < LAG]
        found = await asyncio.gather(*(self._deps.incidents.get(key) for key in missing))
        return [*(incident for incident in found if incident is not None), *recent]

    async def _announce(self, incident_id: str) -> None:
        entry = [incident_id, self._deps.clock().isoformat()]
        await self._deps.state.change(
            OPENED, lambda told: {"opened": [*told.get("opened", []), entry][-MAX_OPENED:]}, HORIZON.total_seconds()
        )

    async def _put(self, alert: Alert, decision: Decision, place: SlackPlace | None, grouping: Grouping) -> bool:
        """Into its incident, which is made when there is none; True then."""
        incidents, now = self._deps.incidents, self._deps.clock()
        place = self._place(place, decision)
        while True:
            incident = await incidents.change(
                grouping.id, lambda known: incident_changes.joined(known, alert, decision, grouping, now)
            )
            if incident is not None:
                self._remember(incident, now)
                return False
            made = incident_changes.opened(alert, decision, place, grouping, now)
            if await incidents.create(made):
                self._remember(made, now)
                return True

    async def _reconcile(self, sighting: Sighting, reopens: bool) -> None:
        """Resolve the incident when none of its alerts fires, or open it again; looks twice, for others count too.

        `reopens`: something fired now. Else what still fires may have been firing when somebody resolved the incident.
        """
        firing = -1
        while (found := await self._firing(sighting)) != firing:
            firing, text, now = found, sighting.alert.title, self._deps.clock()
            if firing and not reopens:
                return

            def turned(incident: Incident, firing: int = firing, text: str = text, now: datetime = now) -> Incident:
                return incident_changes.turned(incident, firing, text, now)

            await self._deps.incidents.change(sighting.incident_id, turned)
            reopens = True  # what we resolve ourselves we may open again, should something have fired meanwhile

    async def _firing(self, sighting: Sighting) -> int:
        """How many of the incident's alerts fire. A tally may lag behind and miss what joined a moment ago.

        So what it says does not fire any more is looked at one by one: the alert in hand, and those that joined last.
        """
        ledger, incident_id = self._deps.ledger, sighting.incident_id
        if firing := (await ledger.tally(incident_id)).firing:
            return firing
        incident = await self._deps.incidents.get(incident_id)
        latest = (*incident.latest, *(alert.fingerprint for alert in incident.alerts)) if incident else ()
        seen = [await ledger.open(each, EVER) for each in dict.fromkeys((sighting.alert.fingerprint, *latest))]
        mine = [each for each in seen if each is not None and each.incident_id == incident_id]
        return sum(each.status is AlertStatus.firing for each in mine)

    async def _unresolved_before(self, alert: Alert) -> str:
        """The incident that is still open because this alert fired in it, though its window ended long ago."""
        for episode in await self._deps.ledger.earlier(alert.fingerprint, 1):
            incident = await self._deps.incidents.get(episode.incident_id)
            if incident is not None and incident.status is not IncidentStatus.resolved:
                return incident.id
        return ""

    async def _only_counted(self, alert: Alert, decision: Decision, event_id: str) -> Taken:
        apart = alert.model_copy(update={"fingerprint": APART + alert.fingerprint})
        window = self._deps.settings.alert_window_seconds
        return Taken("", await self._deps.ledger.record(apart, "", window, event_id), decision)

    def _place(self, place: SlackPlace | None, decision: Decision) -> SlackPlace | None:
        """What did not come as a post gets a message of its own, whose ts is not known yet, where the rule says."""
        if place is not None and place.thread_ts:
            return place
        given = place.channel if place else ""
        channel = decision.channel or given or next(iter(self._deps.settings.alert_channels), "")
        return SlackPlace(team=place.team if place else "", channel=channel, thread_ts="") if channel else None

    def _taken(
        self, alert: Alert, sighting: Sighting, decision: Decision, *, opened: bool, joined: bool, news: bool = True
    ) -> Taken:
        fires, known = alert.status is AlertStatus.firing, self._known.get(sighting.incident_id)
        wants = (opened or joined or news) and decision.treatment == "analyse" and fires
        return Taken(
            sighting.incident_id,
            sighting,
            decision,
            opened,
            joined,
            wants,
            overlooked=sighting.fired and known is not None and known.untouched,
            place=known.place if known else None,
        )

    async def _shortened(self, alert: Alert, event_id: str) -> Alert:
        """What is too long for a store goes to the archive, whole."""
        if len(alert.description) <= MAX_DESCRIPTION_CHARS:
            return alert
        day = alert.started_at
        key = f"alerts/{day:year=%Y/month=%m/day=%d}/{event_id.replace(':', '-')}.txt"
        reference = await self._deps.archive.put(key, redact(alert.description).encode("utf-8", "replace"))
        cut = alert.description[:MAX_DESCRIPTION_CHARS]
        note = f"\n[… {len(alert.description) - MAX_DESCRIPTION_CHARS} more characters are in {reference}]"
        return alert.model_copy(update={"description": cut + note, "raw_reference": reference})

    def _remember(self, incident: Incident, now: datetime) -> None:
        analyse = incident.decision is not None and incident.decision.treatment == "analyse"
        untouched = analyse and incident.diagnosis is None and last_run(incident) is None
        old = now - incident.created_at >= OVERLOOKED
        self._known[incident.id] = _Known(incident.severity, incident.decision, incident.place, untouched and old, now)
        self._known.move_to_end(incident.id)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)

    @asynccontextmanager
    async def _alone(self) -> AsyncGenerator[Lease]:
        """While nobody else correlates, here or in another process. RetryLater after LOCK_WAIT_SECONDS."""
        locks = self._deps.locks
        async with self._mine:
            lease: Lease | None = None
            for _ in range(int(LOCK_WAIT_SECONDS / LOCK_POLL_SECONDS)):
                lease = await locks.acquire(LOCK, self._owner, LOCK_SECONDS)
                if lease is not None:
                    break
                await asyncio.sleep(LOCK_POLL_SECONDS)
            else:
                raise RetryLater("Other alerts are being grouped.", 1)
            try:
                yield lease
            finally:
                with suppress(WatchkeeperError):
                    await locks.release(lease)


async def take_in(
    deps: Deps, alert: Alert, event_id: str, place: SlackPlace | None, channel: str | tuple[str, ...]
) -> Taken:
    """`AlertIntake.take_in` for a single alert."""
    return await AlertIntake(deps).take_in(alert, event_id, place, channel)


def _is_kept_back(decision: Decision | None) -> bool:
    return decision is not None and decision.treatment == "digest"


def _over_id(alert: Alert) -> str:
    """An event id for a "resolved" that two may record, so that it counts once."""
    return f"over:{(alert.said_at or alert.received_at or alert.started_at).timestamp()}"
