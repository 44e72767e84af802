"""Real times and ids in place of `{time:-42m}`, `{nat:name}` and their like."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from deploy.local.account.schema.base import parse_offset

_PLACEHOLDER = re.compile(r"\{(time|date|epoch):([^{}|]+)(?:\|([^{}]*))?\}")
_FORMATS = {"time": "%Y-%m-%dT%H:%M:%SZ", "date": "%Y-%m-%d"}

_RESOURCE = re.compile(r"\{(nat|instance|balancer):([\w.-]+)\}")
_ID_PREFIXES = {"nat": "nat-0", "instance": "i-0", "balancer": ""}


def resource_id(kind: str, name: str) -> str:
    """The id of a resource that AWS itself names: always the same for a name."""
    return _ID_PREFIXES[kind] + hashlib.sha256(name.encode()).hexdigest()[:16]


def stable_id(*parts: str) -> str:
    """A UUID that is always the same for the same parts."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "|".join(parts)))


def fill_in_ids(value: Any) -> Any:
    """Replace `{nat:name}`, `{instance:name}` and `{balancer:name}` in all strings of a JSON value, keys included.

    The last is the end of a load balancer's ARN, as CloudWatch's dimensions have it: `app/shop/{balancer:shop}`.
    """
    if isinstance(value, str):
        return _RESOURCE.sub(lambda match: resource_id(match[1], match[2]), value)
    if isinstance(value, Mapping):
        return {fill_in_ids(key): fill_in_ids(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [fill_in_ids(each) for each in value]
    return value


def render_times(value: Any, now: datetime, names: Mapping[str, str] | None = None) -> Any:
    """Render the strings in a JSON value: `{time:-42m}`, `{time:-42m|%H:%M}`, `{date:-1d}`, `{epoch:-42m}`, `{region}`.

    `names` are further placeholders without arguments. Unknown placeholders stay as they are.
    """
    if isinstance(value, str):
        return _render_text(value, now, names or {})
    if isinstance(value, Mapping):
        return {key: render_times(each, now, names) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [render_times(each, now, names) for each in value]
    return value


def _render_text(text: str, now: datetime, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)

    def moment(match: re.Match[str]) -> str:
        kind, offset, form = match.groups()
        at = now + parse_offset(offset)
        return str(int(at.timestamp())) if kind == "epoch" else at.strftime(form or _FORMATS[kind])

    return _PLACEHOLDER.sub(moment, text)
