"""Redaction of what is not one text: nested plain structures, pydantic models, log records."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel

from agent.redaction import redact

NAME_KEYS = ("Key", "key", "Name", "name", "ParameterKey", "title")
VALUE_KEYS = ("Value", "value", "ParameterValue")


def redact_plain(value: Any) -> Any:
    """The same structure with every text redacted; a dict's keys and `{"Key": …, "Value": …}` name their values."""
    if isinstance(value, str):
        return redact(value)
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
        key: _redact_named(given if key in VALUE_KEYS and given else key, value)
        if isinstance(value, str)
        else redact_plain(value)
        for key, value in mapping.items()
    }


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
    """Formats as another formatter does, then redacts all of it: message, arguments and traceback."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return redact(self._inner.format(record))
