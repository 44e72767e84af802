"""What a scenario declares of a database, for every engine: its rows, and the statements that are told to fail."""

from __future__ import annotations

import random
import re
from datetime import datetime, timedelta
from typing import Any

from deploy.local.account.schema.sql import Database, Table
from deploy.local.account.sql.errors import SqlError
from deploy.local.account.sql.types import Value, cast_value
from deploy.local.account.templates import compile_template


def fail_as_told(database: Database, text: str) -> None:
    """Raise the error that the scenario declares for such a statement, if it does."""
    for failing in database.failing_statements:
        if re.search(failing.pattern, text, re.IGNORECASE | re.DOTALL):
            raise SqlError(failing.error.removeprefix("ERROR: "))


def rows_of(table: Table, loaded: datetime, seed: str) -> list[tuple[Value, ...]]:
    """The rows listed and the rows generated, each value in its column's type."""
    types = [column.type for column in table.columns]
    templates = [compile_template(text) for text in table.generate]
    rng = random.Random(f"{seed}/{table.schema_name}.{table.name}")
    generated: list[tuple[Any, ...]] = []
    for number in range(table.count):
        at = int((loaded - timedelta(minutes=3 * (table.count - number))).timestamp() * 1000)
        generated.append(tuple(template.render(rng, at) for template in templates))
    return [
        tuple(cast_value(value, kind) for value, kind in zip(row, types, strict=True))
        for row in (*table.rows, *generated)
    ]
