"""Which rules of an event bus may take an event, as far as its source and detail type decide it.

Patterns: docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, cast


def may_take(pattern: Mapping[str, Any], source: str, detail_type: str) -> bool:
    """False when the pattern certainly leaves such an event alone; what it says of anything else is not looked at."""
    known = {"source": source, "detail-type": detail_type}
    for field, value in known.items():
        listed = pattern.get(field)
        if isinstance(listed, list) and not any(_fits(each, value) for each in cast("list[Any]", listed)):
            return False
    return True


def _fits(wanted: Any, value: str) -> bool:
    """A text, or an operator such as `{"prefix": "orders."}`; one that nobody here knows may fit."""
    if isinstance(wanted, str):
        return wanted == value
    if not isinstance(wanted, Mapping):
        return False
    operators = cast("Mapping[str, Any]", wanted)
    return all(_OPERATORS[name](operand, value) for name, operand in operators.items() if name in _OPERATORS)


def _anything_but(operand: Any, value: str) -> bool:
    if isinstance(operand, Mapping):
        return not _fits(operand, value)
    others = cast("list[Any]", operand if isinstance(operand, list) else [operand])
    return value not in others


def _affix(found: Callable[[str, str], bool]) -> Callable[[Any, str], bool]:
    """A prefix or suffix, plain or as `{"equals-ignore-case": …}`."""

    def fits(operand: Any, value: str) -> bool:
        if isinstance(operand, Mapping):
            text = str(cast("Mapping[str, Any]", operand).get("equals-ignore-case", ""))
            return found(value.lower(), text.lower())
        return found(value, str(operand))

    return fits


_OPERATORS: Mapping[str, Callable[[Any, str], bool]] = {
    "prefix": _affix(str.startswith),
    "suffix": _affix(str.endswith),
    "equals-ignore-case": lambda operand, value: str(operand).lower() == value.lower(),
    "wildcard": lambda operand, value: fnmatchcase(value, str(operand).replace("[", "[[]").replace("?", "[?]")),
    "anything-but": _anything_but,
    "exists": lambda operand, _: bool(operand),
}
