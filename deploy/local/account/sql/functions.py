"""SQL functions that SQLite lacks. Timestamps are text, intervals are seconds, booleans 0 and 1, arrays JSON text."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from deploy.local.account.sql.errors import SqlError
from deploy.local.account.sql.types import Value, cast_value, format_timestamp, parse_timestamp

_SECONDS = {
    "microsecond": 1e-6, "millisecond": 1e-3, "second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800,
}  # fmt: skip
_MONTHS = {"month": 1, "mon": 1, "quarter": 3, "year": 12}
_SHORT = {"s": "second", "sec": "second", "m": "minute", "min": "minute", "h": "hour", "hr": "hour", "d": "day"}

_MINUTE = {"second": 0, "microsecond": 0}
_DAY = {"hour": 0, "minute": 0, **_MINUTE}
_START: dict[str, dict[str, int]] = {
    "second": {"microsecond": 0},
    "minute": _MINUTE,
    "hour": {"minute": 0, **_MINUTE},
    "day": _DAY,
    "week": _DAY,
    "month": {"day": 1, **_DAY},
    "mon": {"day": 1, **_DAY},
    "quarter": {"day": 1, **_DAY},
    "year": {"month": 1, "day": 1, **_DAY},
}
"""What a moment is set to at the start of its hour, day, ... (the week's and quarter's shift comes before)."""


def unit_of(name: str) -> str:
    """MINUTES, minute, min -> minute."""
    unit = name.strip().lower()
    unit = unit if unit in _SECONDS or unit in _MONTHS else unit.rstrip("s")
    unit = _SHORT.get(unit, unit)
    if unit not in _SECONDS and unit not in _MONTHS and unit not in {"epoch", "dow", "doy"}:
        raise SqlError(f'unit "{name}" not recognized', "22023")
    return unit


def interval_seconds(text: str) -> float:
    """`5 minutes`, `1 day 2 hours`, `00:05:00` -> seconds; a month counts 30 days, as in extract(epoch from ...)."""
    total = 0.0
    for amount, unit in re.findall(r"(-?\d+(?:\.\d+)?)\s*([a-zA-Z]+)", text):
        name = unit_of(unit)
        total += float(amount) * (_SECONDS[name] if name in _SECONDS else _MONTHS[name] * 30 * 86400)
    clock = re.search(r"(\d+):(\d+)(?::(\d+(?:\.\d+)?))?", text)
    if clock:
        total += int(clock.group(1)) * 3600 + int(clock.group(2)) * 60 + float(clock.group(3) or 0)
    return total


def _moment(value: Value) -> datetime:
    moment = parse_timestamp(value)
    if moment is None:
        raise SqlError(f'invalid input syntax for type timestamp: "{value}"', "22007")
    return moment


def truncate(value: Value, unit: str) -> Value:
    if value is None:
        return None
    moment, name = _moment(value), unit_of(unit)
    if name == "week":
        moment -= timedelta(days=moment.weekday())
    if name == "quarter":
        moment = moment.replace(month=(moment.month - 1) // 3 * 3 + 1)
    return format_timestamp(moment.replace(**_START[name]))  # pyright: ignore[reportArgumentType] - keywords from a table


def date_add(value: Value, amount: Value, unit: str) -> Value:
    if value is None or amount is None:
        return None
    moment, count, name = _moment(value), float(amount), unit_of(unit)
    if name in _SECONDS:
        return format_timestamp(moment + timedelta(seconds=count * _SECONDS[name]))
    months = moment.year * 12 + moment.month - 1 + int(count) * _MONTHS[name]
    first = moment.replace(year=months // 12, month=months % 12 + 1, day=1)
    last_day = ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).day
    return format_timestamp(first.replace(day=min(moment.day, last_day)))


def date_diff(later: Value, earlier: Value, unit: str) -> Value:
    """Boundaries crossed, as Redshift's DATEDIFF counts them."""
    if later is None or earlier is None:
        return None
    name = unit_of(unit)
    end, start = _moment(truncate(later, name)), _moment(truncate(earlier, name))
    if name in _MONTHS:
        return ((end.year - start.year) * 12 + end.month - start.month) // _MONTHS[name]
    return round((end - start).total_seconds() / _SECONDS[name])


def extract(part: str, value: Value) -> Value:
    if value is None:
        return None
    name = unit_of(part)
    if isinstance(value, int | float):
        return float(value) if name == "epoch" else int(value // _SECONDS[name]) % 60
    moment = _moment(value)
    match name:
        case "epoch":
            return moment.timestamp()
        case "dow":
            return moment.isoweekday() % 7
        case "doy":
            return moment.timetuple().tm_yday
        case "week":
            return moment.isocalendar().week
        case "quarter":
            return (moment.month - 1) // 3 + 1
        case _:
            return int(getattr(moment, "month" if name == "mon" else name))


def add(left: Value, right: Value) -> Value:
    """Numbers add; a timestamp and an interval make a timestamp."""
    if left is None or right is None:
        return None
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left + right
    moment, seconds = (left, right) if isinstance(right, int | float) else (right, left)
    if not isinstance(seconds, int | float):
        raise SqlError("operator does not exist: timestamp without time zone + timestamp without time zone", "42883")
    return format_timestamp(_moment(moment) + timedelta(seconds=seconds))


def subtract(left: Value, right: Value) -> Value:
    """Numbers subtract; timestamp - interval is a timestamp; timestamp - timestamp is an interval."""
    if left is None or right is None:
        return None
    if isinstance(right, int | float):
        return left - right if isinstance(left, int | float) else add(left, -right)
    return (_moment(left) - _moment(right)).total_seconds()


def regexp(pattern: Value, value: Value) -> Value:
    if pattern is None or value is None:
        return None
    try:
        return int(re.search(str(pattern), str(value)) is not None)
    except re.error as problem:
        raise SqlError(f"invalid regular expression: {problem}", "2201B") from None


def any_equal(value: Value, array: Value) -> Value:
    return None if value is None or array is None else int(value in json.loads(str(array)))


def size(array: Value) -> Value:
    return None if array is None else len(json.loads(str(array)))


def split_part(text: Value, delimiter: Value, index: Value) -> Value:
    if text is None or delimiter is None or index is None:
        return None
    parts = str(text).split(str(delimiter))
    return parts[int(index) - 1] if 0 < int(index) <= len(parts) else ""


class Percentile:
    """percentile_cont: linear interpolation between the two closest ranks."""

    def __init__(self) -> None:
        self._values: list[float] = []
        self._fraction = 0.5

    def step(self, value: Value, fraction: Value) -> None:
        if value is not None:
            self._values.append(float(value))
        self._fraction = float(fraction) if fraction is not None else 0.5

    def finalize(self) -> float | None:
        if not self._values:
            return None
        ordered = sorted(self._values)
        rank = self._fraction * (len(ordered) - 1)
        low = int(rank)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


class Join:
    """string_agg(value, separator) in the order of a key, each value once where distinct is set."""

    def __init__(self) -> None:
        self._values: list[tuple[Any, str]] = []
        self._separator, self._distinct, self._descending = ",", False, False

    def step(self, value: Value, separator: Value, key: Value, distinct: int, descending: int) -> None:
        if value is not None:
            self._values.append((key, str(value)))
        self._separator, self._distinct, self._descending = str(separator), bool(distinct), bool(descending)

    def finalize(self) -> str | None:
        if any(key is not None for key, _ in self._values):
            self._values.sort(key=lambda pair: (pair[0] is None, pair[0]), reverse=self._descending)
        texts = [text for _, text in self._values]
        return self._separator.join(dict.fromkeys(texts) if self._distinct else texts) if texts else None


def _interval(value: Value) -> Value:
    return interval_seconds(value) if isinstance(value, str) else value


def _left(text: Value, count: Value) -> Value:
    return None if text is None or count is None else str(text)[: int(count)]


def _right(text: Value, count: Value) -> Value:
    return None if text is None or count is None else str(text)[-int(count) :]


def _size_pretty(size_bytes: Value) -> Value:
    return None if size_bytes is None else f"{int(size_bytes) // 1024} kB"


FUNCTIONS: dict[str, tuple[int, Callable[..., Value]]] = {
    "wk_cast": (2, cast_value),
    "wk_trunc": (2, truncate),
    "wk_date_add": (3, date_add),
    "wk_date_diff": (3, date_diff),
    "wk_extract": (2, extract),
    "wk_add": (2, add),
    "wk_sub": (2, subtract),
    "wk_any": (2, any_equal),
    "wk_size": (1, size),
    "wk_interval": (1, _interval),
    "cardinality": (1, size),
    "regexp": (2, regexp),
    "split_part": (3, split_part),
    "left": (2, _left),
    "right": (2, _right),
    "pg_size_pretty": (1, _size_pretty),
}


def register(connection: sqlite3.Connection, failures: list[SqlError], extra: dict[str, tuple[int, Any]]) -> None:
    """Add the functions to a connection. SQLite hides a function's exception: the last one is kept in `failures`."""
    for name, (arguments, function) in (FUNCTIONS | extra).items():
        connection.create_function(name, arguments, _keeping_failure(function, failures))
    aggregates: dict[str, tuple[int, Any]] = {"wk_percentile": (2, Percentile), "wk_join": (5, Join)}
    for name, (arguments, aggregate) in aggregates.items():
        connection.create_aggregate(name, arguments, aggregate)


def _keeping_failure(function: Callable[..., Value], failures: list[SqlError]) -> Callable[..., Value]:
    def call(*arguments: Value) -> Value:
        try:
            return function(*arguments)
        except SqlError as failure:
            failures.append(failure)
            raise
        except (ValueError, TypeError, KeyError) as problem:
            failures.append(SqlError(f"invalid argument: {problem}", "22023"))
            raise

    return call
