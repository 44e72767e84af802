"""Feedback: one item for each answer and person, listed month by month."""

from __future__ import annotations

import math
from datetime import timedelta

from agent.models import Feedback
from agent.ports import Clock
from agent.redaction.plain import redacted_json
from tools.stores.dynamodb.months import months_back
from tools.stores.dynamodb.table import Connection, Item, Table, key_text
from tools.stores.dynamodb.tables import FEEDBACK
from tools.stores.places import place_key


class DynamoFeedbackStore:
    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._table = Table(connection, FEEDBACK)
        self._clock = clock

    async def save(self, feedback: Feedback) -> None:
        """An opinion that is older than the one kept (delivered late) changes nothing."""
        at = feedback.at.isoformat(timespec="microseconds")
        item: Item = {
            "id": key_text("feedback", f"{place_key(feedback.place)}/{feedback.answer_ts}/{feedback.user}"),
            "month": at[:7],
            "at": at,
            "delete_after": math.ceil((self._clock() + timedelta(days=FEEDBACK.retention_days)).timestamp()),
            "body": redacted_json(feedback),
        }
        await self._table.put(item, "attribute_not_exists(#id) OR #at <= :given", given=at)

    async def recent(self, limit: int = 100) -> list[Feedback]:
        """An opinion of the last moments may be missing: indexes lag behind."""
        found: list[Feedback] = []
        for month in months_back(self._clock(), FEEDBACK.retention_days):
            found += await self._of_month(month, limit - len(found))
            if len(found) >= limit:
                break
        return found

    async def _of_month(self, month: str, limit: int) -> list[Feedback]:
        items = self._table.query(
            "#month = :month", "by_month", newest_first=True, page_size=max(limit, 1), month=month
        )
        found: list[Feedback] = []
        async for item in items:
            found.append(Feedback.model_validate_json(item["body"]))
            if len(found) >= limit:
                break
        return found[:limit]
