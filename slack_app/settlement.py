"""What becomes of a job when it was done, could not be done now, or failed: the queue is told, and perhaps people.

What cannot be done now through no fault of its own (RetryLater, a store or Slack that is down) is put back as a new
job, for up to a day. Only what really fails uses up its attempts, and then it is a dead letter with the reason.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from agent.errors import QueueFull, RetryLater, StoreUnavailable, WatchkeeperError
from agent.models import Job, JobKind
from agent.redaction.plain import redact_plain
from slack_app.blocks.text import escape
from slack_app.handlers.analyses import give_up_analysis
from slack_app.handlers.desk import Desk, place_of
from slack_app.handlers.questions import give_up

log = logging.getLogger(__name__)
MAX_ATTEMPTS = 3
RETRY_SECONDS = 5.0
OUTAGE_SECONDS = 15.0
GIVEN_UP_AFTER = timedelta(days=1)
PUT_BACK_MARK = "#"
TRIES = "tries"
"""Where a job's payload says how often it was begun before it was put back."""
MAX_REASON_CHARS = 500
SERVER_ERROR = 500
BUSY = ("ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout")
"""What Slack says when it would do it at another time."""
GONE = ("message_not_found", "thread_not_found", "channel_not_found", "not_in_channel", "is_archived")
"""What Slack says when there is nowhere left to answer to."""
APOLOGISED_FOR = (JobKind.mention, JobKind.analysis)

Work = Callable[[Job], Awaitable[None]]


class Settlement:
    """A queue that does not listen ends one job's lease, not the worker."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._queue = desk.app.deps.queue

    async def settle(self, job: Job, work: Work) -> None:
        """Do it, and tell the queue how it went."""
        with _lease_brings_back(job):
            try:
                await work(job.model_copy(update={"attempt": tries(job)}))
            except RetryLater as error:
                await self._later(job, error, error.seconds)
            except SlackApiError as error:
                if error.response.get("error") in GONE:
                    log.warning("job %s is dropped: its message is gone (%s)", job.id, error.response.get("error"))
                    await self._queue.delete(job)
                elif is_outage(error):
                    await self._outage(job, error)
                else:
                    await self._failed(job, error)
            except (StoreUnavailable, QueueFull, aiohttp.ClientError, ConnectionError) as error:
                await self._outage(job, error)
            except Exception as error:
                await self._failed(job, error)
            else:
                await self._queue.delete(job)

    async def put_back(self, job: Job, seconds: float, begun: bool = False) -> None:
        """To the end of the line, as a new job: giving up a lease would count as an attempt.

        `begun`: something of it may have been done, and whoever does it again has to look.
        """
        base, _, times = job.idempotency_key.partition(PUT_BACK_MARK)
        changes: dict[str, Any] = {"idempotency_key": f"{base}{PUT_BACK_MARK}{int(times or 0) + 1}"}
        if begun:
            changes["payload"] = {**job.payload, TRIES: tries(job)}
        with _lease_brings_back(job):
            await self._queue.put_back(job, job.model_copy(update=changes), seconds)

    async def _outage(self, job: Job, error: Exception) -> None:
        """Of a question somebody wants to hear soon, be it that there is no answer."""
        if job.kind is JobKind.mention:
            await self._failed(job, error)
        else:
            await self._later(job, error, OUTAGE_SECONDS)

    async def _later(self, job: Job, error: Exception, seconds: float) -> None:
        """Again without having cost an attempt, for a day; a question only so often as anything that fails."""
        why = reason_of(error)
        log.info("job %s waits %.0f s: %s", job.id, seconds, why)
        if job.kind is JobKind.mention and job.attempt >= MAX_ATTEMPTS:
            await self._failed(job, error)
        elif job.kind is JobKind.mention:
            await self._queue.release(job, seconds, why)
        elif self._desk.app.deps.clock() - (job.retried_at or job.created_at) > GIVEN_UP_AFTER:
            await self._give_up(job, error)
        else:
            await self.put_back(job, seconds, begun=True)

    async def _failed(self, job: Job, error: Exception) -> None:
        """Back to the queue; after the last attempt to the dead letters, and people are told."""
        log.error("job %s failed at attempt %d (%s)", job.id, job.attempt, type(error).__name__)
        log.info("details", exc_info=error)
        if job.attempt < MAX_ATTEMPTS:
            await self._queue.release(job, RETRY_SECONDS, reason_of(error))
            return
        await self._give_up(job, error)

    async def _give_up(self, job: Job, error: Exception) -> None:
        """People who wait for it hear of it before it is gone."""
        if job.kind in APOLOGISED_FOR:
            try:
                await self._apologise(job, error)
            except Exception as failure:
                log.error("nobody could be told that job %s is given up (%s)", job.id, type(failure).__name__)
                log.info("details", exc_info=failure)
        await self._queue.bury(job, reason_of(error))

    async def _apologise(self, job: Job, error: Exception) -> None:
        reason = str(error) if isinstance(error, WatchkeeperError) else "Something went wrong on my side."
        if job.kind is JobKind.analysis:
            await give_up_analysis(job, self._desk, reason)
            return
        text = f"I could not finish this. {escape(reason)} It is kept for a person to look at (reference {job.id})."
        shown = ""
        with suppress(SlackApiError, aiohttp.ClientError, TimeoutError, OSError, WatchkeeperError):
            shown = await self._desk.messenger.post(place_of(job), text)
        await give_up(job, self._desk, text, shown)


async def placed(job: Job, desk: Desk) -> Job:
    """With the thread of the incident that it is about, if it is about one and its message is there."""
    if "incident" not in job.payload:
        return job
    incident = await desk.app.deps.incidents.get(str(job.payload["incident"]))
    if incident is None or incident.place is None:
        return job
    return job.model_copy(update={"payload": {**job.payload, **incident.place.model_dump()}})


def tries(job: Job) -> int:
    """How often it was begun, this time included; more than once, part of it may be done already."""
    return job.attempt + int(job.payload.get(TRIES, 0))


def reason_of(error: Exception) -> str:
    text = str(error) if isinstance(error, WatchkeeperError) else f"{type(error).__name__}: {error}"
    return str(redact_plain(text))[:MAX_REASON_CHARS]


def is_outage(error: SlackApiError) -> bool:
    """Slack is down or busy, rather than against it."""
    return error.response.get("error") in BUSY or int(getattr(error.response, "status_code", 0) or 0) >= SERVER_ERROR


@contextmanager
def _lease_brings_back(job: Job) -> Generator[None]:
    """For telling the queue about a job: when it cannot be told, the job's lease ends and the job comes back."""
    try:
        yield
    except WatchkeeperError as error:
        log.error("the queue could not be told of job %s, which comes back: %s", job.id, error)
