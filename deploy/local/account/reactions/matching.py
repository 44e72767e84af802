"""Whether a call is one that a scenario reacts to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deploy.local.account.request import Request
from deploy.local.account.schema.reactions import CallPattern, Condition, Test

_NAMES = ("ParameterName", "Name", "Key", "key", "name")
_VALUES = ("ParameterValue", "Value", "Values", "value", "values")


def fits(pattern: CallPattern, request: Request) -> bool:
    """Whether the request is the pattern's operation, with parameters as it wants them."""
    if pattern.operation != f"{request.service}:{request.operation}":
        return False
    return all(_holds(condition, list(_led_to(request.params, key))) for key, condition in pattern.request.items())


def _led_to(params: Mapping[str, Any], key: str) -> Iterator[Any]:
    """Every value that a key such as `Parameters.max_connections` leads to."""
    found: list[Any] = [params]
    for step in key.split("."):
        found = [value for each in found for value in _into(each, step)]
    for each in found:
        yield from each if isinstance(each, list) else [each]


def _into(value: Any, step: str) -> Iterator[Any]:
    if isinstance(value, Mapping):
        if step in value:
            yield value[step]
    elif isinstance(value, list):
        for entry in value:
            if isinstance(entry, Mapping) and step in [entry.get(name) for name in _NAMES]:
                yield from (entry[name] for name in _VALUES if name in entry)
            else:
                yield from _into(entry, step)


def _holds(condition: Condition, values: Sequence[Any]) -> bool:
    if condition is None:
        return not values
    return any(_is(condition, value) for value in values)


def _is(condition: Condition, value: Any) -> bool:
    if isinstance(condition, Test):
        return _passes(condition, value)
    if isinstance(condition, bool):
        return value is condition
    wanted = (condition,) if isinstance(condition, str) else condition or ()
    return any(_names(str(value), each) for each in wanted)


def _names(text: str, name: str) -> bool:
    """Whether a text is a name, or the ARN or the address that ends with it."""
    return text == name or text.endswith((f":{name}", f"/{name}"))


def _passes(test: Test, value: Any) -> bool:
    text = str(value)
    if test.matches is not None and not re.search(test.matches, text):
        return False
    if any(_names(text, each) for each in test.other_than):
        return False
    if test.at_least is None and test.at_most is None:
        return True
    try:
        number = float(text)
    except ValueError:
        return False
    return (test.at_least is None or number >= test.at_least) and (test.at_most is None or number <= test.at_most)
