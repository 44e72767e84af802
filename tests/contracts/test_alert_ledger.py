from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.models import Alert, AlertStatus
from agent.ports import Episode, Tally
from tests.contracts.adapters import SettableClock, Stores
from tests.contracts.contender import RECORDS, THREADS, race
from tests.contracts.examples import START, alert
from tests.contracts.parameters import stores_slow_over_emulators


def resolved(after: float = 0, **changes: Any) -> Alert:
    """It began at START and was over so many seconds later."""
    over = START + timedelta(seconds=after)
    return alert(status="resolved", **{"ended_at": over, "said_at": over, **changes})


def fired(after: float = 0, **changes: Any) -> Alert:
    """Its sender says so many seconds after START that it fires, and always that it began at START."""
    return alert(said_at=START + timedelta(seconds=after), **changes)


async def test_the_first_sighting_is_first_and_names_its_incident(stores: Stores) -> None:
    sighting = await stores.ledger.record(alert(), "inc_1")
    assert (sighting.first, sighting.count, sighting.incident_id) == (True, 1, "inc_1")
    assert sighting.first_seen == sighting.last_seen == START


async def test_a_later_sighting_counts_and_points_to_the_first_incident(stores: Stores, clock: SettableClock) -> None:
    await stores.ledger.record(alert(), "inc_1")
    clock.advance(60)
    sighting = await stores.ledger.record(alert(), "inc_2")
    assert (sighting.first, sighting.count, sighting.incident_id) == (False, 2, "inc_1")
    assert (sighting.first_seen, sighting.last_seen) == (START, clock())


async def test_fingerprints_are_apart(stores: Stores) -> None:
    await stores.ledger.record(alert(), "inc_1")
    assert (await stores.ledger.record(alert(fingerprint="f2"), "inc_2")).first


async def test_a_sighting_after_a_quiet_window_is_first_again(stores: Stores, clock: SettableClock) -> None:
    await stores.ledger.record(alert(), "inc_1", window_seconds=600)
    clock.advance(600)
    sighting = await stores.ledger.record(alert(), "inc_2", window_seconds=600)
    assert (sighting.first, sighting.count, sighting.incident_id) == (True, 1, "inc_2")
    assert sighting.first_seen == clock()


async def test_an_alert_that_keeps_coming_keeps_its_window_open(stores: Stores, clock: SettableClock) -> None:
    await stores.ledger.record(alert(), "inc_1", window_seconds=600)
    for _ in range(5):
        clock.advance(599)
        sighting = await stores.ledger.record(alert(), "inc_2", window_seconds=600)
    assert (sighting.first, sighting.count) == (False, 6)


async def test_a_message_is_counted_once_however_often_it_is_delivered(stores: Stores, clock: SettableClock) -> None:
    await stores.ledger.record(alert(), "inc_1", event_id="Ev1")
    clock.advance(60)
    again = await stores.ledger.record(alert(), "inc_1", event_id="Ev1")
    assert (again.repeated, again.first, again.count, again.events) == (True, False, 1, 1)
    assert again.last_seen == START, "what was delivered again keeps no window open"
    assert (await stores.ledger.record(alert(), "inc_1", event_id="Ev2")).count == 2


async def test_one_message_may_hold_several_alerts(stores: Stores) -> None:
    await stores.ledger.record(alert(), "inc_1", event_id="Ev1")
    assert (await stores.ledger.record(alert(fingerprint="f2"), "inc_1", event_id="Ev1")).first


async def test_a_message_delivered_again_after_its_window_opens_none(stores: Stores, clock: SettableClock) -> None:
    await stores.ledger.record(alert(), "inc_1", event_id="Ev1")
    clock.advance(7200)
    again = await stores.ledger.record(alert(), "inc_2", event_id="Ev1")
    assert (again.repeated, again.first, again.incident_id) == (True, False, "inc_1")
    assert await stores.ledger.open("f1") is None


async def test_it_knows_which_incident_an_event_was_counted_for(stores: Stores, clock: SettableClock) -> None:
    await stores.ledger.record(alert(), "inc_1", event_id="Ev1")
    clock.advance(7200)
    await stores.ledger.record(alert(), "inc_2", event_id="Ev2")
    await stores.ledger.record(alert(), "inc_3", event_id="Ev3")
    asked = [await stores.ledger.incident_of("f1", event) for event in ("Ev1", "Ev2", "Ev3", "Ev4")]
    assert asked == ["inc_1", "inc_2", "inc_2", None]
    assert await stores.ledger.incident_of("f2", "Ev1") is None
    assert (await stores.ledger.record(alert(), "inc_4", event_id="Ev1")).incident_id == "inc_1"


async def test_what_fires_since_a_late_resolution_was_sent_goes_on_in_the_next_window(
    stores: Stores, clock: SettableClock
) -> None:
    firing = alert(said_at=START + timedelta(minutes=2))
    await stores.ledger.record(firing, "inc_1")
    clock.advance(7200)
    late = await stores.ledger.record(resolved(60, said_at=START + timedelta(minutes=1)), "inc_1")
    assert (late.first, late.status, late.alert) == (True, AlertStatus.firing, firing)


async def test_a_sighting_shows_the_alert_and_what_became_of_it(stores: Stores, clock: SettableClock) -> None:
    firing = alert(started_at=START)
    assert (await stores.ledger.record(firing, "inc_1")).alert == firing
    clock.advance(300)
    over = resolved(300)
    sighting = await stores.ledger.record(over, "inc_1")
    assert (sighting.alert, sighting.status, sighting.changed) == (over, AlertStatus.resolved, True)
    assert (sighting.count, sighting.events) == (1, 2), "a message that says it is over is no firing"
    assert sighting.flips == (START + timedelta(seconds=300),)
    assert not (await stores.ledger.record(over, "inc_1")).changed


async def test_an_alert_that_comes_late_is_counted_and_changes_nothing(stores: Stores) -> None:
    await stores.ledger.record(resolved(300), "inc_1")
    late = await stores.ledger.record(fired(), "inc_1")
    assert (late.status, late.changed, late.count, late.events) == (AlertStatus.resolved, False, 1, 2)
    assert late.alert == resolved(300)


async def test_an_alert_that_fires_again_is_firing_again(stores: Stores) -> None:
    await stores.ledger.record(resolved(300), "inc_1")
    again = await stores.ledger.record(fired(400), "inc_1")
    assert (again.status, again.changed) == (AlertStatus.firing, True)


async def test_what_does_not_say_when_it_was_said_counts_in_the_order_received(
    stores: Stores, clock: SettableClock
) -> None:
    for message, received in ((alert(), 0), (resolved(said_at=None), 20), (alert(), 10), (alert(), 30)):
        clock.advance(60)
        at = START + timedelta(seconds=received)
        last = await stores.ledger.record(message.model_copy(update={"received_at": at}), "inc_1")
        assert last.status is (AlertStatus.resolved if received in (10, 20) else AlertStatus.firing)


async def test_a_sender_whose_clock_is_hours_off_is_heard(stores: Stores, clock: SettableClock) -> None:
    await stores.ledger.record(fired(3 * 3600), "inc_1")
    clock.advance(60)
    assert (await stores.ledger.record(resolved(said_at=None), "inc_1")).status is AlertStatus.resolved
    clock.advance(60)
    assert (await stores.ledger.record(fired(-3 * 3600), "inc_1")).status is AlertStatus.firing


async def test_what_comes_after_our_clock_went_back_is_newer(stores: Stores, clock: SettableClock) -> None:
    await stores.ledger.record(alert(), "inc_1")
    clock.advance(-1800)
    assert (await stores.ledger.record(resolved(said_at=None), "inc_1")).status is AlertStatus.resolved


async def test_an_alert_is_over_when_all_of_its_sender_s_items_are(stores: Stores) -> None:
    """Two incidents of one title at PagerDuty; a late message about one says nothing of the other."""
    told = [fired(0, item_id="P1"), fired(5, item_id="P2"), resolved(9, item_id="P1"), resolved(12, item_id="P2")]
    seen = [await stores.ledger.record(message, "inc_1") for message in told]
    assert [each.status.value for each in seen] == ["firing", "firing", "firing", "resolved"]
    assert seen[2].alert.item_id == "P2"
    again = await stores.ledger.record(fired(15, item_id="P1"), "inc_1")
    assert (again.status, again.changed, again.fired) == (AlertStatus.firing, True, True)
    assert (await stores.ledger.record(resolved(20), "inc_1")).status is AlertStatus.resolved, (
        "a person closes them all"
    )


async def test_items_outlive_a_quiet_window(stores: Stores, clock: SettableClock) -> None:
    for item in ("P1", "P2"):
        await stores.ledger.record(fired(item_id=item), "inc_1")
    clock.advance(7200)
    over = await stores.ledger.record(resolved(7200, item_id="P1"), "inc_1")
    assert (over.first, over.status) == (True, AlertStatus.firing)


async def test_only_firings_are_counted_as_such(stores: Stores) -> None:
    """That an item that fires already was acknowledged, and a note on it, are messages and no more."""
    told = [fired(0, item_id="P1"), fired(5, item_id="P1"), fired(9, item_id="P1", update=True)]
    seen = [await stores.ledger.record(message, "inc_1") for message in told]
    assert [(each.count, each.events, each.fired) for each in seen] == [(1, 1, True), (1, 2, False), (1, 3, False)]
    await stores.ledger.record(resolved(12, item_id="P1"), "inc_1")
    noted = await stores.ledger.record(fired(20, item_id="P1", update=True), "inc_1")
    assert (noted.status, noted.count, noted.changed) == (AlertStatus.resolved, 1, False)


async def test_of_two_messages_of_one_moment_the_one_that_says_it_is_over_counts(stores: Stores) -> None:
    for fingerprint, messages in (("f1", (fired, resolved)), ("f2", (resolved, fired))):
        for message in messages:
            last = await stores.ledger.record(message(fingerprint=fingerprint), "inc_1")
        assert last.status is AlertStatus.resolved


async def test_the_last_twenty_flips_are_kept(stores: Stores) -> None:
    for n in range(25):
        message = resolved(n) if n % 2 else fired(n)
        sighting = await stores.ledger.record(message, "inc_1")
    assert sighting.flips == tuple(START + timedelta(seconds=n) for n in range(5, 25))


async def test_an_open_window_is_found_until_it_closes(stores: Stores, clock: SettableClock) -> None:
    assert await stores.ledger.open("f1") is None
    await stores.ledger.record(alert(), "inc_1", window_seconds=600)
    clock.advance(599)
    found = await stores.ledger.open("f1", window_seconds=600)
    assert found is not None
    assert (found.incident_id, found.count, found.first, found.changed) == ("inc_1", 1, False, False)
    clock.advance(1)
    assert await stores.ledger.open("f1", window_seconds=600) is None


async def test_a_clock_that_goes_back_splits_no_window_and_opens_no_old_one(
    stores: Stores, clock: SettableClock
) -> None:
    await stores.ledger.record(alert(), "inc_1", window_seconds=600)
    clock.advance(600)
    await stores.ledger.record(alert(), "inc_2", window_seconds=600)
    clock.advance(-3600)
    sighting = await stores.ledger.record(alert(), "inc_3", window_seconds=600)
    assert (sighting.first, sighting.count, sighting.incident_id) == (False, 2, "inc_2")
    assert sighting.last_seen == START + timedelta(seconds=600)
    assert [episode.incident_id for episode in await stores.ledger.earlier("f1")] == ["inc_2", "inc_1"]


async def test_the_alerts_of_an_incident_come_by_how_often_they_fired(stores: Stores) -> None:
    for fingerprint, times in (("f1", 1), ("f2", 3), ("f3", 2)):
        for _ in range(times):
            await stores.ledger.record(alert(fingerprint=fingerprint), "inc_1")
    await stores.ledger.record(alert(fingerprint="f9"), "inc_2")
    found = await stores.ledger.of_incident("inc_1")
    assert [(each.alert.fingerprint, each.count) for each in found] == [("f2", 3), ("f3", 2), ("f1", 1)]
    assert len(await stores.ledger.of_incident("inc_1", limit=2)) == 2


async def test_an_incident_is_tallied(stores: Stores, clock: SettableClock) -> None:
    assert await stores.ledger.tally("inc_1") == Tally(0, 0, 0, 0, None)
    for fingerprint in ("f1", "f2"):
        for _ in range(3):
            await stores.ledger.record(alert(fingerprint=fingerprint), "inc_1")
    clock.advance(60)
    await stores.ledger.record(resolved(60), "inc_1")
    assert await stores.ledger.tally("inc_1") == Tally(alerts=2, firing=1, count=6, events=7, last_seen=clock())


async def test_an_incident_keeps_its_tally_when_its_alerts_go_to_another_one(
    stores: Stores, clock: SettableClock
) -> None:
    await stores.ledger.record(alert(), "inc_1")
    clock.advance(3600)
    await stores.ledger.record(alert(), "inc_2")
    for incident_id in ("inc_1", "inc_2"):
        assert (await stores.ledger.tally(incident_id)).count == 1


async def test_two_windows_of_an_alert_in_one_incident_are_one_alert(stores: Stores, clock: SettableClock) -> None:
    await stores.ledger.record(alert(), "inc_1")
    clock.advance(3600)
    await stores.ledger.record(resolved(3600), "inc_1")
    [sighting] = await stores.ledger.of_incident("inc_1")
    assert (sighting.count, sighting.events, sighting.status) == (1, 2, AlertStatus.resolved)
    assert (sighting.first_seen, sighting.last_seen) == (START, clock())


async def test_what_was_dropped_is_counted_under_no_incident(stores: Stores) -> None:
    await stores.ledger.record(alert(), "")
    assert (await stores.ledger.tally("")).count == 1


async def test_the_windows_of_the_last_ninety_days_are_known(stores: Stores, clock: SettableClock) -> None:
    times = []
    for n in range(4):
        await stores.ledger.record(alert(), f"inc_{n}")
        times.append(clock())
        clock.advance(40 * 86_400)
    clock.advance(-20 * 86_400)
    found = await stores.ledger.earlier("f1")
    assert found == [Episode(times[3], "inc_3"), Episode(times[2], "inc_2")]
    assert await stores.ledger.earlier("f1", limit=1) == found[:1]
    assert await stores.ledger.earlier("f2") == []


async def test_what_is_kept_of_an_alert_holds_no_secret(stores: Stores) -> None:
    await stores.ledger.record(alert(labels={"password": "hunter2"}), "inc_1")
    found = await stores.ledger.open("f1")
    assert found is not None
    assert "hunter2" not in found.alert.model_dump_json()


async def test_a_key_is_claimed_once(stores: Stores) -> None:
    assert await stores.ledger.claim("event 1")
    assert not await stores.ledger.claim("event 1")
    assert await stores.ledger.claim("event 2")


async def test_a_claim_may_be_made_again_when_it_has_lapsed(stores: Stores, clock: SettableClock) -> None:
    await stores.ledger.claim("event 1", ttl_seconds=60)
    clock.advance(59)
    assert not await stores.ledger.claim("event 1", ttl_seconds=60)
    clock.advance(1)
    assert await stores.ledger.claim("event 1", ttl_seconds=60)
    assert not await stores.ledger.claim("event 1", ttl_seconds=60)


async def test_of_many_concurrent_sightings_exactly_one_is_first(stores: Stores) -> None:
    sightings = await asyncio.gather(*(stores.ledger.record(alert(), f"inc_{n}") for n in range(50)))
    assert sum(sighting.first for sighting in sightings) == 1
    assert len({sighting.incident_id for sighting in sightings}) == 1
    assert sorted(sighting.count for sighting in sightings) == list(range(1, 51))


async def test_many_concurrent_writers_lose_and_double_nothing(stores: Stores) -> None:
    """Fifty at once, each message delivered twice: firing and resolved ones, of two alerts."""
    messages = [
        (alert(fingerprint=f"f{n % 2}") if n % 3 else resolved(n, fingerprint=f"f{n % 2}"), f"Ev{n}") for n in range(25)
    ]
    sightings = await asyncio.gather(
        *(stores.ledger.record(message, f"inc_{n}", event_id=event) for n, (message, event) in enumerate(messages * 2))
    )
    assert sum(sighting.repeated for sighting in sightings) == 25
    assert sum(sighting.first for sighting in sightings) == 2
    tallies = [await stores.ledger.tally(each) for each in {sighting.incident_id for sighting in sightings}]
    assert sum(tally.events for tally in tallies) == 25
    assert sum(tally.count for tally in tallies) == sum(message.status is AlertStatus.firing for message, _ in messages)


async def test_of_many_concurrent_claims_exactly_one_wins(stores: Stores) -> None:
    assert sum(await asyncio.gather(*(stores.ledger.claim("event 1") for _ in range(50)))) == 1


@pytest.mark.slow
@stores_slow_over_emulators
def test_one_process_of_several_has_the_first_sighting(stores_adapter: str, tmp_path: Path) -> None:
    results = race(stores_adapter, tmp_path, "record")
    assert sum(first for first, _, _ in results) == 1
    assert len({incident for _, incidents, _ in results for incident in incidents}) == 1
    counts = [count for _, _, counts in results for count in counts]
    assert sorted(counts) == list(range(1, 1 + len(results) * THREADS * RECORDS)), "each message was counted once"


@pytest.mark.slow
@stores_slow_over_emulators
def test_one_process_of_several_wins_a_claim(stores_adapter: str, tmp_path: Path) -> None:
    won = race(stores_adapter, tmp_path, "claim")
    assert len(won) * THREADS == 12
    assert sum(won) == 1
