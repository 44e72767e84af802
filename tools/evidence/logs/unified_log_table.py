"""The SQL for a log table that many services share: PostgreSQL's or MySQL's, with names from the settings.

Every statement is a SELECT over a range of time with a LIMIT. Values are parameters; what the settings name is quoted,
and the settings let nothing but letters, digits and _ through.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from agent.errors import InputError
from agent.models import TimeRange
from agent.settings import Settings
from tools.evidence.base import Look
from tools.evidence.databases.sql_client import Database, Row, moment_of

ERROR_LEVELS = ("ERROR", "FATAL", "CRITICAL", "SEVERE", "PANIC", "ALERT", "EMERGENCY")
MAX_ROWS = 400
"""Of one statement: with what is kept of each row, well under the megabyte that the Data API answers with."""
MAX_MESSAGE_CHARS = 1000
MAX_METADATA_CHARS = 1200
MAX_COUNTS = 500


@dataclass(frozen=True)
class Entry:
    """One row. `metadata` is what the JSON in it says; `note` is the text of one that is no JSON object."""

    id: str
    at: datetime
    service: str
    level: str
    message: str
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    note: str = ""


@dataclass(frozen=True)
class Count:
    """Rows of one service and level, now and in the time before."""

    service: str
    level: str
    now: int
    before: int

    @property
    def is_error(self) -> bool:
        return self.level.upper() in ERROR_LEVELS


class LogTable:
    def __init__(self, look: Look, settings: Settings) -> None:
        engine = "mysql" if settings.unified_log_engine == "mysql" else "postgres"
        self._mark = "`" if engine == "mysql" else '"'
        self._text = "CHAR" if engine == "mysql" else "TEXT"
        self.name = settings.unified_log_table
        self._id, self._at, self._service, self._level, self._message, self._metadata = map(
            self._quoted, settings.unified_log_columns
        )
        address = {"resourceArn": settings.unified_log_arn, "secretArn": settings.unified_log_secret_arn}
        cluster = settings.unified_log_arn.rpartition(":")[2]
        self.region = _region_of(settings.unified_log_arn, look)
        self._database = Database(look, engine, cluster, settings.unified_log_database, address, self.region)

    def counts(self, before: TimeRange, now: TimeRange) -> list[Count]:
        """How many rows of each service and level there are, the most frequent first."""
        rows = self._database.select(
            f"""
            SELECT {self._service} AS service, {self._level} AS level,
                   SUM(CASE WHEN {self._at} >= :onset THEN 1 ELSE 0 END) AS late,
                   SUM(CASE WHEN {self._at} < :onset THEN 1 ELSE 0 END) AS early
            FROM {self._table} WHERE {self._at} >= :since AND {self._at} < :until
            GROUP BY {self._service}, {self._level} ORDER BY 3 DESC LIMIT {MAX_COUNTS}
            """,  # noqa: S608 - names are quoted, values are parameters
            since=before.start,
            onset=now.start,
            until=now.end,
        )
        return [
            Count(str(row["service"] or ""), str(row["level"] or ""), _whole(row["late"]), _whole(row["early"]))
            for row in rows
        ]

    def entries(
        self, span: TimeRange, services: Sequence[str] = (), levels: Sequence[str] = (), text: str = ""
    ) -> list[Entry]:
        """The newest rows of a range, at most MAX_ROWS, that hold a text in any case."""
        conditions = [f"{self._at} >= :since", f"{self._at} < :until"]
        values: dict[str, str | datetime] = {"since": span.start, "until": span.end}
        for column, wanted, prefix in ((self._service, services, "service"), (self._level, levels, "level")):
            if wanted:
                names = {f"{prefix}{number}": value for number, value in enumerate(wanted)}
                conditions.append(f"{column} IN ({', '.join(f':{name}' for name in names)})")
                values |= names
        if text:
            conditions.append(f"LOWER({self._message}) LIKE :text ESCAPE '!'")
            values["text"] = f"%{_escaped(text.lower())}%"
        rows = self._database.select(
            f"""
            SELECT CAST({self._id} AS {self._text}) AS id, {self._at} AS at, {self._service} AS service,
                   {self._level} AS level, SUBSTRING({self._message}, 1, {MAX_MESSAGE_CHARS}) AS message,
                   SUBSTRING(CAST({self._metadata} AS {self._text}), 1, {MAX_METADATA_CHARS}) AS metadata
            FROM {self._table} WHERE {" AND ".join(conditions)}
            ORDER BY {self._at} DESC LIMIT {MAX_ROWS}
            """,  # noqa: S608 - names are quoted, values are parameters
            **values,
        )
        return [_entry(row) for row in rows]

    @property
    def _table(self) -> str:
        return ".".join(self._quoted(part) for part in self.name.split("."))

    def _quoted(self, name: str) -> str:
        return f"{self._mark}{name}{self._mark}"


def _region_of(arn: str, look: Look) -> str:
    """The cluster's region, which need not be the one that is looked at. InputError when it is in another account."""
    _, _, _, region, account, *_ = [*arn.split(":"), *[""] * 5]
    if account and account != look.aws.account:
        raise InputError(
            f"The unified log table is in account {account}, not in {look.aws.account}; ask with account={account}."
        )
    return region


def error_levels() -> list[str]:
    """As programs spell them: a function on the column would keep the database from using its index."""
    return [spelled for level in ERROR_LEVELS for spelled in (level, level.lower(), level.capitalize())]


def _entry(row: Row) -> Entry:
    metadata, note = _parsed(str(row["metadata"] or ""))
    return Entry(
        id=str(row["id"]),
        at=moment_of(row["at"]) or datetime.fromtimestamp(0, UTC),
        service=str(row["service"] or ""),
        level=str(row["level"] or ""),
        message=str(row["message"] or ""),
        metadata=metadata,
        note=note,
    )


def _parsed(text: str) -> tuple[dict[str, Any], str]:
    try:
        value: object = json.loads(text) if text else {}
    except ValueError:
        return {}, text
    return (cast("dict[str, Any]", value), "") if isinstance(value, dict) else ({}, text)


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _whole(value: object) -> int:
    """A SUM, which MySQL gives as decimal text and PostgreSQL as null when there is nothing."""
    return int(float(str(value))) if value is not None else 0
