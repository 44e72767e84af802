"""The dead letters of an SQS queue: what its redrive policy moved there, and what was buried."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from agent.models import Job
from agent.ports import DeadLetter
from tools.queues.sqs_messages import COUNTS, MAX_BATCH, Calls, body_of, job_of
from tools.stores.dynamodb.sent import SentJobs

_MOST = 500
"""As many are read at most, since SQS has no order to stop at: the newest of them are shown."""
_PEEK_SECONDS = 30
_POLL_SECONDS = 1
_UNEXPLAINED = "its worker stopped or took too long, too often"


@dataclass(frozen=True)
class _Dead:
    message: dict[str, Any]
    job: Job


class SqsDeadLetters:
    """Of one or more queues. Reading hides messages from other readers for a moment, and shows them again."""

    def __init__(self, calls: Calls, queues: tuple[str, ...], sent: SentJobs) -> None:
        self._calls = calls
        self._queues = queues
        self._sent = sent
        self._found: dict[str, str] = {}

    def url(self, queue: str) -> str:
        """Of a queue's dead-letter queue; asked for once."""
        if queue not in self._found:
            self._found[queue] = self._calls.dead_letter_url(queue)
        return self._found[queue]

    def add(self, queue: str, job: Job) -> None:
        self._calls.make("send_message", self.url(queue), MessageBody=body_of(job))

    def read(self, limit: int) -> list[DeadLetter]:
        """Newest first."""
        letters: list[DeadLetter] = []
        for url in self._urls():
            with self._peeked(url) as dead:
                letters += [self._letter(each) for each in dead]
        return sorted(letters, key=lambda letter: letter.at, reverse=True)[:limit]

    def count(self) -> int:
        return sum(self._calls.counts(url, COUNTS[:1])[0] for url in self._urls())

    @contextmanager
    def taken(self, job_id: str) -> Generator[Job | None]:
        """The job with this id, which leaves the dead letters when the block ends well."""
        for url in self._urls():
            with self._peeked(url) as dead:
                found = [each for each in dead if each.job.id == job_id]
                if found:
                    yield found[0].job
                    for each in found:
                        self._calls.settle("delete_message", url, ReceiptHandle=each.message["ReceiptHandle"])
                    return
        yield None

    def _urls(self) -> list[str]:
        return list(dict.fromkeys(self.url(queue) for queue in self._queues))

    @contextmanager
    def _peeked(self, url: str) -> Generator[list[_Dead]]:
        messages = self._received(url, min(self._calls.counts(url, COUNTS[:1])[0], _MOST))
        try:
            yield [_Dead(message, job) for message in messages if (job := job_of(message))]
        finally:
            for message in messages:
                handle = message["ReceiptHandle"]
                self._calls.settle("change_message_visibility", url, ReceiptHandle=handle, VisibilityTimeout=0)

    def _received(self, url: str, count: int) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while len(messages) < count:
            reply = self._calls.make(
                "receive_message",
                url,
                MaxNumberOfMessages=min(MAX_BATCH, count - len(messages)),
                VisibilityTimeout=_PEEK_SECONDS,
                WaitTimeSeconds=_POLL_SECONDS,
                MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
            )
            if not reply.get("Messages"):
                break
            messages += reply["Messages"]
        return messages

    def _letter(self, dead: _Dead) -> DeadLetter:
        sent = datetime.fromtimestamp(int(dead.message["Attributes"]["SentTimestamp"]) / 1000, UTC)
        reason, at = self._sent.reason(dead.job.idempotency_key)
        return DeadLetter(dead.job, reason or _UNEXPLAINED, at or sent)
