"""moto, spared what it works out anew for every request and every value. What it answers stays the same."""

from __future__ import annotations

from functools import cache
from typing import Any

import moto.core.responses
import moto.core.serialize
import moto.sqs.models
from botocore.model import Shape

_KINDS = frozenset(("S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"))


def make_moto_quick() -> None:
    """In this process, from now on."""
    responses, serializer = moto.core.responses, moto.core.serialize.ResponseSerializer
    if serializer.get_value is _get_value:
        return
    responses.method_names_from_class = cache(responses.method_names_from_class)
    responses.camelcase_to_underscores = cache(responses.camelcase_to_underscores)
    moto.sqs.models.camelcase_to_underscores = responses.camelcase_to_underscores
    serializer.get_value = _get_value  # type: ignore[method-assign]


_looked_for = moto.core.serialize.ResponseSerializer.get_value


def _get_value(self: Any, value: Any, key: str, shape: Shape) -> Any:
    """Of a value in DynamoDB, `{"S": "text"}`: moto looks for all ten kinds of value, each under half a dozen names."""
    if key in _KINDS and type(value) is dict and len(value) == 1:
        return value.get(key)
    return _looked_for(self, value, key, shape)
