"""A change of an incident is drawn, whatever the clock does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from slack_app.handlers.redraws import BUCKET_SECONDS, ask_redraw
from tests.slack_app.delivery_machine.backends import Sqlite
from tests.slack_app.delivery_machine.world import World

ID = "inc_000000000001"


@pytest.fixture
def world() -> Iterator[World]:
    made = World(Sqlite())
    yield made
    made.close()


async def _drawn(world: World) -> int:
    """How many redraws were waiting, which are done now."""
    await asyncio.sleep(BUCKET_SECONDS + 1)
    jobs = await world.deps.queue.receive(10)
    for job in jobs:
        await world.deps.queue.delete(job)
    return len(jobs)


def test_changes_of_one_moment_are_drawn_together(world: World) -> None:
    async def story() -> int:
        for _ in range(5):
            await ask_redraw(world.deps, ID)
        return await _drawn(world)

    assert world.run(story()) == 1


def test_a_change_is_drawn_although_the_clock_was_set_back_to_seconds_in_which_another_one_was(world: World) -> None:
    async def story() -> list[int]:
        began = world.clock()
        await ask_redraw(world.deps, ID)
        first = await _drawn(world)
        world.time_jumps((began - world.clock()).total_seconds(), wrong=True)
        await ask_redraw(world.deps, ID)
        return [first, await _drawn(world)]

    assert world.run(story()) == [1, 1]
