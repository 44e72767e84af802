"""Log lines: redacted, each with the id of its run, as text or as one JSON document a line.

2026-11-21T14:02:11.318Z WARNING slack_app.worker [job_1a2b3c] job job_1a2b3c failed at attempt 1 (TimeoutError)
{"time": "2026-11-21T14:02:11.318Z", "level": "WARNING", "logger": "slack_app.worker", "message": …, "run_id": …}
"""

from __future__ import annotations

import json
import logging
from copy import copy
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from agent.errors import SettingsError
from agent.redaction import redact
from agent.redaction.plain import RedactingFormatter
from agent.telemetry import current_run
from agent.uncaught import log_what_is_uncaught

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class LogSettings(BaseSettings):
    """How logs are written; read by themselves, since a mistake elsewhere must not keep its own report from a log."""

    model_config = SettingsConfigDict(
        env_prefix="WATCHKEEPER_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    log_level: str = Field(default="ERROR", description="what is written to stderr; `INFO` shows details of failures")
    log_format: Literal["text", "json"] = Field(default="text", description="lines of `text` or of `json`")

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.upper() not in LEVELS:
            raise ValueError(f"it is {value}; use {', '.join(LEVELS[:-1])} or {LEVELS[-1]}")
        return value.upper()


def read_log_settings() -> LogSettings:
    """From the environment; SettingsError when they cannot be understood."""
    try:
        return LogSettings()
    except ValidationError as error:
        mistake = error.errors()[0]
        name = str(mistake["loc"][0]).upper()
        said = mistake["msg"].removeprefix("Value error, ")
        raise SettingsError(f"WATCHKEEPER_{name}: {said}") from None


def set_up_logging(settings: LogSettings, stream: TextIO) -> None:
    """Let the root logger write to the stream, and nowhere else. Calling it again replaces the earlier set-up."""
    logging.basicConfig(level=settings.log_level, handlers=[log_handler(settings, stream)], force=True)
    log_what_is_uncaught()


def log_handler(settings: LogSettings, stream: TextIO) -> logging.Handler:
    """What writes redacted lines to the stream."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else RedactingFormatter(TextFormatter()))
    return handler


class TextFormatter(logging.Formatter):
    """One line for people, and the traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        run_id = current_run()
        said = super().format(_sound(record))
        return f"{_time(record)} {record.levelname} {record.name}{f' [{run_id}]' if run_id else ''} {said}"


class JsonFormatter(logging.Formatter):
    """One JSON document on one line. Texts are redacted before they are put into it, so that it stays JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(_sound(record).getMessage()),
            "run_id": current_run(),
            "thread": record.threadName,
        }
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = redact(self.formatStack(record.stack_info))
        return json.dumps(line, ensure_ascii=True)


def _sound(record: logging.LogRecord) -> logging.LogRecord:
    """The record, or a copy without its arguments where these do not fit: logging would print them as they are."""
    try:
        record.getMessage()
    except Exception:
        bare = copy(record)
        bare.msg, bare.args = f"{record.msg!r} (with arguments that do not fit)", ()
        return bare
    return record


def _time(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
