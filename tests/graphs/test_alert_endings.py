"""When an incident is over, by what its alerts said last."""

from __future__ import annotations

from datetime import timedelta

from agent.models import AlertStatus, IncidentStatus
from tests.agent.examples import NOW
from tests.graphs.intake_desk import RESOLVED, Desk


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


async def test_what_fires_after_somebody_resolved_its_incident_opens_it_again(desk: Desk) -> None:
    await desk.takes(desk.alert())
    await desk.closes()
    desk.pass_by(seconds=10)

    taken = await desk.takes(desk.alert())

    assert ((await desk.incident()).status, taken.wants_analysis) == (IncidentStatus.open, True)
    assert (await desk.incident()).timeline[-1].kind == "refired"


async def test_one_of_several_alerts_that_ends_does_not_open_what_somebody_resolved(desk: Desk) -> None:
    await desk.takes(desk.alert())
    await desk.takes(desk.alert("latency of checkout"))
    await desk.closes()
    desk.pass_by(seconds=10)

    await desk.takes(desk.alert(status=RESOLVED))

    assert (await desk.incident()).status is IncidentStatus.resolved


async def test_what_is_said_of_an_item_that_fires_already_opens_no_incident_that_somebody_closed(desk: Desk) -> None:
    await desk.takes(desk.alert(item_id="P1"))
    await desk.closes()
    desk.pass_by(seconds=10)
    for more in ({}, {"update": True}):
        await desk.takes(desk.alert(item_id="P1", **more))

    assert (await desk.incident()).status is IncidentStatus.resolved
    assert ((await desk.tally()).count, (await desk.tally()).events) == (1, 3)


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


async def test_an_old_resolution_that_comes_after_the_window_does_not_end_what_has_fired_since(desk: Desk) -> None:
    """By the sender's clock: it said first that it was over, and then that it fires again."""
    await desk.takes(desk.alert(said_at=NOW))
    over = desk.alert(status=RESOLVED, said_at=NOW + timedelta(minutes=1))
    await desk.takes(desk.alert(said_at=NOW + timedelta(minutes=2)))
    desk.pass_by(hours=2)

    await desk.takes(over)

    assert ((await desk.incident()).status, (await desk.tally()).firing) == (IncidentStatus.open, 1)
    await desk.takes(desk.alert(status=RESOLVED, said_at=desk.now))
    assert ((await desk.incident()).status, (await desk.tally()).firing) == (IncidentStatus.resolved, 0)


async def test_a_firing_that_comes_after_the_window_is_believed(desk: Desk) -> None:
    """A sender that tells when it began tells the same however often it says that it still fires."""
    await desk.takes(desk.alert(said_at=NOW))
    await desk.takes(desk.alert(status=RESOLVED, said_at=NOW + timedelta(minutes=5)))
    desk.pass_by(hours=2)

    taken = await desk.takes(desk.alert(said_at=NOW))

    assert (taken.opened, taken.sighting.status) == (True, AlertStatus.firing)
