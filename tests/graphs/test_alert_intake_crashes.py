"""What a crash, or a store that is down, left undone is done when the alert comes again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.errors import StoreUnavailable
from agent.models import IncidentStatus
from graphs.alert_intake import AlertIntake
from tests.graphs.intake_desk import RESOLVED, Desk, Failing


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


async def test_an_incident_that_a_crash_kept_from_being_made_is_made_when_its_alert_comes_again(desk: Desk) -> None:
    alert = desk.alert()
    await desk.deps.ledger.record(alert, "inc_unmade", 3600, "event-of-the-crash")  # and then the power went
    desk.pass_by(hours=5)
    await desk.takes(desk.alert())

    taken = await desk.takes(alert, "event-of-the-crash")

    assert (taken.incident_id, taken.opened, taken.wants_analysis) == ("inc_unmade", True, True)
    assert (await desk.deps.ledger.tally("inc_unmade")).count == 1
    assert len(await desk.incidents()) == 2


@pytest.mark.parametrize(("store", "method"), [("ledger", "tally"), ("incidents", "change")])
async def test_what_fires_again_opens_its_incident_though_a_store_failed_meanwhile(
    desk: Desk, store: str, method: str
) -> None:
    await desk.takes(desk.alert())
    await desk.takes(desk.alert(status=RESOLVED))
    failing = Failing(getattr(desk.deps, store), method)
    desk.intake = AlertIntake(replace(desk.deps, **{store: failing}))
    desk.pass_by(minutes=5)
    alert = desk.alert()
    with pytest.raises(StoreUnavailable):
        await desk.takes(alert, "again")
    failing.down = False

    taken = await desk.takes(alert, "again")

    assert ((await desk.incident()).status, taken.wants_analysis) == (IncidentStatus.open, True)


async def test_what_was_counted_when_a_person_had_closed_its_incident_opens_it_after_a_crash(desk: Desk) -> None:
    await desk.takes(desk.alert())
    await desk.closes()
    desk.pass_by(minutes=5)
    alert = desk.alert(received_at=desk.now)
    await desk.deps.ledger.record(alert, (await desk.incident()).id, 3600, "again")  # and then the power went

    await desk.takes(alert, "again")

    assert (await desk.incident()).status is IncidentStatus.open


async def test_what_a_person_closed_stays_closed_when_its_alert_is_delivered_again(desk: Desk) -> None:
    alert = desk.alert(received_at=desk.now)
    await desk.takes(alert, "the same")
    desk.pass_by(minutes=5)
    await desk.closes()

    await desk.takes(alert, "the same")

    assert (await desk.incident()).status is IncidentStatus.resolved


async def test_what_a_crash_left_resolved_while_something_fired_is_opened(desk: Desk) -> None:
    """Whoever resolves an incident looks afterwards whether anything fired meanwhile, unless a crash is faster."""
    await desk.takes(desk.alert())
    over = desk.alert(status=RESOLVED)
    await desk.takes(over, "the end")
    await desk.deps.ledger.record(desk.alert("latency of checkout"), (await desk.incident()).id, 3600, "meanwhile")

    await desk.takes(over, "the end")

    assert (await desk.incident()).status is IncidentStatus.open


async def test_a_resolution_that_was_counted_before_its_window_ended_is_still_to_be_told(desk: Desk) -> None:
    first = await desk.takes(desk.alert())
    over = desk.alert(status=RESOLVED)
    await desk.takes(over, "the end")  # and nobody could be told
    desk.pass_by(hours=5)

    taken = await desk.takes(over, "the end")

    assert (taken.incident_id, taken.sighting.repeated) == (first.incident_id, True)
    assert (await desk.tally()).events == 2


async def test_an_alert_that_comes_again_is_of_its_own_incident_though_a_later_one_is_open(desk: Desk) -> None:
    alert = desk.alert()
    first = await desk.takes(alert, "the first")  # and nobody could be told
    desk.pass_by(hours=5)
    later = await desk.takes(desk.alert())

    taken = await desk.takes(alert, "the first")

    assert later.incident_id != first.incident_id
    assert (taken.incident_id, taken.sighting.repeated, taken.wants_analysis) == (first.incident_id, True, True)
