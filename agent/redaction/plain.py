"""Redaction of what is not one text: nested plain structures, pydantic models, log records."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel

from agent.redaction import Policy, in_use, redact
from agent.visible import visible

NAME_KEYS = ("Key", "key", "Name", "name", "ParameterKey", "title")
VALUE_KEYS = ("Value", "value", "ParameterValue")

LONG_KEY = 16
"""Below that nothing is secret by itself: `password` and its like name their values."""

_CLEAN_ENTRIES = 8192
_CLEAN_LENGTH = 1000
_clean: set[tuple[Policy, str, str]] = set()
"""(policy, name, value) of short texts that hold no secret: most of what is stored was looked at a moment before."""


def redact_plain(value: Any) -> Any:
    """The same structure with every text redacted; a dict's keys and `{"Key": …, "Value": …}` name their values.

    Keys are texts, too: whoever writes an alert chooses them.
    """
    if isinstance(value, str):
        return _redact_new("", value)
    if isinstance(value, Mapping):
        return _redact_mapping(cast("Mapping[str, Any]", value))
    if isinstance(value, (list, tuple)):
        return [redact_plain(item) for item in cast("list[Any]", value)]
    return value


def redacted_json(model: BaseModel) -> str:
    """A model as the JSON that a store keeps."""
    return json.dumps(redact_plain(model.model_dump(mode="json")), ensure_ascii=False, separators=(",", ":"))


def _redact_mapping(mapping: Mapping[str, Any]) -> dict[str, Any]:
    given = next((mapping[key] for key in NAME_KEYS if isinstance(mapping.get(key), str)), "")
    return {
        _redacted_key(key): _redact_new(given if key in VALUE_KEYS and given else key, value)
        if isinstance(value, str)
        else redact_plain(value)
        for key, value in mapping.items()
    }


def _redacted_key(key: Any) -> Any:
    return _redact_new("", key) if isinstance(key, str) and len(key) >= LONG_KEY else key


def _redact_new(name: str, value: str) -> str:
    """What was found clean before is not looked at again. A text with a secret in it is never remembered."""
    known = (in_use(), name, value)
    if known in _clean:
        return value
    hidden = _redact_named(name, value) if name else redact(value)
    if hidden == value and len(name) + len(value) <= _CLEAN_LENGTH:
        if len(_clean) >= _CLEAN_ENTRIES:
            _clean.clear()
        _clean.add(known)
    return hidden


def _redact_named(name: str, value: str) -> str:
    """The value as `redact` leaves it where the name stands before it: `hunter2` is a secret only under `password`."""
    begin = f"{name}: "
    if (hidden := redact(value)) != value or not value:
        return hidden
    quoted = json.dumps(value, ensure_ascii=False)
    seen = redact(begin + quoted)
    if seen == begin + quoted or not seen.startswith(begin + '"') or not seen.endswith('"'):
        return value
    try:
        return str(json.loads(seen[len(begin) :]))
    except ValueError:  # an escape was cut in two
        return "[redacted:secret]"


class RedactingFormatter(logging.Formatter):
    """Formats as another formatter does, then redacts all of it: message, arguments and traceback.

    A line that begins at the left edge is a new entry, and nothing in it moves a terminal's cursor: what somebody else
    wrote is not taken for an entry.
    """

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return "\n    ".join(visible(redact(self._inner.format(record))).split("\n"))
