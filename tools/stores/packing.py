"""Long texts, made small enough for one item: JSON of evidence shrinks to about an eighth."""

from __future__ import annotations

import gzip
from base64 import b64decode, b64encode

_MARK = "gz:"
"""No JSON document begins so."""
_WORTH_BYTES = 32 * 1024


def packed(text: str) -> str:
    """Short texts stay as they are, so that they can be read in the console."""
    if len(text) < _WORTH_BYTES:
        return text
    return _MARK + b64encode(gzip.compress(text.encode(), compresslevel=6, mtime=0)).decode()


def unpacked(text: str) -> str:
    return gzip.decompress(b64decode(text[len(_MARK) :])).decode() if text.startswith(_MARK) else text
