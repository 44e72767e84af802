"""Changes that wait for somebody, over both checkpointers: LangGraph's own ways to lose or repeat a resumed run.

It has no lock for two who resume one run, begins anew where it knows no run, forgets what a run waits for when it is
given something new, and repeats what was done after its last checkpoint. So nothing here hangs on a checkpoint: what
is stored says how far a remediation is, and a claim who may make the change.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from langgraph.checkpoint.base import BaseCheckpointSaver

from agent.errors import RetryLater
from graphs.remediation import build_remediation
from slack_app.application import Application
from tests.contracts.checkpointers import CHECKPOINTERS, opened, run
from tests.contracts.parameters import parameters, usable
from tests.graphs.remediation_machine import racers
from tests.graphs.remediation_machine.racers import REMEDIATION, Racer

THREAD = run(f"remediation:{REMEDIATION}")


@dataclass
class Waiting:
    """A remediation whose card nobody has decided about."""

    racer: Racer
    saver: BaseCheckpointSaver[str]

    @property
    def app(self) -> Application:
        graph = build_remediation(self.racer.remediator, self.saver)
        return Application(self.racer.deps, None, None, self.racer.remediator, graph)

    async def at_once(self, times: int) -> None:
        async def one() -> None:
            with suppress(RetryLater):
                await self.app.remediate(REMEDIATION)

        await asyncio.gather(*(one() for _ in range(times)))


@pytest.fixture(params=parameters(CHECKPOINTERS))
async def waiting(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Waiting]:
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "")  # so that what the checkpointer sets is undone
    with racers.opened(tmp_path) as racer:
        async with opened(usable(request.param), tmp_path) as saver:
            found = Waiting(racer, saver)
            await racer.ask()
            assert await found.app.remediate(REMEDIATION) == (await racer.approval()).expires_at
            yield found


async def test_of_twenty_who_resume_it_at_once_one_makes_the_change(waiting: Waiting) -> None:
    await waiting.racer.approve()
    await waiting.at_once(20)
    assert waiting.racer.effects() == 1


async def test_looking_again_and_again_while_it_waits_does_not_make_it_forget_what_it_waits_for(
    waiting: Waiting,
) -> None:
    until = (await waiting.racer.approval()).expires_at
    assert [await waiting.app.remediate(REMEDIATION) for _ in range(3)] == [until] * 3
    assert waiting.racer.effects() == 0
    await waiting.racer.approve()
    await waiting.app.remediate(REMEDIATION)
    assert waiting.racer.effects() == 1


async def test_one_that_nobody_knows_does_nothing_and_leaves_no_run(waiting: Waiting) -> None:
    assert await waiting.app.remediate("rem_nobody") is None
    assert waiting.racer.effects() == 0
    unknown = await waiting.saver.aget_tuple(run("remediation:rem_nobody"))
    assert unknown is None or not unknown.pending_writes


async def test_it_goes_on_although_its_checkpoints_are_lost(waiting: Waiting) -> None:
    await waiting.saver.adelete_thread(THREAD["configurable"]["thread_id"])
    await waiting.racer.approve()
    await waiting.app.remediate(REMEDIATION)
    assert waiting.racer.effects() == 1


async def test_a_change_that_was_made_before_the_last_checkpoint_is_not_made_again(waiting: Waiting) -> None:
    """As after a crash: the change is there, and the checkpoint says that it still waits."""
    await waiting.racer.approve()
    await waiting.racer.go_on()
    assert waiting.racer.effects() == 1
    state = await waiting.app.remediation.aget_state(THREAD)
    assert state.next == ("ask",)
    await waiting.app.remediate(REMEDIATION)
    assert waiting.racer.effects() == 1
