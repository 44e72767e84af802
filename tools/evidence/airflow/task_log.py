"""The log of an Airflow task, in any version's form, and the exception in it. Pure."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from agent.log_lines import exception_in, parse_line
from agent.log_patterns import severity
from agent.sql_text import dbt_errors

MAX_LOG_CHARS = 200_000

Json = dict[str, Any]

_SAYS_NOTHING = re.compile(
    r"(?i)non-zero exit code|command failed|returned a failure|task failed with exception|exited with return code"
)


@dataclass(frozen=True)
class TaskLog:
    """A task's log, the `exception` that ended it and the `error` line that says why; empty if there is none."""

    text: str
    exception: str = ""
    error: str = ""

    @property
    def cause(self) -> str:
        """What went wrong. Where the task only says that a command failed, the command's own words."""
        if not _SAYS_NOTHING.search(self.error):
            return self.error
        lines = [parse_line(line).message for line in self.text.splitlines()]
        if failed := dbt_errors(lines):
            return f"dbt model {failed[0][0]}: {failed[0][1]}"[:400]
        earlier = from_lines([line for line in lines if not _SAYS_NOTHING.search(line)])
        return earlier.error or self.error


def read_log(content: object) -> TaskLog:
    """A log as any version has it: Airflow 3's structured lines, Airflow 2's pairs of host and text, or plain text."""
    if isinstance(content, list):
        return _structured(cast("list[Any]", content))
    text = str(content)
    if text.startswith("[("):
        try:
            text = "\n".join(part[1] for part in cast("list[tuple[str, str]]", ast.literal_eval(text)))
        except (ValueError, SyntaxError):
            text = text.replace("\\n", "\n")
    return from_lines(text[-MAX_LOG_CHARS:].splitlines())


def read_lines(lines: Sequence[str]) -> TaskLog:
    """Lines as they are in CloudWatch: JSON of Airflow 3, or plain text of Airflow 2."""
    entries: list[Any] = [_entry(line) for line in lines]
    return _structured(entries) if any(isinstance(entry, dict) for entry in entries) else from_lines(lines)


def from_lines(lines: Sequence[str]) -> TaskLog:
    """What a plain log says went wrong: the line that was raised, else the last error line."""
    text = "\n".join(lines)
    raised = [
        line.strip()
        for line in lines
        if re.match(r"(?:[a-zA-Z_][\w$]*\.)*[A-Z]\w*(?:Error|Exception|Timeout)\b: ", line)
    ]
    bad = [part.message for line in lines if severity(part := parse_line(line)) >= 0.6]
    error = raised[-1] if raised else bad[-1] if bad else ""
    return TaskLog(text, exception_in(error), error[:400])


def _structured(entries: list[Any]) -> TaskLog:
    lines: list[str] = []
    exception = error = ""
    for entry in entries:
        if not isinstance(entry, dict):
            lines.append(str(entry))
            continue
        record = cast("Json", entry)
        lines.append(f"{str(record.get('level', '')).upper()} {record.get('event', '')}".strip())
        for detail in cast("list[Json]", record.get("error_detail") or []):
            exception, error = detail.get("exc_type", ""), f"{detail.get('exc_type')}: {detail.get('exc_value')}"
            lines.append(error)
    if exception:
        return TaskLog("\n".join(lines), exception, error[:400])
    return from_lines(lines)


def _entry(line: str) -> object:
    try:
        return json.loads(line) if line.startswith("{") else line
    except ValueError:
        return line
