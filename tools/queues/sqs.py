"""The queue on Amazon SQS: a standard queue with a redrive policy to its dead-letter queue.

A lease is SQS's visibility timeout and `attempt` its receive count. The receipt handle that a lease needs stays in the
process that received the job, so only that process can renew, release or delete it. Standard queues do not deduplicate,
and FIFO queues have no delay for each message and forget a key after five minutes: who sends a key first is therefore
decided by a conditional write (`SentJobs`). A send whose answer was lost is repeated by botocore, so that a job may be
there twice, as at-least-once delivery allows. Order is SQS's best effort.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from agent.errors import InputError, RetryLater, StoreUnavailable
from agent.models import Job
from agent.ports import Clock
from agent.redaction.plain import redact_plain
from tools.stores.dynamodb.errors import unavailable
from tools.stores.dynamodb.sent import SentJobs

log = logging.getLogger(__name__)
Result = TypeVar("Result")

MAX_BODY_BYTES = 256 * 1024
"""What every queue takes that has SQS's older default. A payload is small and names what is large."""
MAX_DELAY_SECONDS = 900
MAX_BATCH = 10
LEASE_LIMIT = timedelta(hours=12)
"""How long SQS lets one receive of a message be extended; a receipt handle is worth nothing after that."""
POLL_SECONDS = 1
"""The longest single wait at SQS, so that a worker that is stopped waits no longer than this."""
_SHORT_POLL_SECONDS = 0.1
_PEEK_SECONDS = 10
_THREADS = 8
_LOST = ("ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidParameterValue", "InvalidIdFormat")
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True)
class _Lease:
    attempt: int
    receipt: str
    ends_at: datetime


class SqsQueue:
    """`SqsQueue(client, url, sent_jobs, clock)`; `client` is boto3's for SQS."""

    def __init__(self, client: Any, url: str, sent: SentJobs, clock: Clock) -> None:
        self._client = client
        self._url = url
        self._sent = sent
        self._clock = clock
        self._leases: dict[str, _Lease] = {}
        self._lock = threading.Lock()
        self._dead_url = ""
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="sqs")

    def send(self, job: Job, delay_seconds: float = 0) -> bool:
        """InputError for a job that SQS would not take: over 256 KB, or delayed by more than 15 minutes."""
        body = _body(job)
        if delay_seconds > MAX_DELAY_SECONDS:
            raise InputError(f"Job {job.id} is delayed by {delay_seconds:.0f} s, and SQS delays by at most 900.")
        if not self._sent.begin(job.idempotency_key):
            return False
        try:
            self._call("send_message", MessageBody=body, DelaySeconds=math.ceil(delay_seconds))
        except StoreUnavailable:
            self._sent.abandon(job.idempotency_key)
            raise
        self._remember(job)
        return True

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
        renewed = _Lease(lease.attempt, lease.receipt, self._after(lease_seconds))
        with self._lock:
            if self._leases.get(job.idempotency_key) is lease:  # else it was settled meanwhile
                self._leases[job.idempotency_key] = renewed

    async def delete(self, job: Job) -> None:
        """Done. Nothing happens when this process has received it again since."""
        lease = self._forget(job)
        if lease is not None:
            await self._in_thread(lambda: self._settle("delete_message", ReceiptHandle=lease.receipt))

    async def release(self, job: Job, delay_seconds: float = 0) -> None:
        """Nothing happens when the lease has ended: the job is back already."""
        lease = self._held(job)
        if lease is not None:
            self._forget(job)
            await self._in_thread(lambda: self._hide(lease, delay_seconds))

    async def dead_letters(self, limit: int = 50) -> list[Job]:
        """Newest first. They are hidden from other readers for the moment that reading them takes."""
        return await self._in_thread(lambda: self._peek(limit))

    async def depth(self) -> int:
        """SQS counts approximately: right within a minute."""
        return await self._in_thread(lambda: self._count(self._url, *_COUNTS))

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._client.close()

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
        ends_at = self._after(lease_seconds)
        reply = self._call(
            "receive_message",
            MaxNumberOfMessages=max_jobs,
            VisibilityTimeout=lease_seconds,
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        received = [(message, job) for message in reply.get("Messages", []) if (job := _job(message))]
        with self._lock:
            oldest = self._clock() - LEASE_LIMIT
            self._leases = {key: lease for key, lease in self._leases.items() if lease.ends_at > oldest}
            for message, job in received:
                self._leases[job.idempotency_key] = _Lease(job.attempt, message["ReceiptHandle"], ends_at)
        return [job for _, job in received]

    def _peek(self, limit: int) -> list[Job]:
        url = self._dead_letter_url()
        count = min(limit, self._count(url, _COUNTS[0]))
        messages: list[dict[str, Any]] = []
        while len(messages) < count:
            reply = self._call(
                "receive_message",
                QueueUrl=url,
                MaxNumberOfMessages=min(MAX_BATCH, count - len(messages)),
                VisibilityTimeout=_PEEK_SECONDS,
                WaitTimeSeconds=POLL_SECONDS,
                MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
            )
            if not reply.get("Messages"):
                break
            messages += reply["Messages"]
        for message in messages:
            self._settle(
                "change_message_visibility", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        messages.sort(key=lambda message: int(message["Attributes"]["SentTimestamp"]), reverse=True)
        return [job for message in messages if (job := _job(message))]

    def _dead_letter_url(self) -> str:
        if not self._dead_url:
            reply = self._call("get_queue_attributes", AttributeNames=["RedrivePolicy"])
            policy = json.loads(reply.get("Attributes", {}).get("RedrivePolicy", "{}"))
            if not policy:
                raise StoreUnavailable(f"The queue {self._url} has no dead-letter queue; give it a redrive policy.")
            name = policy["deadLetterTargetArn"].rsplit(":", 1)[-1]
            self._dead_url = str(self._call("get_queue_url", QueueUrl=None, QueueName=name)["QueueUrl"])
        return self._dead_url

    def _count(self, url: str, *names: str) -> int:
        reply = self._call("get_queue_attributes", QueueUrl=url, AttributeNames=list(names))
        return sum(int(reply["Attributes"][name]) for name in names)

    def _remember(self, job: Job) -> None:
        try:
            self._sent.complete(job.idempotency_key)
        except StoreUnavailable as error:
            log.warning("Job %s is queued, but that could not be noted, so it may be queued again: %s", job.id, error)

    def _hide(self, lease: _Lease, seconds: float) -> bool:
        timeout = math.ceil(seconds)
        return self._settle("change_message_visibility", ReceiptHandle=lease.receipt, VisibilityTimeout=timeout)

    def _settle(self, operation: str, **parameters: Any) -> bool:
        """False when the receipt handle is no longer good."""
        try:
            self._call(operation, **parameters)
        except StoreUnavailable as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and _code(cause) in _LOST:
                return False
            raise
        return True

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

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        wanted = {"QueueUrl": self._url, **parameters}
        try:
            return getattr(self._client, operation)(
                **{name: value for name, value in wanted.items() if value is not None}
            )
        except (ClientError, BotoCoreError) as error:
            action = "sqs:" + "".join(word.capitalize() for word in operation.split("_"))
            raise unavailable(f"queue {wanted['QueueUrl'] or self._url}", action, error) from error


def _body(job: Job) -> str:
    """In ASCII: SQS refuses some characters that JSON allows."""
    body = json.dumps(redact_plain(job.model_dump(mode="json")), separators=(",", ":"))
    if len(body) > MAX_BODY_BYTES:
        raise InputError(
            f"Job {job.id} takes {len(body) / 1024:.0f} KB and the queue at most {MAX_BODY_BYTES // 1024}; "
            "keep the payload elsewhere and send where it is."
        )
    return body


def _job(message: dict[str, Any]) -> Job | None:
    """None for a message that this version cannot read; it will end among the dead letters."""
    try:
        job = Job.model_validate_json(message["Body"])
    except ValidationError:
        log.warning("Message %s is no job that this version can read.", message["MessageId"])
        return None
    return job.model_copy(update={"attempt": int(message["Attributes"]["ApproximateReceiveCount"])})


def _code(error: ClientError) -> str:
    """Without the prefix that older error codes of SQS carry."""
    return str(error.response["Error"].get("Code", "")).rsplit(".", 1)[-1]
