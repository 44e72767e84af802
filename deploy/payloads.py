"""Reads alert payloads from a file or stdin, as tools send them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from agent.errors import InputError


def read_payload(file: str) -> Any:
    """One JSON document, a list of those that stand one a line, or the text; InputError when there is nothing."""
    text = _text(file)
    if not text.strip():
        raise InputError(f"{'stdin' if file == '-' else file} is empty; give the alert's payload.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _lines(text)


def _lines(text: str) -> Any:
    """JSON a line, where every line is; else the text as it is."""
    try:
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        return text
    return rows if all(isinstance(row, dict) for row in rows) else text


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise InputError(f"{file} is not text in UTF-8.") from None
