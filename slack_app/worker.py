"""Takes a job, runs a graph, shows it. A job that fails comes back; one that fails too often is told to people.

Everything a job does may be repeated: the incident's id derives from the alert's message, the summary's ts is kept
before the analysis begins, and after a crash the message that is already there is found again and edited.

Analyses and answers take turns: one at a time in a thread, in order of arrival, whichever process works on it, and at
most `workers` at once. What waits is held here with its lease renewed, so that waiting costs no attempt. Clicks and
commands take no turn.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import NoReturn
from uuid import uuid4

import aiohttp
from slack_sdk.errors import SlackApiError

from agent.errors import RetryLater, StoreUnavailable, WatchkeeperError
from agent.models import Job, JobKind
from agent.ports import Lease
from agent.telemetry import running
from slack_app.application import Application
from slack_app.blocks.text import escape
from slack_app.handlers.alerts import handle_alert
from slack_app.handlers.commands import handle_command
from slack_app.handlers.desk import Desk, Handler, place_of
from slack_app.handlers.evidence import handle_evidence
from slack_app.handlers.feedback import handle_feedback
from slack_app.handlers.questions import give_up, handle_question, hear_question
from slack_app.handlers.stops import handle_stop
from slack_app.messenger import SlackMessenger
from slack_app.people import People
from slack_app.turns import Turns, unless

log = logging.getLogger(__name__)
HEARTBEATS_PER_LEASE = 4
POLL_SECONDS = 2.0
LOCK_POLL_SECONDS = 0.5
MAX_ATTEMPTS = 3
RETRY_SECONDS = 5.0
AWS_THREADS = 64
HELD_BEYOND_WORKERS = 32
"""How many jobs one worker holds that wait for their turn; the rest is for the other workers."""
QUICK_AT_ONCE = 32
PUT_BACK_SECONDS = 5.0
BATCH = 10
YIELD_SECONDS = 0.5
"""A worker that holds all it may lets others look into the queue first, unless there is a lot in it."""
PUT_BACK_MARK = "#"
GONE = ("message_not_found", "thread_not_found", "channel_not_found", "not_in_channel", "is_archived")
"""What Slack says when there is nowhere left to answer to."""

IN_TURN: dict[JobKind, Handler] = {JobKind.alert: handle_alert, JobKind.mention: handle_question}
AT_ONCE: dict[JobKind, Handler] = {
    JobKind.stop: handle_stop,
    JobKind.feedback: handle_feedback,
    JobKind.evidence: handle_evidence,
    JobKind.command: handle_command,
}


class Worker:
    """Works on several jobs at once, but on one at a time for each thread in Slack."""

    def __init__(self, application: Application, messenger: SlackMessenger) -> None:
        settings = application.deps.settings
        self._app = application
        self._messenger = messenger
        self._desk = Desk(application, messenger, People(messenger.client))
        self._name = f"worker-{uuid4().hex[:8]}"
        self._lease = settings.job_lease_seconds
        self._held = asyncio.Semaphore(settings.workers + HELD_BEYOND_WORKERS)
        self._slots = asyncio.Semaphore(settings.workers)
        self._quick = asyncio.Semaphore(QUICK_AT_ONCE)
        self._turns = Turns()

    async def run(self) -> None:
        """Until cancelled; then what is being worked on is given back to the queue."""
        # boto3 and SQLite work in threads; the default pool of a small machine would make ten analyses wait in line.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(AWS_THREADS, "aws"))
        async with asyncio.TaskGroup() as tasks:
            jobs: list[Job] = []
            while True:
                if self._held.locked() and len(jobs) < BATCH:
                    await asyncio.sleep(YIELD_SECONDS)
                jobs = await self._next()
                for job in jobs:
                    room = self._held if job.kind in IN_TURN else self._quick
                    if room is self._held and room.locked():
                        tasks.create_task(self._put_back(job))
                        continue
                    await room.acquire()
                    tasks.create_task(self._work(job, room))

    async def _next(self) -> list[Job]:
        """One job; several where what is not quick is put back, so that clicks and stops behind it get through."""
        try:
            return await self._app.deps.queue.receive(BATCH if self._held.locked() else 1, self._lease, POLL_SECONDS)
        except WatchkeeperError as error:
            log.error("the queue is unavailable: %s", error)
            await asyncio.sleep(POLL_SECONDS)
            return []

    async def _put_back(self, job: Job) -> None:
        """To the end of the line, as a new job: giving up a lease would count as an attempt."""
        queue = self._app.deps.queue
        base, _, times = job.idempotency_key.partition(PUT_BACK_MARK)
        key = f"{base}{PUT_BACK_MARK}{int(times or 0) + 1}"
        with _lease_brings_back(job):
            await asyncio.to_thread(queue.send, job.model_copy(update={"idempotency_key": key}), PUT_BACK_SECONDS)
            await queue.delete(job)

    async def _work(self, job: Job, room: asyncio.Semaphore) -> None:
        heartbeat = asyncio.create_task(self._keep(job))
        try:
            with running(job.id):
                await self._settle(job)
        except asyncio.CancelledError:
            with suppress(WatchkeeperError):
                await self._app.deps.queue.release(job)
            raise
        finally:
            heartbeat.cancel()
            room.release()

    async def _settle(self, job: Job) -> None:
        """Do it, and tell the queue how it went. A queue that does not listen ends one job's lease, not the worker."""
        queue = self._app.deps.queue
        with _lease_brings_back(job):
            try:
                await (self._in_turn(job) if job.kind in IN_TURN else self._handle(job, AT_ONCE[job.kind]))
            except RetryLater as error:
                await queue.release(job, error.seconds)
            except SlackApiError as error:
                if error.response.get("error") not in GONE:
                    await self._failed(job, error)
                    return
                log.info("job %s is dropped: its message is gone (%s)", job.id, error.response.get("error"))
                await queue.delete(job)
            except Exception as error:
                await self._failed(job, error)
            else:
                await queue.delete(job)

    async def _in_turn(self, job: Job) -> None:
        """When nobody else is at work in its thread, and a worker is free."""
        place = place_of(job)
        key = f"thread:{place.channel}:{place.thread_ts}"
        with self._turns.line_up(key) as my_turn:
            if job.kind is JobKind.mention and not await hear_question(job, self._desk):
                return
            await my_turn()
            while True:
                async with self._slots, self._locked(key) as lease:
                    if lease is not None:
                        with self._listed(job):
                            await unless(self._handle(job, IN_TURN[job.kind]), self._renew(lease))
                        return
                await asyncio.sleep(LOCK_POLL_SECONDS)

    @asynccontextmanager
    async def _locked(self, key: str) -> AsyncGenerator[Lease | None]:
        """The thread's lock; None while another process has it."""
        locks = self._app.deps.locks
        lease = await locks.acquire(key, self._name, self._lease)
        try:
            yield lease
        finally:
            if lease is not None:
                with suppress(WatchkeeperError):
                    await locks.release(lease)

    async def _renew(self, lease: Lease) -> NoReturn:
        """Keeps the thread's lock. RetryLater when it is lost: another process may be at work in the thread."""
        while True:
            await asyncio.sleep(self._lease / HEARTBEATS_PER_LEASE)
            with suppress(StoreUnavailable):
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

    async def _failed(self, job: Job, error: Exception) -> None:
        """Back to the queue; after the last attempt it stays there, and people are told."""
        log.error("job %s failed at attempt %d (%s)", job.id, job.attempt, type(error).__name__)
        log.info("details", exc_info=error)
        if job.attempt >= MAX_ATTEMPTS and job.kind in IN_TURN:
            await self._apologise(job, error)
        await self._app.deps.queue.release(job, RETRY_SECONDS)

    async def _keep(self, job: Job) -> None:
        """Renews the lease while the job is worked on."""
        while True:
            await asyncio.sleep(self._lease / HEARTBEATS_PER_LEASE)
            with suppress(WatchkeeperError):
                await self._app.deps.queue.extend(job, self._lease)

    async def _apologise(self, job: Job, error: Exception) -> None:
        reason = str(error) if isinstance(error, WatchkeeperError) else "Something went wrong on my side."
        text = f"I could not finish this. {escape(reason)} It is kept for a person to look at (reference {job.id})."
        shown = ""
        with suppress(SlackApiError, aiohttp.ClientError, TimeoutError, OSError):
            shown = await self._messenger.post(place_of(job), text)
        await give_up(job, self._desk, text, shown)


@contextmanager
def _lease_brings_back(job: Job) -> Generator[None]:
    """For telling the queue about a job: when it cannot be told, the job's lease ends and the job comes back."""
    try:
        yield
    except WatchkeeperError as error:
        log.error("the queue could not be told of job %s, which comes back: %s", job.id, error)
