"""The queue on Amazon SQS: a standard queue with a redrive policy to its dead-letter queue, and maybe an urgent one.

A lease is SQS's visibility timeout and `attempt` its receive count. The receipt handle that a lease needs stays in the
process that received the job, so only that process can renew, release or delete it. Standard queues do not deduplicate,
and FIFO queues have no delay for each message and forget a key after five minutes: who sends a key first is therefore
decided by a conditional write (`SentJobs`). A send whose answer was lost is repeated by botocore, so that a job may be
there twice, as at-least-once delivery allows. Order is SQS's best effort; critical jobs have a queue of their own where
one is given, and it is asked first.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from agent.errors import InputError, RetryLater, StoreUnavailable
from agent.models import Job, Urgency
from agent.ports import Clock, DeadLetter, Waiting
from tools.queues.limits import Headroom
from tools.queues.sqs_dead_letters import SqsDeadLetters
from tools.queues.sqs_messages import MAX_BATCH, Calls, body_of, job_of
from tools.queues.sqs_sending import Outgoing, send_batches
from tools.stores.dynamodb.sent import SentJobs

log = logging.getLogger(__name__)
Result = TypeVar("Result")

MAX_DELAY_SECONDS = 900
LEASE_LIMIT = timedelta(hours=12)
"""How long SQS lets one receive of a message be extended; a receipt handle is worth nothing after that."""
POLL_SECONDS = 1
"""The longest single wait at SQS, so that a worker that is stopped waits no longer than this."""
FAIR_TURNS = 5
"""Every so many receives the urgent queue comes second, so that the other one is never forgotten."""
_SHORT_POLL_SECONDS = 0.1
_THREADS = 8


@dataclass(frozen=True)
class _Lease:
    queue: str
    attempt: int
    receipt: str
    ends_at: datetime


class SqsQueue:
    """`SqsQueue(client, url, sent_jobs, clock)`; `client` is boto3's for SQS. `limit` is 0 for any number of jobs."""

    def __init__(
        self, client: Any, url: str, sent: SentJobs, clock: Clock, urgent_url: str = "", limit: int = 0
    ) -> None:
        self._calls = Calls(client)
        self._url = url
        self._urgent_url = urgent_url or url
        self._queues = tuple(dict.fromkeys((self._urgent_url, url)))
        self._sent = sent
        self._clock = clock
        self._dead = SqsDeadLetters(self._calls, self._queues, sent)
        self._headroom = Headroom(limit, self._count)
        self._leases: dict[str, _Lease] = {}
        self._lock = threading.Lock()
        self._turn = 0
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="sqs")

    def send(self, job: Job, delay_seconds: float = 0) -> bool:
        """InputError for a job that SQS would not take: over 256 KB, or delayed by more than 15 minutes."""
        if delay_seconds > MAX_DELAY_SECONDS:
            raise InputError(f"Job {job.id} is delayed by {delay_seconds:.0f} s, and SQS delays by at most 900.")
        body = body_of(job)
        self._headroom.admit([job])
        return self._send(job, body, delay_seconds)

    def send_all(self, jobs: Sequence[Job]) -> int:
        """Ten in a request. InputError for one that is too large, before any is sent.

        PartlyQueued names those that SQS refused, that could not be begun, or that another process is queueing.
        """
        once = list({job.idempotency_key: job for job in reversed(jobs)}.values())[::-1]
        outgoing = [Outgoing(job.idempotency_key, self._queue_of(job), body_of(job)) for job in once]
        self._headroom.admit(once)
        return send_batches(self._calls, self._sent, outgoing)

    async def receive(self, max_jobs: int = 1, lease_seconds: float = 60, wait_seconds: float = 0) -> list[Job]:
        """At most ten. Waits up to `wait_seconds` for the first job; a cancelled receive gives its jobs back."""
        deadline = time.monotonic() + wait_seconds
        while True:
            remaining = deadline - time.monotonic()
            jobs = await self._lease(max_jobs, lease_seconds, min(int(max(remaining, 0)), POLL_SECONDS))
            remaining = deadline - time.monotonic()
            if jobs or remaining <= 0:
                return jobs
            if remaining < POLL_SECONDS:
                await asyncio.sleep(min(remaining, _SHORT_POLL_SECONDS))

    async def extend(self, job: Job, lease_seconds: float) -> None:
        """Renew the lease from now on. RetryLater when it has ended: somebody else may have the job, so stop."""
        lease = self._held(job)
        if lease is None or not await self._in_thread(lambda: self._hide(lease, lease_seconds)):
            raise RetryLater(f"The lease on job {job.id} has ended, so another worker may have it.", seconds=0)
        renewed = _Lease(lease.queue, lease.attempt, lease.receipt, self._after(lease_seconds))
        with self._lock:
            if self._leases.get(job.idempotency_key) is lease:  # else it was settled meanwhile
                self._leases[job.idempotency_key] = renewed

    async def delete(self, job: Job) -> None:
        """Done. Nothing happens when this process has received it again since."""
        lease = self._forget(job)
        if lease is not None:
            await self._in_thread(
                lambda: self._calls.settle("delete_message", lease.queue, ReceiptHandle=lease.receipt)
            )

    async def release(self, job: Job, delay_seconds: float = 0, reason: str = "") -> None:
        """Nothing happens when the lease has ended: the job is back already."""
        lease = self._held(job)
        if lease is not None:
            self._forget(job)
            await self._in_thread(lambda: self._give_back(job, lease, delay_seconds, reason))

    async def put_back(self, job: Job, again: Job, delay_seconds: float = 0) -> None:
        """Nothing happens when this process has received it again since."""
        lease = self._forget(job)
        if lease is not None:
            await self._in_thread(lambda: self._replace(lease, again, delay_seconds))

    async def bury(self, job: Job, reason: str) -> None:
        """Nothing happens when the lease has ended: somebody else decides."""
        lease = self._held(job)
        if lease is not None:
            self._forget(job)
            await self._in_thread(lambda: self._bury(job, lease, reason))

    async def dead_letters(self, limit: int = 50) -> list[DeadLetter]:
        """They are hidden from other readers for the moment that reading them takes."""
        return await self._in_thread(lambda: self._dead.read(limit))

    async def retry(self, job_id: str) -> bool:
        return await self._in_thread(lambda: self._revive(job_id))

    async def waiting(self) -> Waiting:
        """SQS counts approximately, and does not say how long the oldest job has waited."""
        return await self._in_thread(self._waiting)

    async def depth(self) -> int:
        """SQS counts approximately: right within a minute."""
        return await self._in_thread(self._count)

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._calls.close()

    async def _lease(self, max_jobs: int, lease_seconds: float, wait_seconds: int) -> list[Job]:
        receiving = asyncio.ensure_future(
            self._in_thread(lambda: self._take(min(max_jobs, MAX_BATCH), math.ceil(lease_seconds), wait_seconds))
        )
        try:
            return await asyncio.shield(receiving)
        except asyncio.CancelledError:
            with suppress(StoreUnavailable):  # what cannot be given back comes back by itself
                for job in await receiving:
                    await self.release(job)
            raise

    def _take(self, max_jobs: int, lease_seconds: int, wait_seconds: int) -> list[Job]:
        """From one queue after the other, waiting at the last one only, and only for the first job."""
        jobs: list[Job] = []
        order = self._in_order()
        for queue in order:
            wait = wait_seconds if queue == order[-1] and not jobs else 0
            if len(jobs) < max_jobs:
                jobs += self._take_from(queue, max_jobs - len(jobs), lease_seconds, wait)
        return jobs

    def _in_order(self) -> tuple[str, ...]:
        with self._lock:
            self._turn += 1
            return self._queues[::-1] if self._turn % FAIR_TURNS == 0 else self._queues

    def _take_from(self, queue: str, max_jobs: int, lease_seconds: int, wait_seconds: int) -> list[Job]:
        ends_at = self._after(lease_seconds)
        reply = self._calls.make(
            "receive_message",
            queue,
            MaxNumberOfMessages=max_jobs,
            VisibilityTimeout=lease_seconds,
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        received = [(message, job) for message in reply.get("Messages", []) if (job := job_of(message))]
        with self._lock:
            oldest = self._clock() - LEASE_LIMIT
            self._leases = {key: lease for key, lease in self._leases.items() if lease.ends_at > oldest}
            for message, job in received:
                self._leases[job.idempotency_key] = _Lease(queue, job.attempt, message["ReceiptHandle"], ends_at)
        return [job for _, job in received]

    def _send(self, job: Job, body: str, delay_seconds: float) -> bool:
        if not self._sent.begin(job.idempotency_key):
            return False
        try:
            self._calls.make(
                "send_message", self._queue_of(job), MessageBody=body, DelaySeconds=math.ceil(delay_seconds)
            )
        except StoreUnavailable:
            self._sent.abandon(job.idempotency_key)
            raise
        self._sent.remember(job.idempotency_key)
        return True

    def _replace(self, lease: _Lease, again: Job, delay_seconds: float) -> None:
        """First sent, then deleted: a crash in between leaves both, and never none."""
        self._send(again, body_of(again), min(delay_seconds, MAX_DELAY_SECONDS))
        self._calls.settle("delete_message", lease.queue, ReceiptHandle=lease.receipt)

    def _give_back(self, job: Job, lease: _Lease, delay_seconds: float, reason: str) -> None:
        if reason:
            self._sent.explain(job.idempotency_key, reason)
        self._hide(lease, delay_seconds)

    def _bury(self, job: Job, lease: _Lease, reason: str) -> None:
        """First there, then gone from here: a crash in between leaves it in both, and never in none."""
        self._sent.explain(job.idempotency_key, reason)
        self._dead.add(lease.queue, job)
        self._calls.settle("delete_message", lease.queue, ReceiptHandle=lease.receipt)

    def _revive(self, job_id: str) -> bool:
        with self._dead.taken(job_id) as job:
            if job is None:
                return False
            retried = job.model_copy(update={"attempt": 0, "retried_at": self._clock()})
            self._calls.make("send_message", self._queue_of(job), MessageBody=body_of(retried))
            self._sent.remember(job.idempotency_key)
            return True

    def _waiting(self) -> Waiting:
        ready, delayed, leased = (sum(each) for each in zip(*map(self._calls.counts, self._queues), strict=True))
        return Waiting(ready, delayed, leased, self._dead.count())

    def _count(self) -> int:
        return sum(sum(self._calls.counts(queue)) for queue in self._queues)

    def _queue_of(self, job: Job) -> str:
        return self._urgent_url if job.urgency is Urgency.critical else self._url

    def _hide(self, lease: _Lease, seconds: float) -> bool:
        return self._calls.settle(
            "change_message_visibility",
            lease.queue,
            ReceiptHandle=lease.receipt,
            VisibilityTimeout=math.ceil(seconds),
        )

    def _held(self, job: Job) -> _Lease | None:
        with self._lock:
            lease = self._leases.get(job.idempotency_key)
        return lease if lease and lease.attempt == job.attempt and lease.ends_at > self._clock() else None

    def _forget(self, job: Job) -> _Lease | None:
        with self._lock:
            lease = self._leases.get(job.idempotency_key)
            return self._leases.pop(job.idempotency_key) if lease and lease.attempt == job.attempt else None

    def _after(self, seconds: float) -> datetime:
        return self._clock() + timedelta(seconds=seconds)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        try:
            running = self._threads.submit(work)
        except RuntimeError as error:
            raise StoreUnavailable(f"The queue {self._url} cannot be used: it was closed.") from error
        return await asyncio.wrap_future(running)
