from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.contracts.adapters import SettableClock, Stores
from tests.contracts.contender import THREADS, race
from tests.contracts.examples import START, alert
from tests.contracts.parameters import stores_slow_over_emulators


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


async def test_of_many_concurrent_claims_exactly_one_wins(stores: Stores) -> None:
    assert sum(await asyncio.gather(*(stores.ledger.claim("event 1") for _ in range(50)))) == 1


@pytest.mark.slow
@stores_slow_over_emulators
def test_one_process_of_several_has_the_first_sighting(stores_adapter: str, tmp_path: Path) -> None:
    results = race(stores_adapter, tmp_path, "record")
    assert sum(first for first, _ in results) == 1
    assert len({incident for _, incidents in results for incident in incidents}) == 1


@pytest.mark.slow
@stores_slow_over_emulators
def test_one_process_of_several_wins_a_claim(stores_adapter: str, tmp_path: Path) -> None:
    won = race(stores_adapter, tmp_path, "claim")
    assert len(won) * THREADS == 12
    assert sum(won) == 1
