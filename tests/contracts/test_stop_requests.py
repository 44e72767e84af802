from __future__ import annotations

from datetime import timedelta

from tests.contracts.adapters import SettableClock, Stores
from tests.contracts.examples import PLACE, START

ELSEWHERE = PLACE.model_copy(update={"thread_ts": "1772442000.000200"})


async def test_nobody_asks_for_a_stop_at_first(stores: Stores) -> None:
    assert await stores.stops.since(PLACE, START) == ""


async def test_a_run_that_began_before_or_as_it_was_asked_is_to_stop(stores: Stores) -> None:
    await stores.stops.request(PLACE, START, "U1")
    assert await stores.stops.since(PLACE, START - timedelta(seconds=9)) == "U1"
    assert await stores.stops.since(PLACE, START) == "U1"


async def test_a_run_that_began_later_goes_on(stores: Stores) -> None:
    await stores.stops.request(PLACE, START, "U1")
    assert await stores.stops.since(PLACE, START + timedelta(microseconds=1)) == ""


async def test_threads_are_apart(stores: Stores) -> None:
    await stores.stops.request(PLACE, START, "U1")
    assert await stores.stops.since(ELSEWHERE, START) == ""


async def test_the_latest_request_counts_whatever_order_they_arrive_in(stores: Stores, clock: SettableClock) -> None:
    clock.advance(60)
    await stores.stops.request(PLACE, clock(), "U2")
    await stores.stops.request(PLACE, START, "U1")
    assert await stores.stops.since(PLACE, START + timedelta(seconds=30)) == "U2"


async def test_a_request_is_forgotten_after_an_hour(stores: Stores, clock: SettableClock) -> None:
    await stores.stops.request(PLACE, START, "U1")
    clock.advance(3599)
    assert await stores.stops.since(PLACE, START) == "U1"
    clock.advance(1)
    assert await stores.stops.since(PLACE, START) == ""
