"""Many jobs to SQS, ten in a request, each key once."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from agent.errors import PartlyQueued, RetryLater, StoreUnavailable
from tools.queues.sqs_messages import MAX_BATCH, MAX_BODY_BYTES, Calls
from tools.stores.dynamodb.sent import SentJobs

_ATTEMPTS = 3


@dataclass(frozen=True)
class Outgoing:
    key: str
    queue: str
    body: str


def send_batches(calls: Calls, sent: SentJobs, outgoing: Sequence[Outgoing]) -> int:
    """How many are new. PartlyQueued names those that are not queued: they may be sent again at once."""
    return _Sending(calls, sent).send(outgoing)


class _Sending:
    """One call's batches. After the first request that fails as a whole no further ones are made."""

    def __init__(self, calls: Calls, sent: SentJobs) -> None:
        self._calls = calls
        self._sent = sent
        self._refused: dict[str, str] = {}
        """Key -> why it is not queued."""
        self._down = ""
        """Why nothing further is tried."""

    def send(self, outgoing: Sequence[Outgoing]) -> int:
        count = 0
        for queue in dict.fromkeys(each.queue for each in outgoing):
            for batch in _batches([each for each in outgoing if each.queue == queue]):
                count += self._send_batch(queue, [each for each in batch if self._begin(each.key)])
        if self._refused:
            reason = "; ".join(sorted(set(self._refused.values())))
            raise PartlyQueued(
                f"{len(self._refused)} of {len(outgoing)} jobs are not queued ({reason}); send them again.",
                frozenset(self._refused),
            )
        return count

    def _begin(self, key: str) -> bool:
        try:
            if not self._down:
                return self._sent.begin(key)
        except RetryLater as error:
            self._refused[key] = str(error)
            return False
        except StoreUnavailable as error:
            self._down = str(error)
        self._refused[key] = self._down
        return False

    def _send_batch(self, queue: str, begun: list[Outgoing]) -> int:
        """How many of them are queued. What is not is free to be begun again."""
        waiting, reason = begun, ""
        for _ in range(_ATTEMPTS):
            if not waiting:
                break
            try:
                failed = self._send_once(queue, waiting)
            except StoreUnavailable as error:
                self._down = reason = str(error)
                break
            for position, each in enumerate(waiting):
                if position not in failed:
                    self._sent.remember(each.key)
            reason = f"the queue {queue} refused them: {'; '.join(sorted(set(failed.values())))}"
            waiting = [each for position, each in enumerate(waiting) if position in failed]
        for each in waiting:
            self._refused[each.key] = reason
            with suppress(StoreUnavailable):  # then it becomes free by itself, half a minute later
                self._sent.abandon(each.key)
        return len(begun) - len(waiting)

    def _send_once(self, queue: str, waiting: list[Outgoing]) -> dict[int, str]:
        """Position -> why it was refused."""
        entries: list[dict[str, Any]] = [
            {"Id": str(position), "MessageBody": each.body} for position, each in enumerate(waiting)
        ]
        reply = self._calls.make("send_message_batch", queue, Entries=entries)
        return {int(each["Id"]): str(each.get("Code", "")) for each in reply.get("Failed", [])}


def _batches(outgoing: list[Outgoing]) -> Generator[list[Outgoing]]:
    """As many in each as SQS takes in one request."""
    batch: list[Outgoing] = []
    size = 0
    for each in outgoing:
        if batch and (len(batch) == MAX_BATCH or size + len(each.body) > MAX_BODY_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += len(each.body)
    if batch:
        yield batch
