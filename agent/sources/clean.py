"""Payloads made safe to read: bounded in depth, and every text one that a store and a message can hold."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

MAX_DEPTH = 30
"""Levels that parsers see; what lies deeper is given as a list of its texts."""
MAX_INTEGER_BITS = 4096
"""Python writes no longer integers in decimal; such ones are written in hexadecimal."""

Leaf = tuple[str, str]
"""The key and the text of a value that holds no other."""


def cleaned(node: Any, depth: int = 0) -> Any:
    """The same document of dicts, lists, finite numbers, booleans, None and valid texts without NUL."""
    if isinstance(node, str):
        return clean_text(node)
    if isinstance(node, Mapping | list | tuple) and depth >= MAX_DEPTH:
        return [f"{name}: {value}" if name else value for name, value in leaves(node)]
    if isinstance(node, Mapping):
        items = cast("Mapping[Any, Any]", node).items()
        return {clean_text(str(key)): cleaned(value, depth + 1) for key, value in items}
    if isinstance(node, list | tuple):
        return [cleaned(item, depth + 1) for item in cast("list[Any]", node)]
    if node is None or isinstance(node, bool):
        return node
    return _number(node) if isinstance(node, int | float) else _foreign(node)


def clean_text(text: str) -> str:
    """Half characters and NULs become the replacement character; nothing else changes."""
    whole = text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
    return whole.replace("\0", "�")


def read_json(text: str) -> Any:
    """The document that a text holds, cleaned. ValueError when it holds none, or one too deep to read."""
    try:
        return cleaned(json.loads(text, parse_int=_integer))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def opened(value: Any) -> Any:
    """The document in a text that holds a JSON object or list; anything else as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return read_json(value)
        except ValueError:
            return value
    return value


def leaves(node: Any, ignored: Collection[str] = ()) -> Iterator[Leaf]:
    """Every text and number with its key, the outermost of an object first. JSON in texts is opened. No recursion."""
    waiting: list[tuple[str, Any]] = [("", node)]
    while waiting:
        name, found = waiting.pop()
        found = opened(found)
        if isinstance(found, Mapping):
            items = [(str(k), opened(v)) for k, v in cast("Mapping[Any, Any]", found).items() if k not in ignored]
            items.sort(key=lambda item: isinstance(item[1], Mapping | list | tuple))
            waiting += reversed(items)
        elif isinstance(found, list | tuple):
            waiting += [(name, item) for item in reversed(cast("list[Any]", found))]
        elif found is not None and (text := str(cleaned(found, MAX_DEPTH))).strip():
            yield clean_text(name), text


def _number(value: float) -> float | str:
    if isinstance(value, int):
        return value if value.bit_length() <= MAX_INTEGER_BITS else hex(value)
    return value if math.isfinite(value) else str(value)


def _integer(digits: str) -> int | str:
    """An integer of a JSON text; one of thousands of digits stays text."""
    return int(digits) if len(digits) < MAX_INTEGER_BITS // 4 else digits


def _foreign(value: Any) -> str:
    return clean_text(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))
