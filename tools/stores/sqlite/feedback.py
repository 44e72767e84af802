"""Feedback: one row for each answer and person."""

from __future__ import annotations

from agent.models import Feedback
from agent.redaction.plain import redacted_json
from tools.stores.places import place_key
from tools.stores.sqlite.database import Database


class SqliteFeedbackStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, feedback: Feedback) -> None:
        """An opinion that is older than the one kept (delivered late) changes nothing."""
        sql = (
            "INSERT INTO feedback (place, answer_ts, user, at, body) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (place, answer_ts, user) DO UPDATE SET at = excluded.at, body = excluded.body"
            " WHERE feedback.at <= excluded.at"
        )
        place = place_key(feedback.place)
        row = (place, feedback.answer_ts, feedback.user, feedback.at.timestamp(), redacted_json(feedback))
        await self._database.awrite(lambda connection: connection.execute(sql, row))

    async def recent(self, limit: int = 100) -> list[Feedback]:
        sql = "SELECT body FROM feedback ORDER BY at DESC, rowid DESC LIMIT ?"
        rows = await self._database.aread(lambda connection: connection.execute(sql, (limit,)).fetchall())
        return [Feedback.model_validate_json(row["body"]) for row in rows]
