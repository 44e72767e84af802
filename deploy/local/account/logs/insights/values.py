"""Values in a query: text, numbers, booleans, moments, JSON, and None for what an event does not have."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

# None | str | int | float | bool | Instant | list | dict; JSON from log events makes a closer type impractical.
Value = Any

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_CHUNK = re.compile(r"\d+|[^\W\d_]+|.", re.DOTALL)


class Instant(int):
    """A moment in epoch milliseconds: a number in comparisons, a date when shown."""

    __slots__ = ()

    def __str__(self) -> str:
        moment = datetime.fromtimestamp(int(self) / 1000, UTC)
        return moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{int(self) % 1000:03d}"


def as_number(value: Value) -> float | int | None:
    """The number that a value is or spells."""
    if isinstance(value, int | float):
        return int(value) if isinstance(value, bool) else value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value) if any(sign in value for sign in ".eE") else int(value)
    return None


def as_text(value: Value) -> str:
    """A value as a result shows it; numbers have at most four decimals."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.4f}".rstrip("0").rstrip(".")
    if isinstance(value, list | dict):
        return json.dumps(value, separators=(",", ":"))
    return "" if value is None else str(value)


def truth(value: Value) -> bool:
    """Whether a filter keeps an event for which its condition has this value."""
    if isinstance(value, str):
        return value not in ("", "0", "false")
    return bool(value)


def equal(left: Value, right: Value) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, str) and isinstance(right, str) and left == right:
        return True
    a, b = as_number(left), as_number(right)
    if a is not None and b is not None:
        return a == b
    if isinstance(left, bool) or isinstance(right, bool):  # JSON's true is both 1 and "true"
        return str(left).lower() == str(right).lower()
    return as_text(left) == as_text(right)


def ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Value, Value], bool]:
    """<, <=, > and >=: numbers by size, texts by alphabet; false between the two, and where a side is missing."""

    def test(left: Value, right: Value) -> bool:
        if left is None or right is None:
            return False
        a, b = as_number(left), as_number(right)
        if a is not None and b is not None:
            return compare(a, b)
        return a is None and b is None and compare(as_text(left), as_text(right))

    return test


def natural_key(value: Value) -> tuple[Any, ...]:
    """Sort order of the service: what is missing, then texts chunk by chunk, then numbers."""
    if value is None:
        return (0,)
    number = as_number(value)
    if number is not None:
        return (2, number)
    return (1, [_chunk_key(chunk) for chunk in _CHUNK.findall(as_text(value))])


def _chunk_key(chunk: str) -> tuple[str, int, str]:
    return ("0", len(chunk), chunk) if chunk.isdigit() else (chunk, 0, "")
