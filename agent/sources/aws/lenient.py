"""JSON inside texts, also where AWS's own samples write it with trailing commas."""

from __future__ import annotations

import re
from typing import Any

from agent.sources.clean import read_json

_STRING_OR_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+")|,(?=\s*+[}\]])', re.S)


def document(written: str) -> Any:
    """The object or list in a text, or None when it holds none."""
    if written.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return read_json(written)
    except ValueError:
        pass
    try:
        return read_json(_STRING_OR_TRAILING_COMMA.sub(lambda match: match[1] or "", written))
    except ValueError:
        return None
