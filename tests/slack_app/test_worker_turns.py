from __future__ import annotations

import asyncio
from typing import NoReturn

import pytest

from slack_app.turns import Turns, unless


class Boom(Exception):
    pass


async def test_those_with_one_key_go_in_the_order_in_which_they_lined_up() -> None:
    turns, log = Turns(), list[str]()

    async def visit(name: str, seconds: float, key: str = "a") -> None:
        with turns.line_up(key) as my_turn:
            await asyncio.sleep(seconds)  # whoever hears first does not go first for it
            await my_turn()
            log.append(f"{name} in")
            await asyncio.sleep(0.02)
            log.append(f"{name} out")

    await asyncio.gather(visit("first", 0.05), visit("second", 0), visit("third", 0.01))

    assert log == ["first in", "first out", "second in", "second out", "third in", "third out"]


async def test_other_keys_do_not_wait() -> None:
    turns = Turns()
    with turns.line_up("a"), turns.line_up("b") as my_turn:
        await asyncio.wait_for(my_turn(), 30)


async def test_who_leaves_the_line_lets_nobody_pass_those_ahead() -> None:
    turns = Turns()
    with turns.line_up("a"):
        with turns.line_up("a"):
            pass
        with turns.line_up("a") as my_turn:
            waiting = asyncio.ensure_future(my_turn())
            await asyncio.sleep(0.02)
            assert not waiting.done()
            waiting.cancel()


async def test_an_empty_line_leaves_nothing_behind() -> None:
    turns = Turns()
    with turns.line_up("a"), turns.line_up("a"):
        pass
    await asyncio.sleep(0)

    assert vars(turns) == {"_last": {}}


async def guard(seconds: float) -> NoReturn:
    await asyncio.sleep(seconds)
    raise Boom


async def work(seconds: float, ends: list[str]) -> str:
    try:
        await asyncio.sleep(seconds)
    finally:
        ends.append("ended")
    return "done"


async def test_work_that_nothing_forbids_gives_its_result() -> None:
    assert await unless(work(0.01, []), guard(5)) == "done"


async def test_a_guard_that_raises_cancels_the_work_and_waits_for_its_end() -> None:
    ends: list[str] = []
    with pytest.raises(Boom):
        await unless(work(5, ends), guard(0.01))
    assert ends == ["ended"]


async def test_cancelling_both_leaves_nothing_running() -> None:
    ends: list[str] = []
    both = asyncio.ensure_future(unless(work(5, ends), guard(5)))
    await asyncio.sleep(0.02)
    both.cancel()
    with pytest.raises(asyncio.CancelledError):
        await both
    assert ends == ["ended"]
