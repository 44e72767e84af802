"""Takes a job, does it, tells the queue. A job that fails comes back; one that fails too often is told to people.

Everything a job does may be repeated: an alert is counted once by its job's id, an incident's message is drawn from
what is stored, and after a crash the message that is already there is found again and edited.

Analyses and answers take turns: one at a time in a thread and an incident, in order of arrival, whichever process works
on it, and at most `workers` at once. What waits is held here with its lease renewed, so that waiting costs no attempt.
Everything else takes no turn. Each kind of work has a lane (`slack_app.lanes`), so that alerts are counted and clicks
are heard while Slack, a ticket system or a model is slow.

`slack_app.settlement` says what becomes of a job that fails.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from typing import NoReturn
from uuid import uuid4

from agent.errors import InputError, RetryLater, StoreUnavailable, WatchkeeperError
from agent.models import Job, JobKind
from agent.ports import Lease
from agent.telemetry import running
from slack_app.application import Application
from slack_app.destinations import only_in
from slack_app.handlers.alerts import handle_alert
from slack_app.handlers.analyses import handle_analysis
from slack_app.handlers.approvals import handle_approval
from slack_app.handlers.commands import handle_command
from slack_app.handlers.desk import Desk, Handler, place_of
from slack_app.handlers.digests import handle_digest
from slack_app.handlers.evidence import handle_evidence
from slack_app.handlers.feedback import handle_feedback
from slack_app.handlers.living import handle_living
from slack_app.handlers.ownership import handle_ownership
from slack_app.handlers.questions import handle_question, hear_question
from slack_app.handlers.remediations import handle_verify
from slack_app.handlers.stops import handle_stop
from slack_app.handlers.sweeps import handle_sweep
from slack_app.handlers.tickets import handle_ticket
from slack_app.handlers.ticks import handle_tick
from slack_app.job_places import JobPlaces
from slack_app.lanes import BATCH, Lane, Lanes
from slack_app.large_payloads import whole
from slack_app.messenger import SlackMessenger
from slack_app.pace import Pace
from slack_app.settlement import Settlement, placed
from slack_app.turns import Turns, unless

log = logging.getLogger(__name__)
HEARTBEATS_PER_LEASE = 4
POLL_SECONDS = 2.0
LOCK_POLL_SECONDS = 0.5
AWS_THREADS = 64
HELD_BEYOND_WORKERS = 32
"""How many jobs one worker holds that wait for their turn; the rest is for the other workers."""
PUT_BACK_SECONDS = 5.0
SECONDS_BETWEEN_ANALYSES = 0.04
"""Seventy that begin together want the processor, and the model, together again after each call, and all wait."""

IN_TURN: dict[JobKind, Handler] = {JobKind.analysis: handle_analysis, JobKind.mention: handle_question}
AT_ONCE: dict[JobKind, Handler] = {
    JobKind.alert: handle_alert,
    JobKind.living: handle_living,
    JobKind.ownership: handle_ownership,
    JobKind.digest: handle_digest,
    JobKind.tick: handle_tick,
    JobKind.sweep: handle_sweep,
    JobKind.stop: handle_stop,
    JobKind.feedback: handle_feedback,
    JobKind.evidence: handle_evidence,
    JobKind.command: handle_command,
    JobKind.ticket: handle_ticket,
    JobKind.approval: handle_approval,
    JobKind.verify: handle_verify,
}


class Worker:
    """Works on several jobs at once, but on one at a time for each thread in Slack."""

    def __init__(self, application: Application, messenger: SlackMessenger) -> None:
        settings = application.deps.settings
        self._app = application
        self._desk = Desk.of(application, messenger)
        self._settlement = Settlement(self._desk)
        self._name = f"worker-{uuid4().hex[:8]}"
        self._lease = settings.job_lease_seconds
        self._lanes = Lanes(settings.workers + HELD_BEYOND_WORKERS)
        self._slots = asyncio.Semaphore(settings.workers)
        self._turns = Turns()
        self._pace = Pace(SECONDS_BETWEEN_ANALYSES)

    async def run(self) -> None:
        """Until cancelled; then what is being worked on is given back to the queue."""
        # boto3 and SQLite work in threads; the default pool of a small machine would make ten analyses wait in line.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(AWS_THREADS, "aws"))
        async with asyncio.TaskGroup() as tasks:
            jobs: list[Job] = []
            while True:
                await self._lanes.ease(jobs)
                jobs = await self._next()
                self._begin(jobs, tasks)

    def _begin(self, jobs: Sequence[Job], tasks: asyncio.TaskGroup) -> None:
        """What finds its lane full is put back, so that what is behind it in the queue gets through."""
        for job in jobs:
            lane = self._lanes.enter(job)
            if lane is None:
                # never as long again: else who gave it away would look just when it comes back
                delay = PUT_BACK_SECONDS * random.uniform(0.7, 1.3)
                tasks.create_task(self._settlement.put_back(job, delay))
            else:
                tasks.create_task(self._work(job, lane))

    async def _next(self) -> list[Job]:
        """A worker with no room for turns looks now and then; one that has room is waiting, and so is there first."""
        wait = 0 if self._lanes.no_more_turns else POLL_SECONDS
        try:
            return await self._app.deps.queue.receive(BATCH, self._lease, wait)
        except WatchkeeperError as error:
            log.error("the queue is unavailable: %s", error)
            await asyncio.sleep(POLL_SECONDS)
            return []

    async def _work(self, job: Job, lane: Lane) -> None:
        """The lease is renewed from now on, be it that the lane has no room yet."""
        heartbeat, begun = asyncio.create_task(self._keep(job)), False
        try:
            async with lane.working:
                begun = True
                with running(job.id), only_in(self._places(job)):
                    await self._settlement.settle(job, self._do)
        except asyncio.CancelledError:
            await self._settlement.put_back(job, 0, begun)
            raise
        finally:
            heartbeat.cancel()
            self._lanes.leave(lane)

    async def _do(self, job: Job) -> None:
        job = await whole(job, self._app.deps.archive)
        with only_in(self._places(job)):
            if job.kind in IN_TURN:
                await self._in_turn(job)
            elif job.kind in AT_ONCE:
                await self._handle(job, AT_ONCE[job.kind])
            else:
                raise InputError(f"This version does not know what to do with a job of the kind {job.kind}.")

    def _places(self, job: Job) -> JobPlaces:
        return JobPlaces(job, self._app.deps, self._desk.messenger)

    async def _in_turn(self, job: Job) -> None:
        """When nobody else is at work in its thread or on its incident, and a worker is free."""
        if job.kind is JobKind.analysis:
            job = await placed(job, self._desk)
        keys = _turn_keys(job)
        with ExitStack() as lines:
            turns = [lines.enter_context(self._turns.line_up(key)) for key in keys]
            if job.kind is JobKind.mention and not await hear_question(job, self._desk):
                return
            for my_turn in turns:
                await my_turn()
            while True:
                async with self._slots, self._locked(keys) as leases:
                    if leases:
                        if job.kind is JobKind.analysis:
                            await self._pace.next()
                        with self._listed(job):
                            await unless(self._handle(job, IN_TURN[job.kind]), self._renew(leases))
                        return
                await asyncio.sleep(LOCK_POLL_SECONDS)

    @asynccontextmanager
    async def _locked(self, keys: Sequence[str]) -> AsyncGenerator[list[Lease]]:
        """The locks of these keys; none of them while another process has one."""
        locks = self._app.deps.locks
        leases: list[Lease] = []
        try:
            for key in keys:
                lease = await locks.acquire(key, self._name, self._lease)
                if lease is None:
                    break
                leases.append(lease)
            yield leases if len(leases) == len(keys) else []
        finally:
            for lease in leases:
                with suppress(WatchkeeperError):
                    await locks.release(lease)

    async def _renew(self, leases: Sequence[Lease]) -> NoReturn:
        """Keeps the locks. RetryLater when one is lost: another process may be at work in the thread."""
        while True:
            await asyncio.sleep(self._lease / HEARTBEATS_PER_LEASE)
            with suppress(StoreUnavailable):
                for lease in leases:
                    if not await self._app.deps.locks.renew(lease, self._lease):
                        raise RetryLater("The thread's lock was lost.", LOCK_POLL_SECONDS)

    async def _handle(self, job: Job, handler: Handler) -> None:
        async with asyncio.timeout(self._app.deps.settings.run_timeout_seconds):
            await handler(job, self._desk)

    @contextmanager
    def _listed(self, job: Job) -> Generator[None]:
        """What `status` tells and what a stop looks through."""
        self._desk.running[job.id] = job
        try:
            yield
        finally:
            del self._desk.running[job.id]

    async def _keep(self, job: Job) -> None:
        """Renews the lease while the job is worked on."""
        while True:
            await asyncio.sleep(self._lease / HEARTBEATS_PER_LEASE)
            with suppress(WatchkeeperError):
                await self._app.deps.queue.extend(job, self._lease)


def _turn_keys(job: Job) -> list[str]:
    """What one job at a time may work on. An incident comes before its thread, for everybody."""
    keys = [f"incident:{job.payload['incident']}"] if job.kind is JobKind.analysis else []
    if job.kind is JobKind.mention or job.payload.get("thread_ts"):
        place = place_of(job)
        keys.append(f"thread:{place.channel}:{place.thread_ts}")
    return keys
