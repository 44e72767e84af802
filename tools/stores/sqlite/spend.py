"""What models took: one row a day (UTC) and user."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from agent.models import Spend
from agent.ports import Clock
from tools.stores.sqlite.database import Database

KEPT = timedelta(days=40)


_ADD = """
    INSERT INTO spend (day, user, input_tokens, output_tokens, usd, model_calls, tool_calls, seconds)
    VALUES (:day, :user, :input_tokens, :output_tokens, :usd, :model_calls, :tool_calls, :seconds)
    ON CONFLICT (day, user) DO UPDATE SET
        input_tokens = input_tokens + excluded.input_tokens, output_tokens = output_tokens + excluded.output_tokens,
        usd = usd + excluded.usd, model_calls = model_calls + excluded.model_calls,
        tool_calls = tool_calls + excluded.tool_calls, seconds = seconds + excluded.seconds
"""
_TODAY = """
    SELECT coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(output_tokens), 0) AS output_tokens,
        coalesce(sum(usd), 0.0) AS usd, coalesce(sum(model_calls), 0) AS model_calls,
        coalesce(sum(tool_calls), 0) AS tool_calls, coalesce(sum(seconds), 0.0) AS seconds
    FROM spend WHERE day = ? AND (? = '' OR user = ?)
"""


class SqliteSpendLedger:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, user: str, spend: Spend) -> None:
        today = self._clock().date()
        row = {"day": today.isoformat(), "user": user, **spend.model_dump()}

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_ADD, row)
            connection.execute("DELETE FROM spend WHERE day < ?", ((today - KEPT).isoformat(),))

        await self._database.awrite(work)

    async def today(self, user: str = "") -> Spend:
        parameters = (self._clock().date().isoformat(), user, user)
        row = await self._database.aread(lambda connection: connection.execute(_TODAY, parameters).fetchone())
        return Spend(**dict(row))
