from __future__ import annotations

from datetime import timedelta
from typing import Any

from agent.models import Mute
from tests.contracts.adapters import SettableClock, Stores
from tests.contracts.examples import START

THREAD = "1772442000.000100"


def mute(**changes: Any) -> Mute:
    return Mute.model_validate({"channel": "C1", "by": "U1", "at": START, **changes})


async def test_nothing_is_muted_at_first(stores: Stores) -> None:
    assert await stores.mutes.active("C1", THREAD) is None
    assert await stores.mutes.all() == []


async def test_a_muted_channel_keeps_its_threads_quiet(stores: Stores) -> None:
    await stores.mutes.mute(mute())
    assert await stores.mutes.active("C1") == mute()
    assert await stores.mutes.active("C1", THREAD) == mute()
    assert await stores.mutes.active("C2", THREAD) is None


async def test_a_muted_thread_leaves_its_channel_alone(stores: Stores) -> None:
    await stores.mutes.mute(mute(thread_ts=THREAD))
    assert await stores.mutes.active("C1", THREAD) == mute(thread_ts=THREAD)
    assert await stores.mutes.active("C1") is None
    assert await stores.mutes.active("C1", "1772442000.000200") is None


async def test_a_threads_own_mute_is_told_before_its_channels(stores: Stores) -> None:
    await stores.mutes.mute(mute(by="U2"))
    await stores.mutes.mute(mute(thread_ts=THREAD))
    assert await stores.mutes.active("C1", THREAD) == mute(thread_ts=THREAD)


async def test_a_mute_ends_at_its_time_and_the_channels_counts_again(stores: Stores, clock: SettableClock) -> None:
    await stores.mutes.mute(mute())
    await stores.mutes.mute(mute(thread_ts=THREAD, until=START + timedelta(seconds=60.5)))
    clock.advance(60)
    assert (await stores.mutes.active("C1", THREAD)) == mute(thread_ts=THREAD, until=START + timedelta(seconds=60.5))
    clock.advance(0.5)
    assert await stores.mutes.active("C1", THREAD) == mute()
    assert await stores.mutes.all() == [mute()]
    assert not await stores.mutes.unmute("C1", THREAD)


async def test_a_second_mute_replaces_the_first(stores: Stores, clock: SettableClock) -> None:
    await stores.mutes.mute(mute(until=START + timedelta(hours=1)))
    await stores.mutes.mute(mute(by="U2"))
    clock.advance(7200)
    assert await stores.mutes.active("C1") == mute(by="U2")


async def test_unmuting_says_whether_there_was_anything_to_unmute(stores: Stores) -> None:
    await stores.mutes.mute(mute())
    assert await stores.mutes.unmute("C1")
    assert not await stores.mutes.unmute("C1")
    assert await stores.mutes.active("C1", THREAD) is None


async def test_unmuting_a_channel_leaves_its_threads_as_they_are(stores: Stores) -> None:
    await stores.mutes.mute(mute())
    await stores.mutes.mute(mute(thread_ts=THREAD))
    await stores.mutes.unmute("C1")
    assert await stores.mutes.active("C1", THREAD) == mute(thread_ts=THREAD)


async def test_active_mutes_are_listed_newest_first(stores: Stores) -> None:
    mutes = [mute(channel=f"C{n}", at=START + timedelta(minutes=n)) for n in range(3)]
    for each in (mutes[1], mutes[2], mutes[0]):
        await stores.mutes.mute(each)
    assert await stores.mutes.all() == mutes[::-1]
