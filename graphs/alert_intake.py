"""What becomes of one alert before a token is spent: a rule decides, the ledger counts, an incident takes it in.

Everything here may be repeated. An event is counted once by its id; the ledger's conditional write says which incident
a fingerprint belongs to; and only an alert that opens a window is correlated, under a lock that all processes share.

Which incident that is, is said in `alert_grouping`; how what comes out of order is counted, in `alert_counting`; when
an incident is over, in `alert_endings`.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent import incident_changes
from agent.alert_rules import is_louder, read_rules
from agent.incident_changes import Grouping
from agent.models import Alert, AlertStatus, Decision, IncidentStatus, SlackPlace
from agent.ports import Deps, Lease, Sighting
from agent.redaction import redact
from graphs.alert_counting import count_apart, hear_what_overtook, over_id, unresolved_before
from graphs.alert_endings import reconcile
from graphs.alert_grouping import AlertGrouping
from graphs.alert_memory import IncidentMemory, Known

TOUCH_SECONDS = 30.0
"""How often an incident is told that its alerts still come; in between only the ledger counts."""
MAX_DESCRIPTION_CHARS = 20_000


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


class AlertIntake:
    """One for each process: it remembers what it saw a moment ago. What it forgets it reads again."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._grouping = AlertGrouping(deps)
        self._memory = IncidentMemory()
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
            return Taken("", await count_apart(self._deps, alert, event_id), decision)
        window = self._deps.settings.alert_window_seconds
        known = await self._deps.ledger.open(alert.fingerprint, window)
        if known is not None and update and known.status is alert.status:
            return await self._again(alert, known, decision, place)
        if known is not None:
            return await self._counted(alert, known.incident_id, event_id, decision, place)
        if alert.update:
            return Taken("", await count_apart(self._deps, alert, event_id), decision)
        if over:
            return await self._over(alert, event_id, decision, place)
        async with self._grouping.alone() as lease:
            known = await self._deps.ledger.open(alert.fingerprint, window)
            if known is not None:  # somebody else took one of its kind in meanwhile
                return await self._counted(alert, known.incident_id, event_id, decision, place)
            return await self._new(alert, event_id, decision, place, lease)

    async def _new(
        self, alert: Alert, event_id: str, decision: Decision, place: SlackPlace | None, lease: Lease
    ) -> Taken:
        grouping = await self._grouping.of(alert, decision, lease)
        window = self._deps.settings.alert_window_seconds
        sighting = await self._deps.ledger.record(alert, grouping.id, window, event_id)
        if sighting.incident_id != grouping.id:  # our lock had run out, and somebody was faster
            return await self._again(alert, sighting, decision, place)
        opened = await self._put(alert, decision, place, grouping)
        if opened:
            await self._grouping.announce(grouping.id)
        await hear_what_overtook(self._deps, sighting)
        await reconcile(self._deps, sighting, alert)
        return self._taken(alert, sighting, decision, opened=opened, joined=not opened)

    async def _over(self, alert: Alert, event_id: str, decision: Decision, place: SlackPlace | None) -> Taken:
        """Resolved, and no window is open: its window has ended, or it overtook the alert that fired."""
        before = await self._deps.ledger.incident_of(alert.fingerprint, event_id)
        incident_id = before or await unresolved_before(self._deps, alert)
        if not incident_id:
            apart = await count_apart(self._deps, alert, event_id)
            known = await self._deps.ledger.open(alert.fingerprint, self._deps.settings.alert_window_seconds)
            if known is None:
                return Taken("", apart, decision)
            incident_id, event_id = known.incident_id, over_id(alert)
        return await self._counted(alert, incident_id, event_id, decision, place)

    async def _counted(
        self, alert: Alert, incident_id: str, event_id: str, decision: Decision, place: SlackPlace | None
    ) -> Taken:
        window = self._deps.settings.alert_window_seconds
        sighting = await self._deps.ledger.record(alert, incident_id, window, event_id)
        return await self._again(alert, sighting, decision, place)

    async def _again(self, alert: Alert, sighting: Sighting, decision: Decision, place: SlackPlace | None) -> Taken:
        """A fingerprint whose window is open. What a crash left undone when it opened is done now."""
        incident_id, fires = sighting.incident_id, alert.status is AlertStatus.firing
        known, opened, reopened = self._memory.get(incident_id), False, False
        louder = fires and known is not None and is_louder(decision, known.decision)
        if sighting.repeated or known is None or louder:
            opened = await self._put(alert, decision, place, Grouping(incident_id))
        elif known.is_stale(alert, self._deps.clock()):
            reopened = await self._look_again(alert, incident_id, known) and sighting.fired
        worse = known is not None and incident_changes.is_worse(alert.severity, known.severity)
        if sighting.repeated or sighting.first:
            await hear_what_overtook(self._deps, sighting)
        if sighting.changed or sighting.repeated or sighting.first or reopened or known is None:
            await reconcile(self._deps, sighting, alert)
        news = opened or worse or louder or sighting.changed or sighting.repeated or reopened
        return self._taken(alert, sighting, decision, opened=opened, joined=False, news=news)

    async def _look_again(self, alert: Alert, incident_id: str, known: Known) -> bool:
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
        self._memory.keep(incident, now)
        return incident.status is IncidentStatus.resolved

    async def _put(self, alert: Alert, decision: Decision, place: SlackPlace | None, grouping: Grouping) -> bool:
        """Into its incident, which is made when there is none; True then."""
        incidents, now = self._deps.incidents, self._deps.clock()
        place = self._place(place, decision)
        is_known = self._memory.get(grouping.id) is not None  # else it is new, most of the time
        while True:
            made = incident_changes.opened(alert, decision, place, grouping, now)
            if not is_known and await incidents.create(made):
                self._memory.keep(made, now)
                return True
            incident = await incidents.change(
                grouping.id, lambda known: incident_changes.joined(known, alert, decision, grouping, now)
            )
            if incident is not None:
                self._memory.keep(incident, now)
                return False
            is_known = False

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
        fires, known = alert.status is AlertStatus.firing, self._memory.get(sighting.incident_id)
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


async def take_in(
    deps: Deps, alert: Alert, event_id: str, place: SlackPlace | None, channel: str | tuple[str, ...]
) -> Taken:
    """`AlertIntake.take_in` for a single alert."""
    return await AlertIntake(deps).take_in(alert, event_id, place, channel)
