"""What happens by the clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.models import JobKind, Urgency
from agent.ports import Deps
from agent.settings import Settings
from slack_app.bootstrap import build_deps
from slack_app.scheduler import queue_what_is_due, tick_of
from tests.lookout import MovingClock

NOW = datetime(2026, 11, 18, 15, 2, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock(NOW)


@pytest.fixture
def deps(tmp_path: Path, clock: MovingClock) -> Iterator[Deps]:
    held = build_deps(Settings.read(home=tmp_path, digest_hours=0), clock=clock)
    yield held.deps
    held.close()


async def test_of_several_workers_ticks_and_sweeps_one_is_queued_for_each_slot(deps: Deps, clock: MovingClock):
    assert [await queue_what_is_due(deps) for _ in range(3)] == [2, 0, 0]
    clock.now += timedelta(minutes=2)
    assert await queue_what_is_due(deps) == 0
    clock.now += timedelta(minutes=3)
    assert await queue_what_is_due(deps) == 2
    jobs = await deps.queue.receive(10, 60)
    assert sorted(job.kind for job in jobs) == [JobKind.sweep] * 2 + [JobKind.tick] * 2
    assert {job.urgency for job in jobs} == {Urgency.low}


async def test_without_ticks_none_is_queued(deps: Deps):
    off = replace(deps, settings=deps.settings.model_copy(update={"tick_minutes": 0}))
    await queue_what_is_due(off)
    assert [job.kind for job in await deps.queue.receive(10, 60)] == [JobKind.sweep]


def test_a_tick_comes_when_the_points_of_its_slot_have_arrived():
    early = tick_of(NOW - timedelta(seconds=1), 5)
    late = tick_of(NOW, 5)
    assert early is not None
    assert late is not None
    assert early.payload["slot"] == "2026-11-18T14:55:00+00:00"
    assert late.payload["slot"] == "2026-11-18T15:00:00+00:00"


async def test_digests_that_are_due_are_queued_too(deps: Deps):
    daily = replace(deps, settings=deps.settings.model_copy(update={"digest_hours": 24}))
    await queue_what_is_due(daily)
    assert JobKind.digest in {job.kind for job in await deps.queue.receive(10, 60)}
