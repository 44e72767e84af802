"""Functions of one event's values. A missing argument gives a missing result, unless the function is about that."""

import ipaddress
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.account.logs.insights.nodes import Duration
from deploy.local.account.logs.insights.values import Instant, Value, as_number, as_text

Function = Callable[..., Value]
_FIXED_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_MONTHS = {"mo": 1, "q": 3, "y": 12}
_MANY = 50


def date_floor(moment: Value, period: Duration) -> Instant | None:
    """The start of the period that a moment lies in; weeks start on Mondays, everything is UTC."""
    number = as_number(moment)
    if number is None:
        return None
    if period.unit in _MONTHS:
        return _month_floor(int(number), period.amount * _MONTHS[period.unit])
    length = period.amount * _FIXED_MS[period.unit]
    origin = 4 * _FIXED_MS["d"] if period.unit == "w" else 0  # 1970-01-05 was a Monday
    return Instant(int(number) - (int(number) - origin) % length)


def _month_floor(moment: int, months: int) -> Instant:
    at = datetime.fromtimestamp(moment / 1000, UTC)
    count = (at.year * 12 + at.month - 1) // months * months
    start = datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC)
    return Instant(round(start.timestamp() * 1000))


def _date_ceil(moment: Value, period: Duration) -> Instant | None:
    floor = date_floor(moment, period)
    if floor is None or floor == as_number(moment):
        return floor
    if period.unit in _MONTHS:  # far enough into the next period, whatever the months' lengths
        days = 31 * period.amount * _MONTHS[period.unit] + 1
        return date_floor(floor + timedelta(days=days).total_seconds() * 1000, period)
    return Instant(floor + period.amount * _FIXED_MS[period.unit])


def _numeric(function: Callable[..., float]) -> Function:
    def call(*arguments: Value) -> Value:
        numbers = [as_number(argument) for argument in arguments]
        if any(number is None for number in numbers):
            return None
        try:
            return function(*numbers)
        except ValueError:  # log(0), sqrt(-1)
            return None

    return call


def _textual(function: Callable[..., Value]) -> Function:
    def call(first: Value, *others: Value) -> Value:
        return None if first is None else function(as_text(first), *others)

    return call


def _trim(strip: Callable[[str, str | None], str]) -> Function:
    def call(text: str, characters: Value = None) -> str:
        return strip(text, None if characters is None else as_text(characters))

    return _textual(call)


def _replace(text: str, old: Value, new: Value) -> str:
    return text.replace(as_text(old), as_text(new))


def _contains(text: str, part: Value) -> bool:
    return as_text(part) in text


def _absolute(number: float) -> float:
    return abs(number)


def _is_present(value: Value) -> bool:
    return value is not None


def _is_empty(value: Value) -> bool:
    return as_text(value) == ""


def _is_blank(value: Value) -> bool:
    return not as_text(value).strip()


def _json_stringify(value: Value) -> str | None:
    return None if value is None else json.dumps(value)


def _substr(text: str, start: Value, length: Value = None) -> str:
    begin = max(int(as_number(start) or 0), 0)
    return text[begin:] if length is None else text[begin : begin + int(as_number(length) or 0)]


def _from_millis(moment: Value) -> Value:
    number = as_number(moment)
    return None if number is None else Instant(int(number))


def _to_millis(moment: Value) -> Value:
    number = as_number(moment)
    return None if number is None else int(number)


def _now() -> Instant:
    return Instant(round(datetime.now(UTC).timestamp() * 1000))


def _json_parse(text: str) -> Value:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _address(value: Value, version: int | None = None) -> Any:
    try:
        address = ipaddress.ip_address(as_text(value))
    except ValueError:
        return None
    return address if version in (None, address.version) else None


def _in_subnet(version: int | None) -> Function:
    def call(value: Value, subnet: Value) -> bool:
        address = _address(value, version)
        try:
            network = ipaddress.ip_network(as_text(subnet), strict=False)
        except ValueError:
            return False
        return address is not None and address.version == network.version and address in network

    return call


def _valid_ip(version: int | None) -> Function:
    def call(value: Value) -> bool:
        return _address(value, version) is not None

    return call


# name: (function, fewest arguments, most arguments)
FUNCTIONS: dict[str, tuple[Function, int, int]] = {
    "abs": (_numeric(_absolute), 1, 1),
    "ceil": (_numeric(math.ceil), 1, 1),
    "floor": (_numeric(math.floor), 1, 1),
    "greatest": (_numeric(max), 1, _MANY),
    "least": (_numeric(min), 1, _MANY),
    "log": (_numeric(math.log), 1, 1),
    "sqrt": (_numeric(math.sqrt), 1, 1),
    "datefloor": (date_floor, 2, 2),
    "dateceil": (_date_ceil, 2, 2),
    "fromMillis": (_from_millis, 1, 1),
    "toMillis": (_to_millis, 1, 1),
    "now": (_now, 0, 0),
    "ispresent": (_is_present, 1, 1),
    "coalesce": (lambda *values: next((value for value in values if value is not None), None), 1, _MANY),
    "isempty": (_is_empty, 1, 1),
    "isblank": (_is_blank, 1, 1),
    "concat": (lambda *values: "".join(map(as_text, values)), 1, _MANY),
    "trim": (_trim(str.strip), 1, 2),
    "ltrim": (_trim(str.lstrip), 1, 2),
    "rtrim": (_trim(str.rstrip), 1, 2),
    "strlen": (_textual(len), 1, 1),
    "toupper": (_textual(str.upper), 1, 1),
    "tolower": (_textual(str.lower), 1, 1),
    "substr": (_textual(_substr), 2, 3),
    "replace": (_textual(_replace), 3, 3),
    "strcontains": (_textual(_contains), 2, 2),
    "jsonParse": (_textual(_json_parse), 1, 1),
    "jsonStringify": (_json_stringify, 1, 1),
    "isValidIp": (_valid_ip(None), 1, 1),
    "isValidIpv4": (_valid_ip(4), 1, 1),
    "isValidIpv6": (_valid_ip(6), 1, 1),
    "isIpInSubnet": (_in_subnet(None), 2, 2),
    "isIpv4InSubnet": (_in_subnet(4), 2, 2),
    "isIpv6InSubnet": (_in_subnet(6), 2, 2),
}
