from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent.models import Spend
from tests.contracts.adapters import STORES, SettableClock, Stores, wall_clock
from tests.contracts.contender import THREADS, race
from tests.contracts.parameters import stores_slow_over_emulators

HOUR = 3600


async def test_nothing_was_spent_at_first(stores: Stores) -> None:
    assert await stores.spend.today() == Spend()
    assert await stores.spend.today("U1") == Spend()


async def test_what_a_user_spent_adds_up(stores: Stores) -> None:
    await stores.spend.add("U1", Spend(input_tokens=1000, output_tokens=50, usd=0.25))
    await stores.spend.add("U1", Spend(input_tokens=500, output_tokens=25, usd=0.0000001))
    assert await stores.spend.today("U1") == Spend(input_tokens=1500, output_tokens=75, usd=0.2500001)


async def test_everything_that_a_day_limits_adds_up(stores: Stores) -> None:
    run = Spend(input_tokens=900, output_tokens=60, usd=0.25, model_calls=4, tool_calls=3, seconds=1.5)
    for _ in range(3):
        await stores.spend.add("U1", run)
    assert await stores.spend.today("U1") == run + run + run == await stores.spend.today()


async def test_users_are_apart_and_together(stores: Stores) -> None:
    for user in ("U1", "U2", ""):
        await stores.spend.add(user, Spend(input_tokens=10, usd=0.5))
    assert await stores.spend.today("U2") == Spend(input_tokens=10, usd=0.5)
    assert await stores.spend.today() == Spend(input_tokens=30, usd=1.5)


async def test_a_day_ends_at_midnight_utc(stores: Stores, clock: SettableClock) -> None:
    clock.advance(14 * HOUR)
    await stores.spend.add("U1", Spend(input_tokens=10))
    clock.advance(HOUR - 1)
    assert await stores.spend.today("U1") == Spend(input_tokens=10)
    clock.advance(1)
    assert await stores.spend.today("U1") == Spend()
    assert await stores.spend.today() == Spend()


async def test_old_days_go_without_harm(stores: Stores, clock: SettableClock) -> None:
    await stores.spend.add("U1", Spend(input_tokens=10))
    clock.advance(41 * 24 * HOUR)
    await stores.spend.add("U1", Spend(input_tokens=3))
    assert await stores.spend.today() == Spend(input_tokens=3)


async def test_nothing_is_lost_when_many_add_at_once(stores: Stores) -> None:
    await asyncio.gather(*(stores.spend.add("U1", Spend(input_tokens=10, usd=0.25)) for _ in range(50)))
    assert await stores.spend.today("U1") == Spend(input_tokens=500, usd=12.5)


@pytest.mark.slow
@stores_slow_over_emulators
async def test_nothing_is_lost_between_processes(stores_adapter: str, tmp_path: Path) -> None:
    """Slow, since it starts three processes."""
    race(stores_adapter, tmp_path, "spend")
    stores = STORES[stores_adapter](tmp_path, wall_clock)
    runs = 3 * THREADS
    assert await stores.spend.today() == Spend(input_tokens=10 * runs, output_tokens=runs, usd=0.25 * runs)
    assert await stores.spend.today("U1") == Spend(input_tokens=5 * runs, output_tokens=runs // 2, usd=0.125 * runs)
    stores.close()
