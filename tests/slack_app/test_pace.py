from __future__ import annotations

import asyncio

from slack_app.pace import Pace

SECONDS = 0.02


async def begun(pace: Pace, count: int) -> list[float]:
    loop, times = asyncio.get_running_loop(), list[float]()

    async def begin() -> None:
        await pace.next()
        times.append(loop.time())

    at = loop.time()
    await asyncio.gather(*(begin() for _ in range(count)))
    return [time - at for time in times]


async def test_the_first_begins_at_once_and_the_others_one_after_the_other() -> None:
    times = await begun(Pace(SECONDS), 5)
    assert times == sorted(times)
    assert all(time >= SECONDS * number - 0.005 for number, time in enumerate(times))
    assert times[0] < times[4] - 3 * SECONDS


async def test_who_is_cancelled_while_waiting_keeps_nobody_else_waiting_for_ever() -> None:
    pace = Pace(SECONDS)
    waiting = [asyncio.create_task(pace.next()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    async with asyncio.timeout(5):
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(outcomes[1], asyncio.CancelledError)
    assert (outcomes[0], outcomes[2]) == (None, None)
