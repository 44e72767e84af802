"""Which jobs were queued: what makes a queue without deduplication of its own (SQS) take each key once.

A key is `sending` from before the job is sent until after, then `sent`. A sender that died in between leaves a
`sending` that lapses, so the next delivery of the same event sends the job after all. Why a job failed is kept here
too, since a message cannot be written on.
"""

from __future__ import annotations

import logging
import math
import time
from datetime import UTC, datetime
from uuid import uuid4

from agent.errors import RetryLater, StoreUnavailable
from agent.ports import Clock
from agent.redaction import redact
from tools.stores.dynamodb.table import Connection, Table, key_text
from tools.stores.dynamodb.tables import ALERTS

log = logging.getLogger(__name__)

KEPT_SECONDS = 14 * 86_400
"""As long as SQS keeps a message at most."""
SENDING_SECONDS = 30
_POLL_SECONDS = 0.05


class SentJobs:
    """Synchronous, as `Queue.send` is."""

    def __init__(self, connection: Connection, clock: Clock, patience_seconds: float = 2) -> None:
        self._table = Table(connection, ALERTS)
        self._clock = clock
        self._patience = patience_seconds

    def begin(self, key: str) -> bool:
        """True: send the job, then call `remember`, or `abandon` when that failed. False: it was sent before.

        Waits a moment for another sender of the same key. RetryLater when that one neither finishes nor fails.
        """
        token = uuid4().hex
        deadline = time.monotonic() + self._patience
        free = "attribute_not_exists(#id) OR #expires_at <= :now OR #sender = :own"
        while not self._put(key, "sending", SENDING_SECONDS, free, token, now=self._clock().timestamp(), own=token):
            stored = self._table.get_now(id=key_text("job", key))
            if stored and stored["state"] == "sent":
                return False
            if time.monotonic() > deadline:
                raise RetryLater(f"The job {key} is being queued by another process; try again.", SENDING_SECONDS)
            time.sleep(_POLL_SECONDS)
        return True

    def remember(self, key: str) -> None:
        """The job is queued. What cannot be noted is no reason to say that it is not."""
        try:
            self._put(key, "sent", KEPT_SECONDS, "", "")
        except StoreUnavailable as error:
            log.warning("The job %s is queued, but that could not be noted, so it may be queued again: %s", key, error)

    def abandon(self, key: str) -> None:
        self._table.delete_now({"id": key_text("job", key)}, "#state = :sending", sending="sending")

    def explain(self, key: str, reason: str) -> None:
        """Why the job failed the last time. It is worth nothing without the job, so that a failure is only logged."""
        now = self._clock().timestamp()
        try:
            self._table.update_now(
                {"id": key_text("job", key)},
                "SET #reason = :reason, #failed_at = :now",
                "attribute_exists(#id)",
                reason=redact(reason),
                now=now,
            )
        except StoreUnavailable as error:
            log.warning("Why the job %s failed could not be noted: %s", key, error)

    def reason(self, key: str) -> tuple[str, datetime | None]:
        stored = self._table.get_now(id=key_text("job", key))
        if stored is None or "reason" not in stored:
            return "", None
        return stored["reason"], datetime.fromtimestamp(stored["failed_at"], UTC)

    def _put(self, key: str, state: str, seconds: float, condition: str, token: str, **values: str | float) -> bool:
        until = self._clock().timestamp() + seconds
        item = {
            "id": key_text("job", key),
            "state": state,
            "expires_at": until,
            "delete_after": math.ceil(until),
            "sender": token,
        }
        return self._table.put_now(item, condition, **values)
