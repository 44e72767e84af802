"""One raw log line taken apart: its header off, its level, the exception that it names. Stack traces become one record.

parse_line("2026-11-20 14:02:11,120 ERROR [main] o.e.Checkout - Payment 4711 refused")
# -> Parsed(level="ERROR", message="o.e.Checkout - Payment 4711 refused", exception="")
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

LEVEL_WEIGHT: dict[str, float] = {
    "FATAL": 1.0,
    "CRITICAL": 1.0,
    "PANIC": 1.0,
    "SEVERE": 0.95,
    "ERROR": 0.95,
    "WARNING": 0.45,
    "WARN": 0.45,
}
"""How bad a level is, 0 to 1; levels that are not here say nothing bad."""

MAX_LINE_CHARS = 4000
MAX_TRACE_LINES = 80

_STAMP = r"\d{4}[-/]\d\d[-/]\d\d[T\x20]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|\x20?[+-]\d\d:?\d\d|\x20UTC|\x20GMT)?"
_HEADER = re.compile(
    rf"""(?:
      \[?{_STAMP}\]?                                     # ISO 8601 and its cousins, bracketed or not
    | \d\d/[A-Z][a-z]{{2}}/\d{{4}}:\d\d:\d\d:\d\d\s[+-]\d{{4}}
    | [A-Z][a-z]{{2}}\s+\d{{1,2}}\s\d\d:\d\d:\d\d(?:\s[\w.-]+(?=\s[\w./-]+(?:\[\d+\])?:))?   # syslog, with its host
    | \d\d:\d\d:\d\d(?:[.,]\d+)?
    | :(?:[\w.-]+\(\d+\))?:\w*@\w*:\[\d+\]:              # RDS PostgreSQL: client, user, database, pid
    | [IWEF]\d{{4}}\s\d\d:\d\d:\d\d\.\d+\s+\d+           # klog
    | \[?(?:FATAL|CRITICAL|PANIC|SEVERE|ERROR|WARNING|WARN|NOTICE|INFO|LOG|DEBUG|TRACE)\b\]?:?
    | \[(?:pid\s)?\d+\]
    | \{{[\w./-]+:\d+\}}                                 # Airflow: file and line
    | [0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}(?=\s)        # Lambda's request id
    | \[[\w.:$/ -]{{1,40}}\](?=\s)                       # thread
    | -(?=\s)
    )[\s|]*""",
    re.VERBOSE,
)
_LEVEL = re.compile(
    r"\b(FATAL|CRITICAL|PANIC|SEVERE|ERROR|WARNING|WARN|NOTICE|INFO|DEBUG|TRACE)\b|(?:level|severity)=(\w+)"
)
_LETTER_LEVELS = {"V": "TRACE", "D": "DEBUG", "I": "INFO", "W": "WARNING", "E": "ERROR", "F": "FATAL"}
_ENDINGS = ("Error", "Exception", "Fault", "Timeout", "Interrupt")
_EXCEPTION = re.compile(rf"\b((?:[a-zA-Z_][\w$]*\.)*[A-Z][\w$]*(?:{'|'.join(_ENDINGS)}))\b(?!\()")
_CONTINUES = re.compile(
    r"^(?:\s+\S|Caused by:|Traceback \(most recent call last\)|During handling of the above|The above exception was)"
)
_RAISED = re.compile(
    r"^(?:[a-zA-Z_][\w$]*\.)*[A-Z][\w$]*(?:Error|Exception|Exit|Fault|Interrupt|Timeout|Warning)\b(?::|$)"
)
_MESSAGE_KEYS = ("message", "msg", "event", "log", "errorMessage", "error_message")
_LEVEL_KEYS = ("level", "severity", "levelname", "log.level", "loglevel", "lvl")
_DETAIL_KEYS = ("error", "err", "exception", "exc_info", "cause", "reason")
"""Where a structured record says what went wrong, beside its message; of a trace the last line says it."""
_EXCEPTION_KEYS = ("errorType", "error_type", "exception", "exc_type", "error.type", "exception_name")


@dataclass(frozen=True, slots=True)
class LogLine:
    """A log event as the store returns it. `source` is its stream or group."""

    at: datetime
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    message: str
    level: str = ""
    exception: str = ""


def parse_line(text: str) -> Parsed:
    """The message without its header, the level in upper case, and the (innermost) exception's name."""
    text = (
        text[:MAX_LINE_CHARS].replace("\r", "\n").strip()
    )  # Lambda separates the lines of a trace by carriage returns
    if text.startswith("{") and (record := _json_object(text)) is not None:
        return _from_json(record)
    first, _, rest = text.partition("\n")
    body, header = _split_header(first)
    level = level_in(header) or level_in(body[:60])
    if not rest:
        return Parsed(body, level, exception_in(body))
    return Parsed(_headline(body, rest), level, exception_in(f"{body}\n{rest}"))


def headline(text: str) -> str:
    """A record in one line, its header included: of a stack trace, what was raised beside the first line."""
    first, _, rest = text[:MAX_LINE_CHARS].replace("\r", "\n").strip().partition("\n")
    return _headline(first, rest) if rest else first


def _headline(first: str, rest: str) -> str:
    """The line of a stack trace that says what happened."""
    raised = [line.strip() for line in rest.splitlines() if _RAISED.match(_uncaused(line))]
    if not raised or raised[-1] in first:
        return first
    return raised[-1] if first.startswith("Traceback") else f"{first} | {raised[-1]}"


def exception_in(text: str) -> str:
    """The exception that matters: the last one of a stack trace (the cause, or what was raised), else the first."""
    if not _may_name_one(text):
        return ""
    names = [m[1] for m in _EXCEPTION.finditer(text)]
    if not names:
        return ""
    raised = [m[0].rstrip(":") for line in text.splitlines() if (m := _RAISED.match(_uncaused(line)))]
    return raised[-1] if raised else names[0]


def _may_name_one(text: str) -> bool:
    """Most lines name none. A plain loop: it is run for every line, and any() would take twice as long."""
    for ending in _ENDINGS:  # noqa: SIM110
        if ending in text:
            return True
    return False


def records(lines: Iterable[LogLine]) -> Iterator[LogLine]:
    """Lines with their stack traces joined to them, one record an event. Order within a source is kept."""
    open_records: dict[str, list[LogLine]] = {}
    for line in lines:
        held = open_records.get(line.source)
        if held and len(held) < MAX_TRACE_LINES and _belongs(held, line.text):
            held.append(line)
            continue
        if held:
            yield _joined(held)
        open_records[line.source] = [line]
    for held in open_records.values():
        yield _joined(held)


def _belongs(held: list[LogLine], text: str) -> bool:
    if _CONTINUES.match(text):
        return True
    # The line that ends a Python trace stands at the margin, right after its indented frames.
    return len(held) > 1 and held[-1].text[:1] in " \t" and _RAISED.match(text) is not None


def _joined(held: list[LogLine]) -> LogLine:
    if len(held) == 1:
        return held[0]
    return LogLine(held[0].at, "\n".join(line.text for line in held), held[0].source)


def _uncaused(line: str) -> str:
    return line.strip().removeprefix("Caused by:").strip()


def _split_header(line: str) -> tuple[str, str]:
    position = 0
    while match := _HEADER.match(line, position):
        position = match.end()
    return (line[position:], line[:position]) if line[position:].strip() else (line, line)


def level_in(text: str) -> str:
    """The level that a header names, in upper case; "" when it names none."""
    if match := _LEVEL.search(text):
        return (match[1] or match[2]).upper()
    if match := re.match(r"[IWEF](?=\d{4}\s)", text):
        return _LETTER_LEVELS[match[0]]
    return ""


def level_of_header(words: Iterable[str]) -> str:
    """The same for the words of what is known to be a header: small letters and single ones are levels there too."""
    for word in words:
        bare = word.strip("[](){}<>:,;|").upper()
        if level := _LETTER_LEVELS.get(word) or level_in(bare):
            return level
    return ""


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _from_json(record: dict[str, Any]) -> Parsed:
    level = _first(record, _LEVEL_KEYS).upper()
    error = _first(record, (*_EXCEPTION_KEYS, *_DETAIL_KEYS))
    exception = exception_in(error) or (error if error.isidentifier() else "")
    message = _first(record, _MESSAGE_KEYS)
    status = _first(record, ("status", "statusCode", "status_code", "http.status"))
    if not level and re.fullmatch(r"5\d\d", status):
        level = "ERROR"
    if not message:  # an access log, say: its plain fields in their order
        message = " ".join(f"{key}={value}" for key, value in record.items() if isinstance(value, (str, int, float)))
    detail = _first(record, _DETAIL_KEYS).strip().splitlines()
    if detail and detail[-1] not in message:
        message = f"{message}: {detail[-1]}"
    if exception and exception not in message:
        message = f"{exception}: {message}"
    return Parsed(message[:MAX_LINE_CHARS], level, exception or exception_in(message))


def _first(record: dict[str, Any], keys: Iterable[str]) -> str:
    for key in keys:
        value = record.get(key)
        if isinstance(value, (str, int)) and str(value):
            return str(value)
    return ""
