"""Serialise a reply of the JSON protocol: the same as moto's serialiser does, without a step for every number."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_AS_IT_IS = frozenset({"string", "boolean", "integer", "long", "float", "double"})


def json_body(result: Mapping[str, Any], shape: Any) -> str:
    """The body of a reply. Members that the service's model does not have are a programming error (KeyError)."""
    return json.dumps(_structure(result, shape) if shape is not None else {})


def _value(value: Any, shape: Any) -> Any:
    kind = shape.type_name
    if kind in _AS_IT_IS:
        return value
    if kind == "structure":
        return value if shape.is_document_type else _structure(value, shape)
    if kind == "list":
        if shape.member.type_name in _AS_IT_IS:
            return list(value)
        return [_value(each, shape.member) for each in value]
    if kind == "map":
        return {key: _value(each, shape.value) for key, each in value.items()}
    if kind == "timestamp":
        return _timestamp(value, shape)
    if kind == "blob":
        return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()
    return value


def _structure(value: Mapping[str, Any], shape: Any) -> dict[str, Any]:
    members = shape.members
    return {
        members[name].serialization.get("name", name): _value(each, members[name])
        for name, each in value.items()
        if each is not None
    }


def _timestamp(value: Any, shape: Any) -> Any:
    """Seconds, in milliseconds' precision, unless the model wants ISO 8601."""
    if not isinstance(value, datetime):
        return value
    if shape.serialization.get("timestampFormat") == "iso8601":
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    seconds = value.timestamp()
    return int(seconds) if seconds == int(seconds) else round(seconds, 3)
