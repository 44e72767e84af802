"""Two worker processes over one queue, which may die in the middle of their work and are replaced."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence

from agent.errors import StoreUnavailable
from agent.models import Job
from agent.ports import Deps
from tests.slack_app.delivery_machine.process import Process
from tests.slack_app.delivery_machine.virtual_time import MachineClock

LEASE_SECONDS = 60.0
MAX_ATTEMPTS = 3
DRAIN_SECONDS, DRAIN_ROUNDS = 60.0, 400


class Crew(ABC):
    """`clock` and `store_troubles` (how many requests to stores are refused from now on) are everybody's."""

    clock: MachineClock
    store_troubles: int
    _processes: list[Process]

    @property
    @abstractmethod
    def deps(self) -> Deps:
        """Those of who only looks on."""

    @abstractmethod
    def _begin(self) -> Process:
        """A new process."""

    @abstractmethod
    def _spare(self) -> None:
        """From now on nobody dies in any other way than by `dies_after`."""

    async def work(self, who: Sequence[int], jobs: int, dies_after: int | None = None) -> bool:
        """These processes take so many jobs each and settle them at the same time. False when there was none.

        `dies_after`: so many requests the first of them lives on. Nobody dies or is kept waiting over a job that was
        disturbed twice already: a third time would make it one of those that kill whoever takes them.
        """
        taken = [(self._processes[number], await self._take(self._processes[number], jobs)) for number in who]
        careful = any(job.attempt >= MAX_ATTEMPTS for _, mine in taken for job in mine)
        troubles, self.store_troubles = self.store_troubles, 0 if careful else self.store_troubles
        if careful:
            self._spare()
        else:
            taken[0][0].life.left = dies_after
        await asyncio.gather(*(process.work(mine) for process, mine in taken))
        if careful:
            self.store_troubles = troubles
        for number in who:
            self._processes[number].life.left = None
            if self._processes[number].life.is_over:
                await self._processes[number].close()
                self._processes[number] = self._begin()
        return any(mine for _, mine in taken)

    async def _take(self, process: Process, jobs: int) -> list[Job]:
        try:
            return await process.deps.queue.receive(jobs, LEASE_SECONDS)
        except StoreUnavailable:
            return []

    async def drain(self) -> None:
        """Until nothing waits."""
        for _ in range(DRAIN_ROUNDS):
            if await self.work((0, 1), 10):
                continue
            if not await self.deps.queue.depth():
                return
            self.clock.pass_by(DRAIN_SECONDS)
        raise AssertionError(f"The queue does not drain: {await self.deps.queue.waiting()}")

    async def _two(self) -> list[Process]:
        return [self._begin(), self._begin()]

    def _is_busy(self) -> bool:
        self.store_troubles -= self.store_troubles > 0
        return self.store_troubles > 0
