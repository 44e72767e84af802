"""Alerts into incidents, on the embedded stores."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.errors import StoreUnavailable
from agent.models import (
    Alert,
    AlertStatus,
    Incident,
    IncidentStatus,
    Severity,
    SlackPlace,
)
from agent.ports import Deps, Tally
from agent.settings import Settings
from graphs.alert_intake import MAX_DESCRIPTION_CHARS, AlertIntake, Taken, take_in
from slack_app.bootstrap import build_deps
from tests.agent.examples import NOW

RESOLVED = AlertStatus.resolved


@dataclass
class Desk:
    """An intake over real stores, and a clock that a test turns."""

    home: Path
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    now: datetime = NOW
    number: int = 0

    def __post_init__(self) -> None:
        held = build_deps(Settings.read(home=self.home, **self.settings), clock=lambda: self.now, aws="nobody asks it")
        self.deps: Deps = held.deps
        self.close = held.close
        self.intake = AlertIntake(self.deps)

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)

    def alert(self, name: str = "errors of checkout", **more: Any) -> Alert:
        given: dict[str, Any] = {"source": "datadog", "severity": Severity.error, "system": "shop", "title": name}
        return Alert(**(given | {"started_at": self.now, "fingerprint": name} | more))

    async def takes(self, alert: Alert, event: str = "", place: SlackPlace | None = None, **more: Any) -> Taken:
        self.number += 1
        return await self.intake.take_in(alert, event or f"event-{self.number}", place, "", **more)

    async def incidents(self) -> list[Incident]:
        return await self.deps.incidents.recent(self.now - timedelta(days=30))

    async def incident(self) -> Incident:
        (only,) = await self.incidents()
        return only

    async def tally(self) -> Tally:
        return await self.deps.ledger.tally((await self.incident()).id)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


async def test_a_new_alert_opens_an_incident_that_wants_an_analysis(desk: Desk) -> None:
    place = SlackPlace(team="T1", channel="C1", thread_ts="100.1")
    taken = await desk.takes(desk.alert(), place=place)

    incident = await desk.incident()
    assert (taken.incident_id, taken.opened, taken.wants_analysis) == (incident.id, True, True)
    assert (incident.title, incident.severity, incident.system) == ("errors of checkout", Severity.error, "shop")
    assert (incident.place, incident.status, incident.last_alert_at) == (place, IncidentStatus.open, NOW)
    assert [event.kind for event in incident.timeline] == ["opened"]


async def test_an_alert_that_came_by_itself_gets_a_message_where_alerts_are_told(desk: Desk) -> None:
    await desk.takes(desk.alert(), place=SlackPlace(team="T1", channel="", thread_ts=""))

    assert (await desk.incident()).place == SlackPlace(team="T1", channel="alerts", thread_ts="")


async def test_a_rule_may_name_the_channel(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{name: shop, when: {system: shop}, then: {treatment: analyse, channel: '#shop-alerts'}}]")
    desk = Desk(tmp_path, {"alert_rules": str(rules)})
    try:
        taken = await desk.takes(desk.alert())
        assert (taken.decision.rule, (await desk.incident()).place) == (
            "shop",
            SlackPlace(channel="shop-alerts", thread_ts=""),
        )
    finally:
        desk.close()


async def test_without_alert_channels_an_incident_has_no_place(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"alert_channels": ""})
    try:
        await desk.takes(desk.alert())
        assert (await desk.incident()).place is None
    finally:
        desk.close()


async def test_a_known_alert_is_counted_and_wants_nothing_more(desk: Desk) -> None:
    first = await desk.takes(desk.alert())
    for _ in range(4):
        again = await desk.takes(desk.alert())

    assert (again.incident_id, again.sighting.count) == (first.incident_id, 5)
    assert (again.opened, again.joined, again.wants_analysis) == (False, False, False)


async def test_an_event_that_is_delivered_again_is_counted_once(desk: Desk) -> None:
    alert = desk.alert()
    for _ in range(3):
        taken = await desk.takes(alert, "the same")

    assert taken.sighting.repeated
    assert (await desk.tally()).count == 1
    assert [event.kind for event in (await desk.incident()).timeline] == ["opened"]


async def test_related_alerts_join_one_incident_as_severe_as_the_worst_of_them(desk: Desk) -> None:
    await desk.takes(desk.alert())
    desk.pass_by(seconds=5)
    taken = await desk.takes(desk.alert("latency of checkout", severity=Severity.critical))

    incident = await desk.incident()
    assert (taken.joined, taken.opened, taken.wants_analysis) == (True, False, True)
    assert (incident.severity, incident.title) == (Severity.critical, "latency of checkout")
    assert [alert.title for alert in incident.alerts] == ["errors of checkout", "latency of checkout"]
    assert incident.grouped


async def test_unrelated_alerts_of_other_systems_open_incidents_of_their_own(desk: Desk) -> None:
    await desk.takes(desk.alert())
    await desk.takes(desk.alert("disk of warehouse is full", system="warehouse"))

    assert len(await desk.incidents()) == 2


async def test_a_known_alert_that_became_worse_makes_its_incident_worse(desk: Desk) -> None:
    await desk.takes(desk.alert(severity=Severity.warning))
    taken = await desk.takes(desk.alert(severity=Severity.critical))

    assert (await desk.incident()).severity is Severity.critical
    assert taken.wants_analysis


async def test_an_incident_is_resolved_when_none_of_its_alerts_fires_any_more(desk: Desk) -> None:
    await desk.takes(desk.alert())
    await desk.takes(desk.alert("latency of checkout"))
    desk.pass_by(minutes=5)
    await desk.takes(desk.alert(status=RESOLVED))
    assert (await desk.incident()).status is IncidentStatus.open

    taken = await desk.takes(desk.alert("latency of checkout", status=RESOLVED))

    incident = await desk.incident()
    assert (incident.status, taken.wants_analysis) == (IncidentStatus.resolved, False)
    assert incident.timeline[-1].kind == "resolved"


async def test_an_alert_that_fires_again_opens_its_incident_again(desk: Desk) -> None:
    for status in (AlertStatus.firing, RESOLVED, AlertStatus.firing):
        taken = await desk.takes(desk.alert(status=status))
        desk.pass_by(minutes=1)

    incident = await desk.incident()
    assert (incident.status, taken.wants_analysis) == (IncidentStatus.open, True)
    assert [event.kind for event in incident.timeline] == ["opened", "resolved", "refired"]


async def _resolved_by_a_person(desk: Desk) -> None:
    incident = await desk.incident()
    await desk.deps.incidents.change(
        incident.id, lambda found: found.model_copy(update={"status": IncidentStatus.resolved})
    )


async def test_what_fires_after_somebody_resolved_its_incident_opens_it_again(desk: Desk) -> None:
    await desk.takes(desk.alert())
    await _resolved_by_a_person(desk)
    desk.pass_by(seconds=10)

    taken = await desk.takes(desk.alert())

    assert ((await desk.incident()).status, taken.wants_analysis) == (IncidentStatus.open, True)
    assert (await desk.incident()).timeline[-1].kind == "refired"


async def test_one_of_several_alerts_that_ends_does_not_open_what_somebody_resolved(desk: Desk) -> None:
    await desk.takes(desk.alert())
    await desk.takes(desk.alert("latency of checkout"))
    await _resolved_by_a_person(desk)
    desk.pass_by(seconds=10)

    await desk.takes(desk.alert(status=RESOLVED))

    assert (await desk.incident()).status is IncidentStatus.resolved


async def test_a_resolution_that_overtakes_its_alert_is_heard(desk: Desk) -> None:
    fired = desk.alert()
    desk.pass_by(minutes=2)
    fired = fired.model_copy(update={"received_at": fired.started_at})
    over = await desk.takes(desk.alert(status=RESOLVED, started_at=fired.started_at, ended_at=desk.now))
    assert over.incident_id == ""

    taken = await desk.takes(fired)

    assert (await desk.incident()).status is IncidentStatus.resolved
    assert (await desk.tally()).firing == 0
    assert taken.sighting.count == 1


async def test_an_old_resolution_says_nothing_of_an_alert_that_fires_later(desk: Desk) -> None:
    await desk.takes(desk.alert(status=RESOLVED, ended_at=desk.now))
    desk.pass_by(minutes=2)
    await desk.takes(desk.alert())

    assert (await desk.incident()).status is IncidentStatus.open


async def test_a_resolution_after_the_window_ends_the_incident_that_is_still_open(desk: Desk) -> None:
    first = await desk.takes(desk.alert())
    desk.pass_by(hours=3)
    taken = await desk.takes(desk.alert(status=RESOLVED, started_at=NOW, ended_at=desk.now))

    assert taken.incident_id == first.incident_id
    assert (await desk.incident()).status is IncidentStatus.resolved


async def test_a_resolution_of_something_that_nobody_saw_opens_nothing(desk: Desk) -> None:
    taken = await desk.takes(desk.alert(status=RESOLVED))

    assert (taken.incident_id, taken.opened, taken.wants_analysis) == ("", False, False)
    assert await desk.incidents() == []


async def test_after_its_window_an_alert_opens_another_incident(desk: Desk) -> None:
    first = await desk.takes(desk.alert())
    desk.pass_by(hours=3)
    second = await desk.takes(desk.alert())

    assert second.opened
    assert second.incident_id != first.incident_id


async def test_a_dropped_alert_is_counted_and_goes_nowhere(desk: Desk) -> None:
    taken = await desk.takes(desk.alert("Watchdog", severity=Severity.info))

    assert (taken.decision.treatment, taken.incident_id, taken.sighting.count) == ("drop", "", 1)
    assert await desk.incidents() == []


async def test_an_incident_is_treated_as_the_most_important_of_its_alerts(desk: Desk) -> None:
    quiet = await desk.takes(desk.alert("deployment of checkout", severity=Severity.info))
    loud = await desk.takes(desk.alert("errors of checkout"))

    assert quiet.incident_id == loud.incident_id
    assert not quiet.wants_analysis
    decision = (await desk.incident()).decision
    assert decision is not None
    assert decision.treatment == "analyse"


async def test_an_edited_post_is_counted_only_when_its_status_changed(desk: Desk) -> None:
    await desk.takes(desk.alert())
    edited = await desk.takes(desk.alert(description="now with a link"), update=True)
    assert (edited.sighting.count, edited.wants_analysis) == (1, False)

    desk.pass_by(minutes=1)
    await desk.takes(desk.alert(status=RESOLVED), update=True)
    assert (await desk.incident()).status is IncidentStatus.resolved


async def test_a_text_that_is_too_long_is_archived_whole(desk: Desk) -> None:
    text = "x" * MAX_DESCRIPTION_CHARS + "the end"
    await desk.takes(desk.alert(description=text), "job_1:0")

    (alert,) = (await desk.incident()).alerts
    assert len(alert.description) < MAX_DESCRIPTION_CHARS + 300
    assert "7 more characters are in" in alert.description
    (key,) = await desk.deps.archive.keys("alerts/")
    assert await desk.deps.archive.get(key) == text.encode()
    assert alert.raw_reference.endswith(".txt")


async def test_two_processes_that_hear_of_one_trouble_make_one_incident(desk: Desk, tmp_path: Path) -> None:
    other = Desk(tmp_path)
    try:
        names = [f"errors of checkout {n}" for n in range(6)]
        await asyncio.gather(
            *(each.takes(each.alert(name), f"{n}") for name in names for n, each in enumerate((desk, other)))
        )
    finally:
        other.close()

    tally = await desk.tally()
    assert (tally.alerts, tally.count) == (6, 12)


async def test_a_crash_after_the_count_leaves_nothing_undone(desk: Desk) -> None:
    alert = desk.alert()
    await desk.deps.ledger.record(alert, "inc_crashed", 3600, "event-1")
    assert await desk.incidents() == []

    taken = await desk.takes(alert, "event-1")

    assert (await desk.incident()).id == taken.incident_id == "inc_crashed"
    assert (taken.sighting.count, taken.wants_analysis) == (1, True)


async def test_a_crash_after_the_last_resolution_leaves_nothing_undone(desk: Desk) -> None:
    await desk.takes(desk.alert())
    desk.pass_by(minutes=1)
    over = desk.alert(status=RESOLVED)
    await desk.deps.ledger.record(over, (await desk.incident()).id, 3600, "the end")

    await desk.takes(over, "the end")

    assert (await desk.incident()).status is IncidentStatus.resolved


class Failing:
    """A store that is down for a while."""

    def __init__(self, store: Any, method: str) -> None:
        self._store, self._method = store, method
        self.down = True

    def __getattr__(self, name: str) -> Any:
        if name == self._method and self.down:
            raise StoreUnavailable("The store is down.")
        return getattr(self._store, name)


@pytest.mark.parametrize(
    ("store", "method"),
    [
        ("incidents", "create"),
        ("incidents", "recent"),
        ("incidents", "change"),
        ("ledger", "record"),
        ("ledger", "tally"),
    ],
)
async def test_a_store_that_fails_in_the_middle_loses_and_doubles_nothing(desk: Desk, store: str, method: str) -> None:
    failing = Failing(getattr(desk.deps, store), method)
    desk.intake = AlertIntake(replace(desk.deps, **{store: failing}))
    alert = desk.alert()
    with pytest.raises(StoreUnavailable):
        await desk.takes(alert, "event-1")
    failing.down = False

    taken = await desk.takes(alert, "event-1")

    assert taken.wants_analysis
    assert ((await desk.incident()).id, (await desk.tally()).count) == (taken.incident_id, 1)


async def test_a_storm_is_one_incident_that_says_so(desk: Desk) -> None:
    for number in range(60):
        await desk.takes(desk.alert(f"pod {number:02} of shop-{number % 7} restarts"))
        desk.pass_by(seconds=0.2)

    incident = await desk.incident()
    assert (incident.storm, len(incident.alerts)) == (True, 20)
    assert "storm" in incident.grouped
    assert (await desk.tally()).alerts == 60


async def test_repetitions_keep_an_incident_young_without_writing_it_each_time(desk: Desk) -> None:
    await desk.takes(desk.alert())
    for seconds in (10, 10, 20):
        desk.pass_by(seconds=seconds)
        await desk.takes(desk.alert())

    assert (await desk.incident()).last_alert_at == NOW + timedelta(seconds=40)
    desk.pass_by(seconds=29)
    await desk.takes(desk.alert())
    assert (await desk.incident()).updated_at == NOW + timedelta(seconds=40)


async def test_one_alert_can_be_taken_in_without_an_intake_of_ones_own(desk: Desk) -> None:
    taken = await take_in(desk.deps, desk.alert(), "event-1", None, "alerts")

    assert taken.opened


async def test_a_note_on_something_that_nobody_saw_opens_nothing(desk: Desk) -> None:
    taken = await desk.takes(desk.alert(update=True))

    assert (taken.incident_id, taken.opened, await desk.incidents()) == ("", False, [])


async def test_what_is_said_of_an_item_that_fires_already_opens_no_incident_that_somebody_closed(desk: Desk) -> None:
    await desk.takes(desk.alert(item_id="P1"))
    await _resolved_by_a_person(desk)
    desk.pass_by(seconds=10)
    for more in ({}, {"update": True}):
        await desk.takes(desk.alert(item_id="P1", **more))

    assert (await desk.incident()).status is IncidentStatus.resolved
    assert ((await desk.tally()).count, (await desk.tally()).events) == (1, 3)


async def test_an_incident_that_nobody_looked_into_for_a_while_is_told_so_with_the_next_firing(desk: Desk) -> None:
    first = await desk.takes(desk.alert())
    desk.pass_by(minutes=5)
    again = await desk.takes(desk.alert())
    again = await desk.takes(desk.alert())

    assert (first.overlooked, again.overlooked, again.place) == (False, True, (await desk.incident()).place)


async def test_no_secret_is_archived(desk: Desk) -> None:
    secret = "AKIA" + "Q3EGRJQ7XTBNPX2V"
    await desk.takes(desk.alert(description=f"key {secret}\n" + "x " * MAX_DESCRIPTION_CHARS), "job_1:0")

    (key,) = await desk.deps.archive.keys("alerts/")
    assert secret.encode() not in (await desk.deps.archive.get(key) or secret.encode())


async def test_an_incident_that_a_crash_kept_from_being_made_is_made_when_its_alert_comes_again(desk: Desk) -> None:
    alert = desk.alert()
    await desk.deps.ledger.record(alert, "inc_unmade", 3600, "event-of-the-crash")  # and then the power went
    desk.pass_by(hours=5)
    await desk.takes(desk.alert())

    taken = await desk.takes(alert, "event-of-the-crash")

    assert (taken.incident_id, taken.opened, taken.wants_analysis) == ("inc_unmade", True, True)
    assert (await desk.deps.ledger.tally("inc_unmade")).count == 1
    assert len(await desk.incidents()) == 2
