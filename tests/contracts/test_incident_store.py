from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from agent.models import Diagnosis, Incident, IncidentStatus, TimelineEvent
from tests.contracts.adapters import Stores
from tests.contracts.examples import PLACE, START, alert, evidence, incident

DIAGNOSIS = Diagnosis(summary="a deployment broke it", claims=(), gaps=())


def event(text: str) -> TimelineEvent:
    return TimelineEvent(at=START, kind="note", text=text)


async def test_a_saved_incident_comes_back_equal(stores: Stores) -> None:
    saved = incident(place=PLACE, alerts=(alert(),), timeline=(event("opened"),))
    await stores.incidents.save(saved)
    assert await stores.incidents.get(saved.id) == saved


async def test_an_unknown_incident_is_none(stores: Stores) -> None:
    assert await stores.incidents.get("inc_unknown") is None
    assert await stores.incidents.by_thread(PLACE) is None


async def test_saving_again_replaces_the_incident(stores: Stores) -> None:
    saved = incident()
    await stores.incidents.save(saved)
    await stores.incidents.save(saved.model_copy(update={"title": "Errors in checkout"}))
    found = await stores.incidents.get(saved.id)
    assert found is not None
    assert found.title == "Errors in checkout"


async def test_the_timeline_keeps_what_two_writers_added_without_seeing_each_other(stores: Stores) -> None:
    opened = incident(timeline=(event("opened"),))
    await stores.incidents.save(opened)
    for addition in ("seen by one", "seen by the other"):
        await stores.incidents.save(opened.model_copy(update={"timeline": (*opened.timeline, event(addition))}))
    found = await stores.incidents.get(opened.id)
    assert found is not None
    assert [line.text for line in found.timeline] == ["opened", "seen by one", "seen by the other"]


async def test_an_incident_is_found_by_its_thread(stores: Stores) -> None:
    here, elsewhere = incident(place=PLACE), incident(place=PLACE.model_copy(update={"channel": "C2"}))
    for each in (here, elsewhere):
        await stores.incidents.save(each)
    assert await stores.incidents.by_thread(PLACE) == here
    assert await stores.incidents.by_thread(PLACE.model_copy(update={"team": "T2"})) is None


async def test_incidents_of_a_status_come_newest_first_and_no_more_than_asked(stores: Stores) -> None:
    hours = [incident(created_at=START + timedelta(hours=hour)) for hour in (1, 3, 2)]
    for each in (*hours, incident(status=IncidentStatus.resolved)):
        await stores.incidents.save(each)
    found = await stores.incidents.by_status(IncidentStatus.open, limit=2)
    assert found == [hours[1], hours[2]]


async def test_an_incident_is_created_once(stores: Stores) -> None:
    first = incident(id="inc_1", title="first")
    assert await stores.incidents.create(first)
    assert not await stores.incidents.create(incident(id="inc_1", title="second"))
    assert await stores.incidents.get("inc_1") == first


async def test_of_many_who_create_an_incident_at_once_one_does(stores: Stores) -> None:
    created = await asyncio.gather(*(stores.incidents.create(incident(id="inc_1", title=f"{n}")) for n in range(20)))
    assert sum(created) == 1
    found = await stores.incidents.get("inc_1")
    assert found is not None
    assert found.title == str(created.index(True))


async def test_a_change_gives_the_incident_after_it(stores: Stores) -> None:
    saved = incident(place=PLACE, alerts=(alert(),), timeline=(event("opened"),))
    await stores.incidents.create(saved)
    after = await stores.incidents.change(saved.id, renamed("Errors in checkout"))
    assert after == saved.model_copy(update={"title": "Errors in checkout"})
    assert await stores.incidents.get(saved.id) == after
    assert await stores.incidents.by_thread(PLACE) == after


async def test_nothing_is_changed_where_there_is_no_incident_or_no_wish(stores: Stores) -> None:
    assert await stores.incidents.change("inc_unknown", renamed("x")) is None
    saved = incident()
    await stores.incidents.create(saved)
    assert await stores.incidents.change(saved.id, lambda given: given) == saved


async def test_a_change_that_fails_changes_nothing(stores: Stores) -> None:
    saved = incident()
    await stores.incidents.create(saved)

    def fail(_: Incident) -> Incident:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await stores.incidents.change(saved.id, fail)
    assert await stores.incidents.get(saved.id) == saved


async def test_changes_at_once_are_all_made(stores: Stores) -> None:
    saved = incident(timeline=(event("opened"),))
    await stores.incidents.create(saved)
    await asyncio.gather(*(stores.incidents.change(saved.id, counting(f"event {n}")) for n in range(30)))
    found = await stores.incidents.get(saved.id)
    assert found is not None
    assert found.title == saved.title + 30 * "+"
    assert sorted(line.text for line in found.timeline) == sorted(["opened", *(f"event {n}" for n in range(30))])


async def test_a_change_takes_nothing_from_the_timeline(stores: Stores) -> None:
    saved = incident(timeline=(event("opened"),))
    await stores.incidents.create(saved)
    after = await stores.incidents.change(
        saved.id, lambda given: given.model_copy(update={"timeline": (event("forgetful"),)})
    )
    assert after is not None
    assert [line.text for line in after.timeline] == ["opened", "forgetful"]


async def test_what_was_found_out_is_kept_through_changes_and_may_be_replaced(stores: Stores) -> None:
    saved = incident(evidence=(evidence(),), diagnosis=DIAGNOSIS)
    await stores.incidents.create(saved)
    assert await stores.incidents.get(saved.id) == saved
    after = await stores.incidents.change(saved.id, renamed("x"))
    assert after is not None
    assert (after.evidence, after.diagnosis) == (saved.evidence, DIAGNOSIS)
    newer = {"evidence": (evidence(id="ev_2"), evidence(id="ev_3"))}
    for changes in (newer, {"evidence": (), "diagnosis": None}, newer):
        await stores.incidents.change(saved.id, lambda given, changes=changes: given.model_copy(update=changes))
        after = after.model_copy(update=changes)
        assert await stores.incidents.get(saved.id) == after


async def test_recent_incidents_come_by_their_last_alert_whatever_their_status(stores: Stores) -> None:
    """The second was opened first, and its last alert is the newest."""
    opened = [
        incident(created_at=START + timedelta(hours=2), status=IncidentStatus.resolved),
        incident(created_at=START - timedelta(days=40), last_alert_at=START + timedelta(hours=3)),
        incident(created_at=START + timedelta(hours=1)),
        incident(created_at=START - timedelta(days=20)),
    ]
    for each in opened:
        await stores.incidents.create(each)
    assert await stores.incidents.recent(START) == [opened[1], opened[0], opened[2]]
    assert await stores.incidents.recent(START, limit=2) == [opened[1], opened[0]]
    assert await stores.incidents.recent(START + timedelta(hours=2)) == [opened[1], opened[0]]
    assert await stores.incidents.recent(START - timedelta(days=90)) == [opened[1], opened[0], opened[2], opened[3]]


async def test_an_incident_whose_last_alert_moves_on_is_recent_again(stores: Stores) -> None:
    saved = incident(created_at=START - timedelta(days=40))
    await stores.incidents.create(saved)
    assert await stores.incidents.recent(START) == []
    moved = await stores.incidents.change(saved.id, lambda given: given.model_copy(update={"last_alert_at": START}))
    assert await stores.incidents.recent(START) == [moved]


def renamed(title: str) -> Callable[[Incident], Incident]:
    return lambda given: given.model_copy(update={"title": title})


def counting(text: str) -> Callable[[Incident], Incident]:
    """Adds an event, and one more sign to the title."""
    return lambda given: given.model_copy(
        update={"title": given.title + "+", "timeline": (*given.timeline, event(text))}
    )


async def test_an_incident_that_changed_status_leaves_the_old_one(stores: Stores) -> None:
    saved = incident()
    await stores.incidents.save(saved)
    await stores.incidents.save(saved.model_copy(update={"status": IncidentStatus.resolved}))
    assert await stores.incidents.by_status(IncidentStatus.open) == []
    assert len(await stores.incidents.by_status(IncidentStatus.resolved)) == 1
