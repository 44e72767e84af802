"""Takes a job, runs a graph, shows it. A job that fails comes back; one that fails too often is told to people.

Everything a job does may be repeated: the incident's id derives from the alert's message, the summary's ts is kept
before the analysis begins, and after a crash the message that is already there is found again and edited.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from slack_sdk.errors import SlackApiError

from agent.errors import RetryLater, WatchkeeperError
from agent.models import Job, JobKind, SlackPlace
from slack_app.application import Application
from slack_app.blocks.text import escape
from slack_app.handlers.alerts import handle_alert
from slack_app.handlers.questions import handle_question
from slack_app.messenger import SlackMessenger

log = logging.getLogger(__name__)
HEARTBEATS_PER_LEASE = 4
POLL_SECONDS = 2.0
MAX_ATTEMPTS = 3
RETRY_SECONDS = 5.0
AWS_THREADS = 64
GONE = ("message_not_found", "thread_not_found", "channel_not_found", "not_in_channel", "is_archived")
"""What Slack says when there is nowhere left to answer to."""

Handler = Callable[[Job, Application, SlackMessenger], Awaitable[None]]
HANDLERS: dict[JobKind, Handler] = {JobKind.alert: handle_alert, JobKind.mention: handle_question}


class Worker:
    """Works on several jobs at once, but on one at a time for each thread in Slack."""

    def __init__(self, application: Application, messenger: SlackMessenger) -> None:
        self._app = application
        self._messenger = messenger
        self._lease = application.deps.settings.job_lease_seconds
        self._slots = asyncio.Semaphore(application.deps.settings.workers)
        self._threads: dict[str, asyncio.Lock] = {}

    async def run(self) -> None:
        """Until cancelled; then what is being worked on is given back to the queue."""
        # boto3 and SQLite work in threads; the default pool of a small machine would make ten analyses wait in line.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(AWS_THREADS, "aws"))
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._slots.acquire()
                job = await self._next()
                if job is None:
                    self._slots.release()
                    continue
                tasks.create_task(self._work(job))

    async def _next(self) -> Job | None:
        try:
            jobs = await self._app.deps.queue.receive(1, self._lease, POLL_SECONDS)
        except WatchkeeperError as error:
            log.error("the queue is unavailable: %s", error)
            await asyncio.sleep(POLL_SECONDS)
            return None
        return jobs[0] if jobs else None

    async def _work(self, job: Job) -> None:
        heartbeat = asyncio.create_task(self._keep(job))
        try:
            async with self._threads.setdefault(_place(job).thread_ts, asyncio.Lock()):
                await self._handle(job)
        except asyncio.CancelledError:
            with suppress(WatchkeeperError):
                await self._app.deps.queue.release(job)
            raise
        finally:
            heartbeat.cancel()
            self._slots.release()

    async def _handle(self, job: Job) -> None:
        queue = self._app.deps.queue
        try:
            async with asyncio.timeout(self._app.deps.settings.run_timeout_seconds):
                await HANDLERS[job.kind](job, self._app, self._messenger)
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

    async def _failed(self, job: Job, error: Exception) -> None:
        """Back to the queue; after the last attempt it stays there, and people are told."""
        log.error("job %s failed at attempt %d (%s)", job.id, job.attempt, type(error).__name__)
        log.info("details", exc_info=error)
        if job.attempt >= MAX_ATTEMPTS:
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
        with suppress(SlackApiError, TimeoutError, OSError):
            await self._messenger.post(_place(job), text)


def _place(job: Job) -> SlackPlace:
    payload = job.payload
    ts = str(payload.get("thread_ts") or (payload.get("event") or {}).get("ts") or job.id)
    return SlackPlace(channel=str(payload.get("channel", "")), thread_ts=ts)
