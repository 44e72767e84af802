from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.contracts.adapters import SettableClock, Stores
from tests.contracts.contender import THREADS, race
from tests.contracts.parameters import stores_slow_over_emulators

DAY = 86_400


async def test_a_lock_has_one_holder(stores: Stores) -> None:
    lease = await stores.locks.acquire("thread 1", "worker 1", seconds=30)
    assert lease is not None
    assert (lease.key, lease.owner) == ("thread 1", "worker 1")
    assert await stores.locks.acquire("thread 1", "worker 2", seconds=30) is None


async def test_locks_are_apart(stores: Stores) -> None:
    await stores.locks.acquire("thread 1", "worker 1", seconds=30)
    assert await stores.locks.acquire("thread 2", "worker 2", seconds=30) is not None


async def test_the_holder_who_asks_again_keeps_the_token_and_gets_more_time(
    stores: Stores, clock: SettableClock
) -> None:
    first = await stores.locks.acquire("thread 1", "worker 1", seconds=30)
    clock.advance(20)
    assert await stores.locks.acquire("thread 1", "worker 1", seconds=30) == first
    clock.advance(20)
    assert await stores.locks.acquire("thread 1", "worker 2", seconds=30) is None


async def test_a_lock_that_has_run_out_goes_to_the_next_with_a_greater_token(
    stores: Stores, clock: SettableClock
) -> None:
    first = await stores.locks.acquire("thread 1", "worker 1", seconds=30)
    clock.advance(30)
    second = await stores.locks.acquire("thread 1", "worker 2", seconds=30)
    assert first is not None
    assert second is not None
    assert second.token > first.token


async def test_a_holder_who_came_back_too_late_gets_a_new_token(stores: Stores, clock: SettableClock) -> None:
    first = await stores.locks.acquire("thread 1", "worker 1", seconds=30)
    clock.advance(30)
    second = await stores.locks.acquire("thread 1", "worker 1", seconds=30)
    assert first is not None
    assert second is not None
    assert second.token > first.token


async def test_the_token_grows_even_after_a_long_silence(stores: Stores, clock: SettableClock) -> None:
    tokens: list[int] = []
    for pause in (0, 0.001, 31, 3 * DAY, 400 * DAY):
        clock.advance(pause)
        lease = await stores.locks.acquire("thread 1", "worker 1", seconds=30)
        assert lease is not None
        tokens.append(lease.token)
        await stores.locks.release(lease)
    assert tokens == sorted(set(tokens))


async def test_a_renewed_lock_lasts_from_the_renewal(stores: Stores, clock: SettableClock) -> None:
    lease = await stores.locks.acquire("thread 1", "worker 1", seconds=30)
    assert lease is not None
    clock.advance(29)
    assert await stores.locks.renew(lease, seconds=30)
    clock.advance(29)
    assert await stores.locks.acquire("thread 1", "worker 2", seconds=30) is None


async def test_a_lost_lease_is_not_renewed_and_its_release_frees_nobody_elses_lock(
    stores: Stores, clock: SettableClock
) -> None:
    lost = await stores.locks.acquire("thread 1", "worker 1", seconds=30)
    assert lost is not None
    clock.advance(30)
    assert not await stores.locks.renew(lost, seconds=30)
    assert await stores.locks.acquire("thread 1", "worker 2", seconds=30) is not None
    assert not await stores.locks.renew(lost, seconds=30)
    await stores.locks.release(lost)
    assert await stores.locks.acquire("thread 1", "worker 3", seconds=30) is None


async def test_an_old_lease_of_the_same_owner_is_lost_too(stores: Stores, clock: SettableClock) -> None:
    old = await stores.locks.acquire("thread 1", "worker 1", seconds=30)
    assert old is not None
    clock.advance(30)
    await stores.locks.acquire("thread 1", "worker 1", seconds=30)
    assert not await stores.locks.renew(old, seconds=30)


async def test_a_released_lock_is_free_at_once(stores: Stores) -> None:
    lease = await stores.locks.acquire("thread 1", "worker 1", seconds=30)
    assert lease is not None
    await stores.locks.release(lease)
    assert not await stores.locks.renew(lease, seconds=30)
    assert await stores.locks.acquire("thread 1", "worker 2", seconds=30) is not None


async def test_of_many_who_want_a_lock_at_once_exactly_one_gets_it(stores: Stores) -> None:
    leases = await asyncio.gather(*(stores.locks.acquire("thread 1", f"worker {n}", seconds=30) for n in range(50)))
    assert sum(lease is not None for lease in leases) == 1


@pytest.mark.slow
@stores_slow_over_emulators
def test_one_process_of_several_gets_the_lock(stores_adapter: str, tmp_path: Path) -> None:
    assert sum(len(tokens) for tokens in race(stores_adapter, tmp_path, "acquire")) == 1


@pytest.mark.slow
@stores_slow_over_emulators
def test_under_the_lock_no_update_is_lost_and_each_holder_has_a_greater_token(
    stores_adapter: str, tmp_path: Path
) -> None:
    turns = sorted(turn for turns in race(stores_adapter, tmp_path, "take_turns") for turn in turns)
    assert [counted for _, counted in turns] == list(range(1, 3 * THREADS + 1))
    assert len({token for token, _ in turns}) == 3 * THREADS
