"""From what a foreign tool answered to what an evidence holds: plain, bounded, redacted text and at most one link."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import urlsplit

from agent.evidence_text import MAX_SUMMARY_CHARS
from agent.redaction import redact

MAX_READ_CHARS = 100_000
"""Of an answer that is longer, only so much is even looked at."""
_LINK = re.compile(r"https://[^\s\"'<>\\)\]}]{4,500}")


def summary_of(content: Any, artifact: Any) -> str:
    """The answer as one line of text, "" when it is empty. What does not fit is left out, and that is said."""
    whole = _text(content, artifact)
    text = " ".join(redact(whole[:MAX_READ_CHARS]).split())
    if len(text) <= MAX_SUMMARY_CHARS:
        return text
    said = f" … (the first of {len(whole):,} characters)"
    return text[: MAX_SUMMARY_CHARS - len(said)] + said


def link_of(content: Any, artifact: Any, hosts: Sequence[str]) -> str:
    """The first https link to an allowed host; "" when there is none."""
    for link in _LINK.findall(_text(content, artifact)[:MAX_READ_CHARS]):
        try:
            address = urlsplit(link)
            host, port = address.hostname or "", address.port
        except ValueError:
            continue
        if host in hosts and port in (None, 443) and "@" not in address.netloc and redact(link) == link:
            return link
    return ""


def _text(content: Any, artifact: Any) -> str:
    """The text blocks; where there are none, the structured content. Pictures and files are only counted."""
    blocks = [content] if isinstance(content, str) else list(content or [])
    words = [block if isinstance(block, str) else str(block.get("text", "")) for block in blocks]
    text = "\n".join(word for word in words if word.strip())
    if text:
        return "" if _is_empty(_parsed(text)) else text
    structured = (artifact or {}).get("structured_content")
    if not _is_empty(structured):
        return json.dumps(structured, ensure_ascii=False, default=str)
    others = [block for block in blocks if isinstance(block, dict) and block.get("type") != "text"]
    return f"{len(others)} attachments without text, which cannot be read" if others else ""


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text.lstrip().startswith(("[", "{", "null")) else text
    except ValueError:
        return text


def _is_empty(value: Any) -> bool:
    """Whether there is nothing in it: no figure and no word, however it is wrapped. 0 and false are answers."""
    if isinstance(value, dict):
        return all(_is_empty(item) for item in cast("dict[str, Any]", value).values())
    if isinstance(value, list):
        return not value
    return value is None or value == ""
