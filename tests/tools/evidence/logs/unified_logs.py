"""A unified log table for tests: what shop's services wrote into it before NOW."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

ARN = "arn:aws:rds:us-east-1:123456789012:cluster:logs"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:logs"
COLUMNS = ("id", "timestamp", "service_name", "log_level", "message", "metadata")
TYPES = ("bigint", "timestamp", "varchar(64)", "varchar(16)", "text", "text")

Row = tuple[datetime, str, str, str, str]


def configure(environment: pytest.MonkeyPatch, **more: str) -> None:
    """Settings that name the table."""
    named = {"ARN": ARN, "SECRET_ARN": SECRET, "DATABASE": "logs", **more}
    for name, value in named.items():
        environment.setenv(f"WATCHKEEPER_UNIFIED_LOG_{name}", value)


def steady(now: datetime, hours: int = 8) -> list[Row]:
    """Orders served all the time, and an error that came all the time too."""
    rows: list[Row] = []
    for minute in range(hours * 60):
        at = now - timedelta(minutes=minute, seconds=7)
        rows.append((at, "checkout", "INFO", f"served order {1000 + minute} in {minute % 40} ms", "{}"))
        if minute % 10 == 0:
            rows.append((at, "checkout", "ERROR", f"customer {minute} is unknown, failed to greet", "{}"))
            rows.append((at, "search", "ERROR", f"index shard {minute % 7} refused a query", "not json"))
    return rows


def failing(now: datetime, minutes: int = 40, version: str = "2.4.1") -> list[Row]:
    """Two a minute of a failure that is new."""
    metadata = {"version": version, "exception": "KeyError: 'currency'", "request": {"path": "/pay"}}
    return [
        (
            now - timedelta(seconds=30 * number + 11),
            "checkout",
            "error",
            f"could not price order {4000 + number}",
            json.dumps({**metadata, "order_id": 4000 + number}),
        )
        for number in range(minutes * 2)
    ]


def table(rows: list[Row], name: str = "unified_logs", columns: tuple[str, ...] = COLUMNS) -> dict[str, Any]:
    """As a scenario declares it."""
    listed = [[number, f"{at:%Y-%m-%d %H:%M:%S}", *rest] for number, (at, *rest) in enumerate(sorted(rows), start=1)]
    schema, _, bare = name.rpartition(".")
    typed = [{"name": column, "type": kind} for column, kind in zip(columns, TYPES, strict=True)]
    return {"schema_name": schema or "public", "name": bare, "columns": typed, "rows": listed}


def database(*tables: dict[str, Any], engine: str = "postgres") -> dict[str, Any]:
    where = {"resource_arn": ARN, "secret_arn": SECRET}
    return {"engine": engine, "database": "logs", **where, "tables": list(tables)}
