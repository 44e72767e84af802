"""One SELECT through the Redshift Data API, which is asynchronous: submit, ask until it has ended, read the pages.

A statement that has not ended when the tool's deadline comes is cancelled, so that nothing of ours goes on running.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from agent.errors import WatchkeeperError
from agent.select_only import only_reads
from tools.evidence import deadline
from tools.evidence.failures import EXPECTED
from tools.evidence.look import Look

WAIT_SECONDS = 15
"""The longest wait for one statement, where the tool's deadline leaves more."""
POLL_SECONDS = (0.1, 0.15, 0.25, 0.4, 0.6, 1.0)
CANCEL_SECONDS = 1.0
"""Left for cancelling before the deadline."""
MAX_ROWS = 20_000

Row = dict[str, Any]


class StatementRefused(WatchkeeperError, ValueError):
    """The database's own message: a missing permission, a missing table, a mistake in the statement."""


def select(look: Look, sql: str, database: str, address: dict[str, str], parameters: dict[str, str]) -> list[Row]:
    """The rows. `address` is ClusterIdentifier with DbUser or SecretArn, or WorkgroupName.

    StatementRefused with Redshift's message when it refuses the statement, TimeoutError when it takes too long.
    """
    if not only_reads(sql):
        raise StatementRefused("Only a single SELECT may be sent to Redshift.")
    values: Row = {"Sql": sql, "Database": database, **address}
    if parameters:
        values["Parameters"] = [{"name": name, "value": value} for name, value in parameters.items()]
    statement = str(look.call("redshift-data", "execute_statement", **values)["Id"])
    _wait(look, statement)
    return _rows(look, statement)


def _wait(look: Look, statement: str) -> None:
    """Until it has finished. Whatever else ends the wait, the statement is cancelled."""
    allowed = max(min(WAIT_SECONDS, deadline.seconds_left() - CANCEL_SECONDS), 0.0)
    until = time.monotonic() + allowed
    attempt = 0
    try:
        while (told := look.poll("redshift-data", "describe_statement", Id=statement))["Status"] != "FINISHED":
            if told["Status"] in ("FAILED", "ABORTED"):
                raise StatementRefused(f"Redshift refused the query: {told.get('Error', told['Status'])}")
            pause = POLL_SECONDS[min(attempt, len(POLL_SECONDS) - 1)]
            if time.monotonic() + pause > until:
                raise TimeoutError(f"Redshift did not answer within {allowed:.0f} s; the statement was cancelled")
            time.sleep(pause)
            attempt += 1
    except StatementRefused:
        raise  # it has ended by itself
    except BaseException:
        _cancel(look, statement)
        raise


def _cancel(look: Look, statement: str) -> None:
    """Best effort: a statement that ended meanwhile cannot be cancelled, and need not be."""
    with suppress(*EXPECTED):
        look.end("redshift-data", "cancel_statement", Id=statement)


def _rows(look: Look, statement: str) -> list[Row]:
    rows: list[Row] = []
    token: dict[str, str] = {}
    while True:
        page = look.poll("redshift-data", "get_statement_result", Id=statement, **token)
        names = [column["name"] for column in page["ColumnMetadata"]]
        rows += [_row(names, record) for record in page["Records"]]
        if not page.get("NextToken") or len(rows) >= MAX_ROWS:
            return rows
        token = {"NextToken": page["NextToken"]}


def _row(names: list[str], record: list[Row]) -> Row:
    """Each value comes in a dict of one entry, named for its type."""
    return {
        name: None if cell.get("isNull") else next(iter(cell.values()), None)
        for name, cell in zip(names, record, strict=True)
    }
