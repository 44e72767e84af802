"""What models took: one row a day (UTC) and user."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from agent.models import Spend
from agent.ports import Clock
from tools.stores.sqlite.database import Database

KEPT = timedelta(days=40)


class SqliteSpendLedger:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, user: str, spend: Spend) -> None:
        today = self._clock().date()
        row = (today.isoformat(), user, spend.input_tokens, spend.output_tokens, spend.usd)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO spend (day, user, input_tokens, output_tokens, usd) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (day, user) DO UPDATE SET input_tokens = input_tokens + excluded.input_tokens,"
                " output_tokens = output_tokens + excluded.output_tokens, usd = usd + excluded.usd",
                row,
            )
            connection.execute("DELETE FROM spend WHERE day < ?", ((today - KEPT).isoformat(),))

        await self._database.awrite(work)

    async def today(self, user: str = "") -> Spend:
        sql = (
            "SELECT coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(output_tokens), 0) AS output_tokens,"
            " coalesce(sum(usd), 0.0) AS usd FROM spend WHERE day = ? AND (? = '' OR user = ?)"
        )
        parameters = (self._clock().date().isoformat(), user, user)
        row = await self._database.aread(lambda connection: connection.execute(sql, parameters).fetchone())
        return Spend(**dict(row))
