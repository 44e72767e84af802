"""Column types: from the engine's names to a family, to a cast, and to the names that result metadata shows."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Literal

from deploy.local.account.sql.errors import SqlError

Value = str | int | float | bytes | None
Family = Literal["integer", "float", "decimal", "text", "boolean", "timestamp", "date", "interval", "json"]

_FAMILIES: tuple[tuple[str, Family], ...] = (
    (r"^interval", "interval"),
    (r"int|serial|oid", "integer"),
    (r"^(double|float|real)", "float"),
    (r"^(dec|numeric)", "decimal"),
    (r"^bool", "boolean"),
    (r"^(timestamp|datetime)", "timestamp"),
    (r"^date", "date"),
    (r"^(json|super|variant)", "json"),
)
TYPE_NAMES: dict[Family, str] = {
    "integer": "int8",
    "float": "float8",
    "decimal": "numeric",
    "text": "varchar",
    "boolean": "bool",
    "timestamp": "timestamp",
    "date": "date",
    "interval": "interval",
    "json": "super",
}
DISPLAY_NAMES: dict[Family, str] = {
    "integer": "integer",
    "float": "double precision",
    "decimal": "numeric",
    "text": "character varying",
    "boolean": "boolean",
    "timestamp": "timestamp without time zone",
    "date": "date",
    "interval": "interval",
    "json": "super",
}
_TRUE = {"t", "true", "1", "yes", "y", "on"}
_FALSE = {"f", "false", "0", "no", "n", "off"}


def family_of(type_name: str) -> Family:
    """`character varying(32)` -> text, `NUMERIC(12,2)` -> decimal. What is unknown is text."""
    name = type_name.strip().lower()
    for pattern, family in _FAMILIES:
        if re.search(pattern, name):
            return family
    return "text"


def length_of(type_name: str) -> int | None:
    """The declared length or precision: 32 for varchar(32)."""
    match = re.search(r"\((\d+)", type_name)
    return int(match.group(1)) if match else None


def format_timestamp(moment: datetime) -> str:
    """2026-11-03 10:15:00, with a fraction only where there is one: the form in which the database prints it."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{text}.{moment.microsecond:06d}".rstrip("0") if moment.microsecond else text


def parse_timestamp(value: Value) -> datetime | None:
    """Read a stored timestamp or date; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def format_interval(seconds: float) -> str:
    """3725 -> 01:02:05, 90000 -> 1 day 01:00:00."""
    sign, rest = ("-" if seconds < 0 else ""), abs(seconds)
    days, rest = divmod(rest, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    fraction = f"{rest:09.6f}".rstrip("0").rstrip(".") if rest % 1 else f"{int(rest):02d}"
    clock = f"{sign}{int(hours):02d}:{int(minutes):02d}:{fraction}"
    return clock if not days else f"{sign}{int(days)} day{'s' if days > 1 else ''} {clock.lstrip('-')}"


def cast_value(value: Value, type_name: str) -> Value:
    """Convert as the database does; what does not convert is the database's own error, never a silent zero."""
    if value is None:
        return None
    family = family_of(type_name)
    try:
        return _cast(value, family, type_name)
    except (ValueError, InvalidOperation):
        shown = DISPLAY_NAMES[family]
        raise SqlError(f'invalid input syntax for type {shown}: "{value!s}"', "22P02") from None


def _cast(value: Value, family: Family, type_name: str) -> Value:
    match family:
        case "integer":
            return round(value) if isinstance(value, float) else int(str(value).strip())
        case "float":
            return float(str(value))
        case "decimal":
            scale = re.search(r",\s*(\d+)\)", type_name)
            number = Decimal(str(value).strip())
            return float(round(number, int(scale.group(1)))) if scale else float(number)
        case "boolean":
            text = str(value).strip().lower()
            if text not in _TRUE | _FALSE:
                raise ValueError(text)
            return int(text in _TRUE)
        case "timestamp":
            moment = parse_timestamp(value)
            if moment is None:
                raise ValueError(value)
            return format_timestamp(moment)
        case "date":
            return date.fromisoformat(str(value)[:10]).isoformat()
        case "interval" | "json":
            return value
        case "text":
            text = value if isinstance(value, str) else str(value)
            length = length_of(type_name)
            return text[:length] if length else text
