from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.logs import LogSettings, log_handler, read_log_settings
from agent.telemetry import current_run, running

SECRET = "AKIA" + "IOSFODNN7EXAMPLQ"


@contextmanager
def lines(log_format: str) -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger of its own, and what it writes."""
    output, logger = io.StringIO(), logging.Logger(f"tests.logs.{log_format}")  # nobody else's handlers are on it
    logger.addHandler(log_handler(LogSettings.model_validate({"log_format": log_format}), output))
    yield logger, output


def test_a_json_line_is_one_document_with_the_id_of_its_run() -> None:
    with lines("json") as (logger, output), running("C1:173.5:job_1"):
        logger.warning("two\nlines, %s", "with words")
    (line,) = output.getvalue().splitlines()
    document = json.loads(line)
    assert document.pop("time").endswith("Z")
    assert document == {
        "level": "WARNING",
        "logger": "tests.logs.json",
        "message": "two\nlines, with words",
        "run_id": "job_1",
        "thread": "MainThread",
    }


def test_an_exception_is_a_field_and_secrets_are_in_none() -> None:
    with lines("json") as (logger, output):
        try:
            raise ValueError(f'the key "{SECRET}"')
        except ValueError:
            logger.exception("failed with %s", SECRET)
    document = json.loads(output.getvalue())
    assert "ValueError" in document["exception"]
    assert SECRET not in output.getvalue()


class WithoutWords:
    """Something of a library's whose text cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError(SECRET)


@pytest.mark.parametrize("log_format", ["json", "text"])
@pytest.mark.parametrize("arguments", [(SECRET,), (SECRET, 1, 2), (WithoutWords(), 1)])
def test_a_line_whose_arguments_do_not_fit_is_a_line_and_shows_none_of_them(
    log_format: str, arguments: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with lines(log_format) as (logger, output):
        logger.warning("asked %s for %s", *arguments)
    (line,) = output.getvalue().splitlines()
    assert "arguments that do not fit" in (json.loads(line)["message"] if log_format == "json" else line)
    assert SECRET not in line + "".join(capsys.readouterr())


UNCAUGHT = """
import gc, sys, threading, warnings
from agent.logs import LogSettings, set_up_logging
from agent.telemetry import running

set_up_logging(LogSettings(log_format=sys.argv[1], log_level="INFO"), sys.stderr)
secret = sys.argv[2]

def fails():
    raise ValueError(secret)

class Fails:
    def __del__(self):
        raise ValueError(secret)

with running("job_7"):
    warnings.warn(secret)
    Fails()
thread = threading.Thread(target=fails)
thread.start()
thread.join()
raise ValueError(secret)
"""


def test_what_python_itself_would_print_is_in_the_log_and_redacted() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", UNCAUGHT, "json", f"token {SECRET}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    documents = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [document["level"] for document in documents] == ["WARNING", "ERROR", "ERROR", "CRITICAL"]
    assert [document["run_id"] for document in documents] == ["job_7", "job_7", "", ""]
    assert sum("ValueError" in document.get("exception", "") for document in documents) == 3
    assert SECRET not in ended.stderr + ended.stdout
    assert ended.returncode == 1


def test_a_text_line_names_its_run_too() -> None:
    with lines("text") as (logger, output):
        logger.info("outside with %s", SECRET)
        with running("job_2"):
            logger.info("inside")
    outside, inside = output.getvalue().splitlines()
    assert "[" not in outside.partition(" outside")[0]
    assert SECRET not in outside
    assert inside.endswith("INFO tests.logs.text [job_2] inside")


def test_no_text_of_others_looks_like_an_entry_of_the_log() -> None:
    with lines("text") as (logger, output):
        logger.warning("refused: %s", "x\r\n2026-11-21T14:02:11.318Z ERROR audit all is well\x1b[2K\x1b[1A\u2028y")
    first, *rest = output.getvalue().splitlines()
    assert first.endswith("refused: x")
    assert rest == ["    2026-11-21T14:02:11.318Z ERROR audit all is well[2K[1A", "    y"]


def test_a_run_ends_where_its_context_ends_and_other_threads_have_their_own() -> None:
    seen: list[str] = []
    with running("job_3"):
        with running("job_4"):
            assert current_run() == "job_4"
        other = threading.Thread(target=lambda: seen.append(current_run()))
        other.start()
        other.join()
        assert current_run() == "job_3"
    assert current_run() == ""
    assert seen == [""]


def test_a_level_or_format_that_is_none_is_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_LOG_LEVEL", "warning")
    assert read_log_settings().log_level == "WARNING"
    monkeypatch.setenv("WATCHKEEPER_LOG_LEVEL", "loud")
    with pytest.raises(SettingsError, match="WATCHKEEPER_LOG_LEVEL: it is loud; use DEBUG"):
        read_log_settings()
    monkeypatch.setenv("WATCHKEEPER_LOG_LEVEL", "INFO")
    monkeypatch.setenv("WATCHKEEPER_LOG_FORMAT", "xml")
    with pytest.raises(SettingsError, match="WATCHKEEPER_LOG_FORMAT"):
        read_log_settings()
