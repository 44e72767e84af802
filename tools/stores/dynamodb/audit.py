"""The audit trail. This adapter only ever puts new items, so its role needs no right to update or delete them."""

from __future__ import annotations

import math
import threading
from datetime import datetime, timedelta
from uuid import uuid4

from agent.models import AuditEntry
from agent.ports import Clock
from agent.redaction.plain import redacted_json
from tools.stores.dynamodb.months import months_back
from tools.stores.dynamodb.table import Connection, Item, Table, key_text
from tools.stores.dynamodb.tables import HISTORY


class DynamoAuditLog:
    """Entries sort by the time of their writing. All of them together are listed month by month."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._table = Table(connection, HISTORY)
        self._clock = clock
        self._lock = threading.Lock()
        self._last = 0

    async def append(self, entry: AuditEntry) -> None:
        now = self._clock()
        item: Item = {
            "subject": key_text("subject", entry.subject),
            "sequence": self._next(now),
            "month": f"{now:%Y-%m}",
            "delete_after": math.ceil((now + timedelta(days=HISTORY.retention_days)).timestamp()),
            "body": redacted_json(entry),
        }
        # Not met only when an earlier attempt of this very request has written it: the sequence is its own.
        await self._table.put(item, "attribute_not_exists(#sequence)")

    async def read(self, subject: str | None = None, limit: int = 100) -> list[AuditEntry]:
        """Without a subject, an entry of the last moments may be missing: indexes lag behind."""
        if subject is not None:
            return await self._read("#subject = :key", key_text("subject", subject), limit)
        found: list[AuditEntry] = []
        for month in months_back(self._clock(), HISTORY.retention_days):
            if len(found) < limit:
                found += await self._read("#month = :key", month, limit - len(found), index="by_month")
        return found

    async def _read(self, condition: str, key: str, limit: int, index: str = "") -> list[AuditEntry]:
        found: list[AuditEntry] = []
        if limit <= 0:
            return found
        async for item in self._table.query(condition, index, newest_first=True, page_size=limit, key=key):
            found.append(AuditEntry.model_validate_json(item["body"]))
            if len(found) == limit:
                break
        return found

    def _next(self, now: datetime) -> str:
        """Sorts after every sequence this process gave before, and is no other process's."""
        with self._lock:
            self._last = max(self._last + 1, int(now.timestamp() * 1e6) * 1000)
            return f"{self._last:020d}-{uuid4().hex[:12]}"
