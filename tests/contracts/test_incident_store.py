from __future__ import annotations

from datetime import timedelta

from agent.models import IncidentStatus, TimelineEvent
from tests.contracts.adapters import Stores
from tests.contracts.examples import PLACE, START, alert, incident


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


async def test_an_incident_that_changed_status_leaves_the_old_one(stores: Stores) -> None:
    saved = incident()
    await stores.incidents.save(saved)
    await stores.incidents.save(saved.model_copy(update={"status": IncidentStatus.resolved}))
    assert await stores.incidents.by_status(IncidentStatus.open) == []
    assert len(await stores.incidents.by_status(IncidentStatus.resolved)) == 1
