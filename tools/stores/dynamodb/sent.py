"""Which jobs were queued: what makes a queue without deduplication of its own (SQS) take each key once.

A key is `sending` from before the job is sent until after, then `sent`. A sender that died in between leaves a
`sending` that lapses, so the next delivery of the same event sends the job after all.
"""

from __future__ import annotations

import math
import time
from uuid import uuid4

from agent.errors import RetryLater
from agent.ports import Clock
from tools.stores.dynamodb.table import Connection, Table, key_text
from tools.stores.dynamodb.tables import ALERTS

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
        """True: send the job, then call `complete`, or `abandon` when that failed. False: it was sent before.

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

    def complete(self, key: str) -> None:
        self._put(key, "sent", KEPT_SECONDS, "", "")

    def abandon(self, key: str) -> None:
        self._table.delete_now({"id": key_text("job", key)}, "#state = :sending", sending="sending")

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
