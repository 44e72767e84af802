"""A hundred who approve one card, a hundred copies of its job: it is done once, and everybody else is told so."""

from __future__ import annotations

import asyncio
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from agent.errors import RetryLater
from agent.safety.approving import Click
from graphs.remediation_consent import Consent
from tests.graphs.remediation_machine.racers import Racer, approve_at_once, opened

PROCESSES, EACH = 4, 25


@pytest.fixture
async def racer(tmp_path: Path) -> Any:
    with opened(tmp_path) as made:
        await made.ask()
        yield made


async def test_of_a_hundred_who_approve_one_card_one_counts_and_the_others_are_told(racer: Racer) -> None:
    consent, approval = Consent(racer.remediator), await racer.approval()
    clicks = [Click(by=user, at=racer.deps.clock(), via="cli") for user in racer.people]
    answers = await asyncio.gather(*(consent.approve(approval.id, click, click.at) for click in clicks))
    told = [refusal.sentence for refusal in answers if refusal]
    assert len(told) == len(clicks) - 1
    assert all("already" in sentence or "Somebody else decided" in sentence for sentence in told)

    await asyncio.gather(*(racer.go_on() for _ in clicks), return_exceptions=True)
    assert racer.effects() == 1


async def test_of_a_hundred_copies_of_a_job_one_changes_something(racer: Racer) -> None:
    await racer.approve()
    outcomes = await asyncio.gather(*(racer.go_on() for _ in range(PROCESSES * EACH)), return_exceptions=True)
    assert {type(each) for each in outcomes if isinstance(each, BaseException)} <= {RetryLater}
    assert racer.effects() == 1


@pytest.mark.slow
async def test_from_four_processes_on_one_file_it_is_done_once(racer: Racer, tmp_path: Path) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.graphs.remediation_machine.racers", "tests.e2e.remediation_lives"])
    line = processes.Barrier(PROCESSES)
    mine = [racer.people[number * EACH : (number + 1) * EACH] for number in range(PROCESSES)]
    running = [processes.Process(target=approve_at_once, args=(tmp_path, each, line)) for each in mine]
    for process in running:
        process.start()
    for process in running:
        await asyncio.to_thread(process.join, 120)
    assert [process.exitcode for process in running] == [0] * PROCESSES
    assert racer.effects() == 1
    assert racer.told() == PROCESSES * EACH - 1
