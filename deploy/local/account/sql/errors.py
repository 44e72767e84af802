"""The error that a statement ends with."""

from __future__ import annotations


class SqlError(Exception):
    """A statement failed; `str(error)` is worded as the database itself words it."""

    def __init__(self, message: str, sqlstate: str = "XX000") -> None:
        super().__init__(f"ERROR: {message}")
        self.sqlstate = sqlstate


class UnsupportedResult(SqlError):
    """The statement ran; its result holds a type that the Data API cannot carry."""
