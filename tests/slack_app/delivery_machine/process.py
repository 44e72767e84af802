"""One worker process over stores that others open too: it may be killed after any number of requests to the outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from agent.models import Job
from agent.ports import Deps
from slack_app.application import Application
from slack_app.bootstrap import Held
from slack_app.handlers.desk import Desk
from slack_app.messenger import SlackMessenger, web_client
from slack_app.worker import Worker
from tests.slack_app.delivery_machine.slack_wire import SlackSession


class Life:
    """Who is dead reaches nobody. A process dies when `left` requests have gone out since that was set."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.ended = asyncio.Event()
        self.busy: Callable[[], bool] = lambda: False

    @property
    def is_over(self) -> bool:
        return self.ended.is_set()

    def end(self) -> None:
        self.ended.set()

    def is_cut(self) -> bool:
        if self.left is not None and not self.is_over:
            self.left -= 1
            if self.left < 0:
                self.ended.set()
        return self.is_over

    def is_busy(self) -> bool:
        return self.busy()


class Process:
    """A real worker. `await process.work(jobs)` returns when they are settled, or the process is dead."""

    def __init__(self, held: Held, life: Life, session: SlackSession, application: Application, token: str) -> None:
        self.life = life
        self._held = held
        client = web_client(token, "https://slack.invalid/api/")
        client.session = session  # type: ignore[assignment]
        self._worker = Worker(application, SlackMessenger(client, seconds_between_edits=0))

    @property
    def desk(self) -> Desk:
        return self._worker._desk

    @property
    def deps(self) -> Deps:
        return self._held.deps

    async def work(self, jobs: list[Job]) -> None:
        working = asyncio.create_task(self._settle(jobs))
        death = asyncio.create_task(self.life.ended.wait())
        await asyncio.wait({working, death}, return_when=asyncio.FIRST_COMPLETED)
        death.cancel()
        if self.life.is_over:
            working.cancel()
            with suppress(asyncio.CancelledError, Exception):  # whatever its last words were
                await working
        else:
            await working

    async def _settle(self, jobs: list[Job]) -> None:
        async with asyncio.TaskGroup() as tasks:
            self._worker._begin(jobs, tasks)

    async def close(self) -> None:
        """What is still being shown is not shown any more."""
        self.life.ended.set()
        drawing = [*self._worker._desk.drawing]
        for task in drawing:
            task.cancel()
        await asyncio.gather(*drawing, return_exceptions=True)
        self._held.close()
