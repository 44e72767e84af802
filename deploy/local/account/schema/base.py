"""What every part of a scenario file is made of: strict frozen models, and times relative to the moment of loading."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

_OFFSET = re.compile(r"^([+-]?)(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$")

Json = Any
"""Any JSON value, passed through as it is."""


class Entry(BaseModel):
    """Base of every model in a scenario file. An unknown key is an error, so that no misspelling goes unnoticed."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, coerce_numbers_to_str=True)


def parse_offset(value: object) -> timedelta:
    """Read `-42m`, `-1d02h`, `0m` or `+30s` as a timedelta; units are w, d, h, m and s, in that order."""
    if isinstance(value, timedelta):
        return value
    match = _OFFSET.match(value.strip()) if isinstance(value, str) else None
    if match is None or not any(match.groups()[1:]):
        raise ValueError(f"{value!r} is not a time such as -42m, -3h or -1d02h")
    sign, weeks, days, hours, minutes, seconds = match.groups(default="0")
    offset = timedelta(weeks=int(weeks), days=int(days), hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    return -offset if sign == "-" else offset


def parse_length(value: object) -> timedelta:
    """Like `parse_offset`, for lengths of time: never negative."""
    length = parse_offset(value)
    if length < timedelta(0):
        raise ValueError(f"{value!r} is a length of time and cannot be negative")
    return length


Offset = Annotated[timedelta, BeforeValidator(parse_offset)]
"""A moment relative to the time a scenario is loaded: `-42m` is 42 minutes before."""

Length = Annotated[timedelta, BeforeValidator(parse_length)]
"""A length of time: `5m`, `1h30m`."""
