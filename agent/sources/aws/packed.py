"""What CloudWatch Logs, Kinesis and Firehose pack into base64: gzip or plain, JSON or text."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from typing import Any

from agent.sources.aws.lenient import document
from agent.sources.clean import clean_text

MAX_INFLATED_BYTES = 10_000_000
"""A record of CloudWatch Logs holds at most 1 MB of compressed lines; what inflates beyond this is cut, and said so."""
MAX_INFLATED_PAYLOAD = 3 * MAX_INFLATED_BYTES
"""All records of one payload together: a megabyte of them could inflate to a thousand."""

_GZIP = b"\x1f\x8b"
_CUT = "\n(the rest is left out: the record is broken off, or inflates to more than 10 MB)"


@dataclass
class Room:
    """How much of a payload's records may still be inflated."""

    left: int = MAX_INFLATED_PAYLOAD


def unpacked(data: str, room: Room) -> Any:
    """A document or a text; the data itself when it is no base64, or holds neither."""
    try:
        packed = base64.b64decode(data, validate=True)
        plain, whole = _inflated(packed, room) if packed.startswith(_GZIP) else (packed, True)
        written = clean_text(plain.decode("utf-8", "strict" if whole else "ignore"))
    except (ValueError, binascii.Error, zlib.error):
        return data
    inner = document(written) if whole else None
    return (written if whole else written + _CUT) if inner is None else inner


def _inflated(packed: bytes, room: Room) -> tuple[bytes, bool]:
    """The bytes, and whether they are all of them."""
    inflater = zlib.decompressobj(wbits=31)
    inflated = inflater.decompress(packed, max(1, min(MAX_INFLATED_BYTES, room.left)))  # 0 would mean no limit
    room.left = max(0, room.left - len(inflated))
    return inflated, inflater.eof
