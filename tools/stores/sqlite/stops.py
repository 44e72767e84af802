"""Requests to stop a run: the latest of each thread."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from agent.models import SlackPlace
from agent.ports import Clock
from tools.stores.places import place_key
from tools.stores.sqlite.database import Database

KEPT_SECONDS = 3600


class SqliteStopRequests:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def request(self, place: SlackPlace, at: datetime, by: str) -> None:
        """One that is older than the one kept (delivered late) changes nothing."""
        oldest = self._clock().timestamp() - KEPT_SECONDS

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM stops WHERE at <= ?", (oldest,))
            connection.execute(
                "INSERT INTO stops (place, at, by) VALUES (?, ?, ?) ON CONFLICT (place) DO UPDATE"
                " SET at = excluded.at, by = excluded.by WHERE stops.at < excluded.at",
                (place_key(place), at.timestamp(), by),
            )

        await self._database.awrite(work)

    async def since(self, place: SlackPlace, began: datetime) -> str:
        sql = "SELECT by FROM stops WHERE place = ? AND at >= ? AND at > ?"
        parameters = (place_key(place), began.timestamp(), self._clock().timestamp() - KEPT_SECONDS)
        row = await self._database.aread(lambda connection: connection.execute(sql, parameters).fetchone())
        return row["by"] if row else ""
