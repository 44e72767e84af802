"""Alerts into incidents, on the embedded stores."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from agent.models import IncidentStatus, Severity, SlackPlace
from graphs.alert_intake import MAX_DESCRIPTION_CHARS, take_in
from tests.agent.examples import NOW
from tests.graphs.intake_desk import RESOLVED, Desk


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
