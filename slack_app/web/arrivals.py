"""Queues what arrives at about the same time in one transaction, and says so to each sender once it is committed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from agent.errors import InputError, PartlyQueued, QueueFull, WatchkeeperError
from agent.models import Job, Urgency
from agent.ports import Queue

LINGER_SECONDS = 0.005
"""How long the first of a group waits for others. While one group is written the next one gathers anyway."""
MAX_GROUP = 100
MAX_WAITING = 1000
"""More than this and the queue does not keep up: whoever comes now is asked to come again."""

Waiting = tuple[Job, "asyncio.Future[None]"]


class Arrivals:
    """`await arrivals.put(job)` returns when the job is in the queue, or was before."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._waiting: list[Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def put(self, job: Job) -> None:
        """QueueFull or StoreUnavailable when it is not queued. Who goes away meanwhile takes nothing back."""
        if len(self._waiting) >= MAX_WAITING:
            raise QueueFull("Too many requests wait to be written down.")
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, written))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await written

    async def _write(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(LINGER_SECONDS)
                group, self._waiting = self._waiting[:MAX_GROUP], self._waiting[MAX_GROUP:]
                await self._write_group(group)
        finally:
            self._writing = None

    async def _write_group(self, group: Sequence[Waiting]) -> None:
        """All together. When there is no room for all of them there may still be some for the critical ones."""
        try:
            await self._send(group)
        except QueueFull as full:
            critical = [each for each in group if each[0].urgency is Urgency.critical]
            _refuse([each for each in group if each not in critical], full)
            if critical and len(critical) < len(group):
                await self._write_group(critical)
            else:
                _refuse(critical, full)
        except PartlyQueued as error:
            refused = [each for each in group if each[0].idempotency_key in error.refused]
            _accept([each for each in group if each not in refused])
            _refuse(refused, error)
        except InputError as error:
            await self._one_by_one(group, error)
        except WatchkeeperError as error:
            _refuse(group, error)
        except Exception as error:
            await self._one_by_one(group, error)

    async def _one_by_one(self, group: Sequence[Waiting], error: Exception) -> None:
        """Whatever is wrong with one of them, the others are not to wait for ever."""
        if len(group) == 1:
            _refuse(group, error)
        for each in group if len(group) > 1 else ():
            await self._write_group([each])

    async def _send(self, group: Sequence[Waiting]) -> None:
        await asyncio.to_thread(self._queue.send_all, [job for job, _ in group])
        _accept(group)


def _accept(group: Sequence[Waiting]) -> None:
    for _, written in group:
        if not written.done():
            written.set_result(None)


def _refuse(group: Sequence[Waiting], error: Exception) -> None:
    for _, written in group:
        if not written.done():
            written.set_exception(error)
